/*
 * Filling templates; see texts.h for how values make lines. The template is read from left to right once, and what is put in is
 * only ever appended, so nothing in a value can mean anything.
 */
#include "lib/mail/texts_internal.h"

#include <string.h>

#include "lib/mail/clean.h"
#include "lib/mail/text_flow.h"

enum { HANG_COLUMNS = 24 }; /* a value further to the right goes on at the line's own beginning */

/* One line of a template, filled. */
struct line {
	GString *text;
	gboolean has_literal; /* something but blanks that is not a value */
	gboolean has_value;
	gboolean has_field;
	guint hang; /* column of the first field */
};

struct filler {
	const struct texts_field *fields;
	GString *out;
	GString *paragraph; /* lines with LF, as they are written */
	gboolean touched;   /* a field stands in it */
};

static const char *raw_value(const struct texts_field *fields, const struct texts_piece *piece)
{
	for (; fields && fields->name; fields++)
		if (strlen(fields->name) == piece->length && memcmp(fields->name, piece->text, piece->length) == 0)
			return fields->value ? fields->value : "";
	return "";
}

static void take_piece(struct line *line, const struct texts_piece *piece, const struct texts_field *fields)
{
	if (piece->kind == TEXTS_LITERAL) {
		g_string_append_len(line->text, piece->text, (gssize)piece->length);
		for (size_t i = 0; i < piece->length; i++)
			line->has_literal |= piece->text[i] != ' ';
		return;
	}
	g_autofree char *value = clean_text(raw_value(fields, piece), TEXTS_VALUE);
	if (!line->has_field)
		line->hang = text_flow_width(line->text->str, line->text->len);
	line->has_field = TRUE;
	line->has_value |= *value != '\0';
	g_string_append(line->text, value);
}

/* FALSE when its condition does not hold. The caller frees line->text in every case. */
static gboolean fill_line(const char *template, const struct texts_field *fields, struct line *line)
{
	const char *place = template, *wrong;
	struct texts_piece piece;

	*line = (struct line){.text = g_string_new(NULL)};
	while (texts_next_piece(template, &place, &piece, &wrong)) {
		if (piece.kind != TEXTS_CONDITION) {
			take_piece(line, &piece, fields);
			continue;
		}
		g_autofree char *value = clean_text(raw_value(fields, &piece), TEXTS_VALUE);
		if (*value == '\0')
			return FALSE;
	}
	return TRUE;
}

void texts_fill_line(const char *template, const struct texts_field *fields, GString *out)
{
	struct line line;

	(void)fill_line(template, fields, &line);
	g_string_append(out, line.text->str);
	g_string_free(line.text, TRUE);
}

static void end_paragraph(struct filler *filler)
{
	g_auto(GStrv) lines = g_strsplit(filler->paragraph->str, "\n", -1);

	if (filler->touched) {
		g_autofree char *text = g_strjoinv(" ", lines);

		text_flow_append(filler->out, g_strchomp(text), "");
	} else {
		for (char **line = lines; *line && **line; line++)
			g_string_append_printf(filler->out, "%s\r\n", *line);
	}
	g_string_truncate(filler->paragraph, 0);
	filler->touched = FALSE;
}

/* One empty line, and none at the beginning. */
static void end_block(struct filler *filler)
{
	GString *out = filler->out;

	end_paragraph(filler);
	if (out->len >= 4 && memcmp(out->str + out->len - 4, "\r\n\r\n", 4) != 0)
		g_string_append(out, "\r\n");
}

/* What stands behind the {?field}, if the line has one. */
static const char *behind_condition(const char *template)
{
	return g_str_has_prefix(template, "{?") ? strchr(template, '}') + 1 : template;
}

/* The field of a line that is made of blanks and '>' and, at its end, one field. */
static gboolean is_block_line(const char *start, struct texts_piece *field)
{
	const char *text = start + strspn(start, " >"), *place = text, *wrong;

	return *text == '{' && texts_next_piece(text, &place, field, &wrong) && field->kind == TEXTS_FIELD && *place == '\0';
}

static void put_block(struct filler *filler, const char *start, const struct texts_piece *field)
{
	g_autofree char *prefix = g_strndup(start, strspn(start, " >"));
	g_auto(GStrv) lines = g_strsplit(raw_value(filler->fields, field), "\n", TEXTS_LINES + 1);
	gboolean gap = FALSE, any = FALSE;

	end_paragraph(filler);
	for (guint i = 0; i < TEXTS_LINES && lines[i]; i++) {
		g_autofree char *clean = clean_text(lines[i], TEXTS_VALUE);
		g_autofree char *text = g_strconcat(prefix, clean, NULL);

		if (*clean == '\0') {
			gap = any;
			continue;
		}
		if (gap) {
			g_autofree char *empty = g_strchomp(g_strdup(prefix));

			g_string_append_printf(filler->out, "%s\r\n", empty);
		}
		text_flow_append(filler->out, text, prefix);
		gap = FALSE;
		any = TRUE;
	}
}

static gboolean keeps_its_place(const char *start)
{
	return *start == ' ' || *start == '>' || g_str_has_prefix(start, "- ");
}

static void put_placed(struct filler *filler, const char *start, const struct line *line)
{
	size_t own = strspn(start, " >");
	guint hang = line->hang > 0 && line->hang <= HANG_COLUMNS ? line->hang : (guint)own + 2;
	g_autofree char *again = *start == '>' ? g_strndup(start, own) : g_strnfill(hang, ' ');

	end_paragraph(filler);
	text_flow_append(filler->out, line->text->str, again);
}

/* `start` is behind the condition, which holds. */
static void put_line(struct filler *filler, const char *start, const struct line *line)
{
	struct texts_piece field;

	if (*start == '\0') {
		end_block(filler);
	} else if (!line->has_literal && !line->has_value) {
		/* Nothing but fields, and they have nothing to say. */
	} else if (is_block_line(start, &field)) {
		put_block(filler, start, &field);
	} else if (keeps_its_place(start)) {
		put_placed(filler, start, line);
	} else {
		g_string_append_printf(filler->paragraph, "%s\n", line->text->str);
		filler->touched |= line->has_field;
	}
}

void texts_fill_body(const char *template, const struct texts_field *fields, GString *out)
{
	g_autoptr(GString) paragraph = g_string_new(NULL);
	struct filler filler = {.fields = fields, .out = out, .paragraph = paragraph};
	g_auto(GStrv) lines = g_strsplit(template, "\n", -1);

	for (char **text = lines; *text; text++) {
		struct line line;

		if (fill_line(*text, fields, &line))
			put_line(&filler, behind_condition(*text), &line);
		g_string_free(line.text, TRUE);
	}
	end_paragraph(&filler);
	while (out->len >= 4 && memcmp(out->str + out->len - 4, "\r\n\r\n", 4) == 0)
		g_string_truncate(out, out->len - 2);
}
