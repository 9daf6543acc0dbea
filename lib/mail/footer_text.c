/* Texts above and below posts; see footer_text.h. */
#include "lib/mail/footer_text.h"

#include <string.h>

#include "lib/base/settings.h"
#include "lib/base/text.h"
#include "lib/mail/clean.h"
#include "lib/mail/texts_internal.h"

G_DEFINE_QUARK(rollcall-footer-error-quark, footer_error)

/* Of the fields, the one whose value is another one for each post. */
static const char of_a_post[] = "archived_at";

struct footer_template {
	char **lines;
};

static struct footer_template *fail(GError **error, const char *name, guint line, const char *what)
{
	g_set_error(error, FOOTER_ERROR, 0, "%s:%u: %s", name, line, what);
	return NULL;
}

static char *check_line(const char *line)
{
	if (strlen(line) > FOOTER_LINE)
		return g_strdup("a line that is too long");
	return texts_check_line(line, FOOTER_FIELDS);
}

/* Without empty lines at both ends. */
static char **trim(char **lines)
{
	guint first = 0, last = g_strv_length(lines);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();

	while (lines[first] && *lines[first] == '\0')
		first++;
	while (last > first && *lines[last - 1] == '\0')
		last--;
	for (guint i = first; i < last; i++)
		g_ptr_array_add(kept, g_strdup(lines[i]));
	g_ptr_array_add(kept, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&kept), FALSE);
}

struct footer_template *footer_template_parse(const char *data, size_t length, const char *name, GError **error)
{
	gboolean marked = length >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0;

	data += marked ? 3 : 0;
	length -= marked ? 3 : 0;
	if (!text_is_utf8(data, length))
		return fail(error, name, 1, "not valid UTF-8, or a NUL in it");
	g_autofree char *text = g_strndup(data, length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	if (g_strv_length(lines) > FOOTER_LINES)
		return fail(error, name, FOOTER_LINES + 1, "too many lines");
	for (guint i = 0; lines[i]; i++) {
		if (g_str_has_suffix(lines[i], "\r"))
			lines[i][strlen(lines[i]) - 1] = '\0';
		g_autofree char *problem = check_line(lines[i]);
		if (problem)
			return fail(error, name, i + 1, problem);
	}
	char **kept = trim(lines);
	if (!*kept) {
		g_strfreev(kept);
		return fail(error, name, 1, "no text in it");
	}
	struct footer_template *template = g_new(struct footer_template, 1);
	template->lines = kept;
	return template;
}

struct footer_template *footer_template_load(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = settings_read_file(path, error);
	gsize length = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	return bytes ? footer_template_parse(length ? data : "", length, path, error) : NULL;
}

void footer_template_free(struct footer_template *template)
{
	if (!template)
		return;
	g_strfreev(template->lines);
	g_free(template);
}

static const char *raw_value(const struct texts_field *fields, const struct texts_piece *piece)
{
	for (; fields->name; fields++)
		if (strlen(fields->name) == piece->length && memcmp(fields->name, piece->text, piece->length) == 0)
			return fields->value ? fields->value : "";
	return "";
}

/* FALSE when its condition does not hold. `*own`: there is something in it that is another for each post. */
static gboolean fill_line(const char *template, const struct texts_field *fields, GString *out, gboolean *own)
{
	const char *place = template, *wrong;
	struct texts_piece piece;

	while (texts_next_piece(template, &place, &piece, &wrong)) {
		if (piece.kind == TEXTS_LITERAL) {
			g_string_append_len(out, piece.text, (gssize)piece.length);
			continue;
		}
		g_autofree char *value = clean_text(raw_value(fields, &piece), TEXTS_VALUE);
		*own |= strlen(of_a_post) == piece.length && memcmp(of_a_post, piece.text, piece.length) == 0;
		if (piece.kind == TEXTS_FIELD)
			g_string_append(out, value);
		else if (*value == '\0')
			return FALSE;
	}
	return TRUE;
}

/* At most one blank at the end, and that one only where it means something: "-- " begins what mailers take for a signature. */
static void end_line(GString *line)
{
	if (strcmp(line->str, "-- ") == 0)
		return;
	while (line->len > 0 && line->str[line->len - 1] == ' ')
		g_string_truncate(line, line->len - 1);
}

/* Appends one line without blanks and without the '>' of quotes before it. */
static void squeeze(const char *line, size_t length, GString *out)
{
	gboolean quote = TRUE;

	for (size_t i = 0; i < length; i++) {
		gboolean blank = memchr(" \t\r\n", line[i], 4) != NULL;

		if (blank || (quote && line[i] == '>'))
			continue;
		if (length - i >= 2 && memcmp(line + i, "\xC2\xA0", 2) == 0) {
			i++;
			continue;
		}
		quote = FALSE;
		g_string_append_c(out, line[i]);
	}
}

static void add_mark(GPtrArray *marks, size_t *length, const char *line)
{
	g_autoptr(GString) mark = g_string_new(NULL);

	squeeze(line, strlen(line), mark);
	*length += mark->len;
	if (mark->len > 0)
		g_ptr_array_add(marks, g_strdup(mark->str));
}

void footer_template_fill(const struct footer_template *template, const struct texts_field *fields, struct footer_text *out)
{
	g_autoptr(GPtrArray) marks = g_ptr_array_new_with_free_func(g_free);
	GString *text = g_string_new(NULL);
	size_t length = 0;

	*out = (struct footer_text){0};
	for (char **one = template->lines; *one; one++) {
		g_autoptr(GString) line = g_string_new(NULL);
		gboolean own = FALSE;

		if (!fill_line(*one, fields, line, &own))
			continue;
		end_line(line);
		if (line->len == 0 && text->len == 0)
			continue;
		g_string_append_printf(text, "%s\r\n", line->str);
		if (!own)
			add_mark(marks, &length, line->str);
		if (line->len > 0)
			out->open_end = own;
	}
	while (g_str_has_suffix(text->str, "\r\n\r\n"))
		g_string_truncate(text, text->len - 2);
	if (length < FOOTER_MARK)
		g_ptr_array_set_size(marks, 0);
	g_ptr_array_add(marks, NULL);
	out->text = g_string_free(text, FALSE);
	out->marks = (char **)g_ptr_array_free(g_steal_pointer(&marks), FALSE);
}

void footer_text_clear(struct footer_text *text)
{
	g_clear_pointer(&text->text, g_free);
	g_clear_pointer(&text->marks, g_strfreev);
}

/* Where all marks end that begin at `place`, one right behind the other or with what differs from post to post between them; NULL: not here. */
static const char *match(const struct footer_text *footer, const char *place)
{
	for (char **mark = footer->marks; *mark; mark++) {
		const char *found = strstr(place, *mark);

		if (!found || (found > place && (mark == footer->marks || found - place > FOOTER_LINE)))
			return NULL;
		place = found + strlen(*mark);
	}
	return place;
}

/* The text without blanks and line ends; lines that are quoted become a line end each, or are taken for what they quote. */
static GString *squeeze_text(const char *text, size_t length, gboolean with_quotes)
{
	GString *out = g_string_sized_new(length + 1);
	const char *end = text + length, *line_end;

	for (; text < end; text = line_end + 1) {
		line_end = memchr(text, '\n', (size_t)(end - text));
		line_end = line_end ? line_end : end;
		if (*text == '>' && !with_quotes)
			g_string_append_c(out, '\n');
		else
			squeeze(text, (size_t)(line_end - text), out);
	}
	return out;
}

static gboolean is_anywhere(const struct footer_text *footer, const char *squeezed)
{
	for (const char *place = squeezed; (place = strstr(place, footer->marks[0])); place++)
		if (match(footer, place))
			return TRUE;
	return FALSE;
}

gboolean footer_text_stands_in(const struct footer_text *footer, const char *text, size_t length)
{
	if (!footer->marks[0])
		return FALSE;
	g_autoptr(GString) plain = squeeze_text(text, length, FALSE);
	if (is_anywhere(footer, plain->str))
		return TRUE;
	g_autoptr(GString) all = squeeze_text(text, length, TRUE);
	const char *last = g_strrstr(all->str, footer->marks[0]), *end = last ? match(footer, last) : NULL;
	return end && strlen(end) <= (footer->open_end ? FOOTER_LINE : 0);
}
