/* A post as plain text; see plain_post.h. */
#include "lib/mail/plain_post.h"

#include <string.h>

#include "lib/mail/clean.h"
#include "lib/mail/describe.h"
#include "lib/mail/html_text.h"
#include "lib/mail/part_text.h"
#include "lib/mail/walk.h"

enum {
	NAME = 120,       /* bytes of a file's name or type that are shown */
	TEXT = 1 << 20,   /* bytes of text that are shown; what does not fit is named as a file, for nobody reads on */
	ENCODED = 4 * TEXT, /* bytes of a part that may still be so little text, in whatever charset and encoding */
};

struct reading {
	const struct plain_post *post;
	struct walk walk;
	GArray *shown;  /* of gboolean, for each entity: it or something in it is shown */
	GArray *chosen; /* of guint, for each multipart/alternative: the part that is shown */
	GString *out;
	gboolean files;
};

static gboolean is_type(const struct walk_entity *entity, const char *type)
{
	return strcmp(entity->type, type) == 0;
}

/* The better alternative for somebody who reads text. */
static guint rank(const struct walk_entity *entity)
{
	if (is_type(entity, "text/plain"))
		return 4;
	if (walk_is_multipart(entity))
		return 3;
	return is_type(entity, "text/html") ? 2 : 1;
}

static void choose_alternatives(struct reading *reading)
{
	g_array_set_size(reading->chosen, reading->walk.entities->len);
	for (guint i = 1; i < reading->walk.entities->len; i++) {
		const struct walk_entity *entity = walk_entity(&reading->walk, i);
		guint *chosen = &g_array_index(reading->chosen, guint, (guint)entity->parent);

		if (*chosen == 0 || rank(entity) > rank(walk_entity(&reading->walk, *chosen)))
			*chosen = i;
	}
}

/* A signature says nothing that can be read; what is inside an attached message belongs to that file. */
static gboolean is_shown(const struct reading *reading, guint place)
{
	const struct walk_entity *entity = walk_entity(&reading->walk, place);

	if (entity->parent < 0)
		return TRUE;
	const struct walk_entity *around = walk_entity(&reading->walk, (guint)entity->parent);
	if (!g_array_index(reading->shown, gboolean, (guint)entity->parent) || walk_is_message(around))
		return FALSE;
	if (is_type(around, "multipart/alternative"))
		return g_array_index(reading->chosen, guint, (guint)entity->parent) == place;
	return !(is_type(around, "multipart/signed") && g_str_has_suffix(entity->type, "-signature"));
}

/* No blanks at the end of the last line, but the one of the line above a signature (RFC 3676 section 4.3). */
static void strip_line(GString *lines)
{
	size_t length = lines->len;

	while (length > 0 && strchr(" \t", lines->str[length - 1]))
		length--;
	gboolean dashes = length >= 2 && strncmp(lines->str + length - 2, "--", 2) == 0 && (length == 2 || lines->str[length - 3] == '\n');
	g_string_truncate(lines, length + (dashes && lines->str[length] == ' '));
}

/* Only line ends and tabs of all control characters; CRLF; no empty lines at the ends. */
static void append_clean(const char *text, GString *out)
{
	g_autoptr(GString) lines = g_string_new(NULL);

	for (const char *place = text; *place; place = g_utf8_next_char(place)) {
		gunichar c = g_utf8_get_char(place);

		if (c == '\n' || (c == '\r' && place[1] != '\n')) {
			strip_line(lines);
			if (lines->len > 0)
				g_string_append(lines, "\r\n");
		} else if (c == '\t' || !g_unichar_iscntrl(c)) {
			g_string_append_unichar(lines, c);
		}
	}
	while (lines->len > 0 && strchr(" \t\r\n", lines->str[lines->len - 1]))
		g_string_truncate(lines, lines->len - 1);
	if (lines->len == 0)
		return;
	if (out->len > 0)
		g_string_append(out, "\r\n");
	g_string_append_len(out, lines->str, (gssize)lines->len);
	g_string_append(out, "\r\n");
}

/* What a part weighs once its base64 is undone. */
static guint64 weight(const struct reading *reading, const struct walk_entity *entity)
{
	guint64 letters = 0;

	if (entity->encoding != WALK_BASE64)
		return entity->end - entity->body;
	for (size_t i = entity->body; i < entity->end; i++)
		letters += (guchar)reading->post->data[i] > ' ';
	return letters * 3 / 4;
}

static void name_file(struct reading *reading, const struct walk_entity *entity)
{
	g_autofree char *type = clean_text(entity->type, NAME);
	g_autofree char *name = entity->name ? clean_text(entity->name, NAME) : NULL;
	g_autofree char *size = describe_size(weight(reading, entity), reading->post->language);
	const struct texts_field fields[] = {{"name", name && *name ? name : NULL}, {"type", type}, {"size", size}, {NULL, NULL}};
	g_autofree char *line = texts_sentence(
		reading->post->texts, reading->post->language, name && *name ? "file-named" : "file-unnamed", fields);

	append_clean(line, reading->out);
	reading->files = TRUE;
}

static gboolean fits(const struct reading *reading, gsize length)
{
	return reading->out->len + length <= TEXT;
}

static void show(struct reading *reading, const struct walk_entity *entity)
{
	gboolean plain = is_type(entity, "text/plain"), html = is_type(entity, "text/html");
	g_autoptr(GString) made = g_string_new(NULL);
	g_autofree char *text = NULL;

	if ((plain || html) && !entity->name && entity->end - entity->body <= ENCODED)
		text = part_text(reading->post->data, entity, entity->end - entity->body);
	if (text && html && html_text_append(text, strlen(text), made) && fits(reading, made->len))
		append_clean(made->str, reading->out);
	else if (text && plain && fits(reading, strlen(text)))
		append_clean(text, reading->out);
	else if (entity->end > entity->body)
		name_file(reading, entity);
}

static void show_all(struct reading *reading)
{
	choose_alternatives(reading);
	for (guint i = 0; i < reading->walk.entities->len; i++) {
		const struct walk_entity *entity = walk_entity(&reading->walk, i);
		gboolean shown = is_shown(reading, i);

		g_array_append_val(reading->shown, shown);
		/* A multipart without parts is shown as the file that it is. */
		if (shown && (!walk_is_multipart(entity) || (entity->flags & (WALK_NO_PARTS | WALK_NO_BOUNDARY))))
			show(reading, entity);
	}
}

void plain_post_append(const struct plain_post *post, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GArray) shown = g_array_new(FALSE, TRUE, sizeof(gboolean));
	g_autoptr(GArray) chosen = g_array_new(FALSE, TRUE, sizeof(guint));
	struct reading reading = {.post = post, .shown = shown, .chosen = chosen, .out = text};

	/* Over a limit it holds what was found until then, which is what can be shown. */
	if (walk_message(post->data, post->length, &reading.walk) == WALK_OK || reading.walk.entities->len > 0)
		show_all(&reading);
	if (reading.files && post->archived_at) {
		const struct texts_field fields[] = {{"url", post->archived_at}, {NULL, NULL}};
		g_autofree char *line = texts_sentence(post->texts, post->language, "file-archive", fields);

		append_clean(line, text);
	}
	g_string_append_len(out, text->str, (gssize)text->len);
	walk_clear(&reading.walk);
}
