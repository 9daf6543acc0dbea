/*
 * Content-Type, Content-Transfer-Encoding and Content-Disposition of one entity; see walk.h for the promise.
 * The first field of a name counts; a second one is a flag, because other software (GMime among it) takes the last.
 */
#include "lib/mail/walk_internal.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/param.h"

struct content {
	struct header_field type, encoding, disposition; /* length 0 when absent */
	guint flags;
};

gboolean walk_next_field(const char **place, const char *end, struct header_field *field)
{
	const char *start = *place, *stop = start;

	if (start >= end)
		return FALSE;
	do {
		const char *newline = memchr(stop, '\n', (size_t)(end - stop));

		stop = newline ? newline + 1 : end;
	} while (stop < end && (*stop == ' ' || *stop == '\t'));
	*place = stop;
	*field = (struct header_field){.data = start, .length = (size_t)(stop - start)};

	const char *colon = start;
	while (colon < stop && *colon > 32 && *colon < 127 && *colon != ':')
		colon++;
	size_t name_length = (size_t)(colon - start);
	while (colon < stop && (*colon == ' ' || *colon == '\t'))
		colon++;
	if (colon < stop && *colon == ':')
		field->name_length = name_length;
	return TRUE;
}

/* The value with its folds, in `*value`; returns its length. An absent field has an empty one. */
static size_t value_of(const struct header_field *field, const char **value)
{
	*value = "";
	if (field->length == 0)
		return 0;
	const char *end = field->data + field->length;
	const char *colon = memchr(field->data, ':', field->length);

	*value = colon ? colon + 1 : end;
	return (size_t)(end - *value);
}

static void take(struct header_field *slot, const struct header_field *field, guint *flags, guint twice)
{
	if (slot->length > 0)
		*flags |= twice;
	else
		*slot = *field;
}

/* FALSE when there are too many or too long fields. */
static gboolean find_fields(const char *place, const char *end, struct content *content)
{
	struct header_field field;
	guint count = 0;

	if (end - place > LIMIT_HEADER_BLOCK)
		return FALSE;
	while (walk_next_field(&place, end, &field)) {
		if (++count > LIMIT_HEADER_FIELDS || field.length > LIMIT_HEADER_FIELD)
			return FALSE;
		if (field.name_length == 0)
			content->flags |= WALK_FIELDS;
		else if (header_is(&field, "Content-Type"))
			take(&content->type, &field, &content->flags, WALK_TYPE | WALK_UNSURE_BOUNDARY);
		else if (header_is(&field, "Content-Transfer-Encoding"))
			take(&content->encoding, &field, &content->flags, WALK_ENCODING);
		else if (header_is(&field, "Content-Disposition"))
			take(&content->disposition, &field, &content->flags, WALK_NAME);
	}
	return TRUE;
}

static const char *store(struct walk *walk, const GString *text)
{
	return g_string_chunk_insert_const(walk->text, text->str);
}

/*
 * Whether all software takes this boundary for the same bytes. Not so with a blank at its end, which looks like the padding of a
 * delimiter line; with what quoting needs a backslash for; and with what looks like an encoded word, which GMime decodes.
 */
static gboolean is_plain_boundary(const GString *text)
{
	const char *word = strstr(text->str, "=?");

	if (text->len > 0 && text->str[text->len - 1] == ' ')
		return FALSE;
	if (word && strstr(word + 2, "?="))
		return FALSE;
	for (size_t i = 0; i < text->len; i++)
		if (text->str[i] < 32 || text->str[i] > 126 || text->str[i] == '"' || text->str[i] == '\\')
			return FALSE;
	return TRUE;
}

static void read_boundary(struct walk *walk, struct walk_entity *entity, const char *value, size_t length)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint found = param_value(value, length, "boundary", text);

	if ((found & (PARAM_UNSURE | PARAM_EXTENDED)) || !is_plain_boundary(text))
		entity->flags |= WALK_UNSURE_BOUNDARY;
	if (text->len > LIMIT_BOUNDARY)
		entity->flags |= WALK_LONG_BOUNDARY;
	if (text->len > 0)
		entity->boundary = store(walk, text);
}

/* Whether the text could be, to somebody, a type that holds other parts. */
static gboolean mentions_composite(const char *value, size_t length)
{
	g_autofree char *text = g_strndup(value, length), *lower = g_ascii_strdown(text, -1);

	return strstr(lower, "multipart") || strstr(lower, "message");
}

/* The media type, or FALSE when it is not clear what it is: with a foreign byte in it, software takes more or less of it. */
static gboolean read_media_type(const char *value, size_t length, GString *type)
{
	size_t behind = param_head(value, length, type);

	return strchr(type->str, '/') && (behind == length || memchr(" \t\r\n;(", value[behind], 6));
}

static void read_type(struct walk *walk, struct walk_entity *entity, const struct header_field *field)
{
	g_autoptr(GString) text = g_string_new(NULL);
	gboolean in_digest = entity->parent >= 0 &&
		strcmp(walk_entity(walk, (guint)entity->parent)->type, "multipart/digest") == 0;
	const char *value;
	size_t length = value_of(field, &value);

	entity->type = in_digest ? "message/rfc822" : "text/plain";
	if (field->length == 0)
		return;
	if (!read_media_type(value, length, text)) {
		entity->flags |= WALK_TYPE | (mentions_composite(value, length) ? WALK_UNSURE_BOUNDARY : 0);
		return;
	}
	entity->type = store(walk, text);
	if (walk_is_multipart(entity))
		read_boundary(walk, entity, value, length);
	guint found = param_value(value, length, "charset", text);
	if (found & PARAM_UNSURE)
		entity->flags |= WALK_TYPE;
	if (found & PARAM_FOUND)
		entity->charset = store(walk, text);
}

static void read_name(struct walk *walk, struct walk_entity *entity, const struct content *content)
{
	g_autoptr(GString) name = g_string_new(NULL), other = g_string_new(NULL);
	const char *value;
	size_t length = value_of(&content->disposition, &value);
	guint found = param_value(value, length, "filename", name);

	length = value_of(&content->type, &value);
	guint also = param_value(value, length, "name", other);
	if ((found | also) & PARAM_UNSURE)
		entity->flags |= WALK_NAME;
	if ((found & also & PARAM_FOUND) && !g_string_equal(name, other))
		entity->flags |= WALK_NAME;
	if ((found | also) & PARAM_FOUND)
		entity->name = store(walk, found & PARAM_FOUND ? name : other);
}

static enum walk_encoding read_encoding(const struct header_field *field)
{
	static const struct {
		const char *word;
		enum walk_encoding encoding;
	} words[] = {
		{"7bit", WALK_7BIT},
		{"8bit", WALK_8BIT},
		{"binary", WALK_BINARY},
		{"quoted-printable", WALK_QUOTED_PRINTABLE},
		{"base64", WALK_BASE64},
		{"x-uuencode", WALK_UUENCODE},
		{"uuencode", WALK_UUENCODE},
		{"x-uue", WALK_UUENCODE},
	};
	g_autoptr(GString) text = g_string_new(NULL);
	const char *value;

	if (field->length == 0)
		return WALK_7BIT;
	size_t length = value_of(field, &value);
	size_t behind = param_head(value, length, text);
	for (; behind < length; behind++)
		if (!memchr(" \t\r\n", value[behind], 4))
			return WALK_UNKNOWN;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(text->str, words[i].word) == 0)
			return words[i].encoding;
	return WALK_UNKNOWN;
}

gboolean walk_header(struct walk *walk, struct walk_entity *entity, const char *data, size_t end)
{
	struct content content = {.flags = 0};

	if (!find_fields(data + entity->header, data + end, &content))
		return FALSE;
	entity->flags |= content.flags;
	read_type(walk, entity, &content.type);
	read_name(walk, entity, &content);
	entity->encoding = read_encoding(&content.encoding);
	gboolean composite = walk_is_multipart(entity) || g_str_has_prefix(entity->type, "message/");
	if (entity->encoding == WALK_UNKNOWN || (composite && entity->encoding > WALK_BINARY))
		entity->flags |= WALK_ENCODING;
	return TRUE;
}
