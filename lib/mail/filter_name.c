/* Names of parts; see filter_name.h. */
#include "lib/mail/filter_name.h"

#include <string.h>

#include "lib/mail/encoded_word.h"
#include "lib/mail/param.h"

/* Characters that nobody sees: directions, joiners, marks. A file system may drop them, and a person always does. */
static gboolean is_invisible(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return type == G_UNICODE_FORMAT || type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
		type == G_UNICODE_PARAGRAPH_SEPARATOR || g_unichar_iszerowidth(c);
}

/* Letters of full width and their kin become plain ones, then lower case. */
static char *normalise(const char *name)
{
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	g_autofree char *plain = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL_COMPOSE);
	g_autofree char *folded = g_utf8_casefold(plain ? plain : valid, -1);
	GString *out = g_string_new(NULL);

	for (const char *place = folded; *place; place = g_utf8_next_char(place)) {
		gunichar c = g_utf8_get_char(place);

		if (!is_invisible(c))
			g_string_append_unichar(out, g_unichar_isspace(c) ? ' ' : c);
	}
	return g_string_free(out, FALSE);
}

/* Dots, those of other scripts too, and what ends a name on some file system. */
static gboolean is_separator(gunichar c)
{
	return (c < 128 && strchr(".:/\\;?*|<>\"", (int)c)) || c == 0x3002 || c == 0xff0e || c == 0xff61 || c == 0x2024;
}

static gboolean is_extension(const char *piece, const char *const *extensions)
{
	for (; *extensions; extensions++)
		if (g_ascii_strcasecmp(piece, **extensions == '.' ? *extensions + 1 : *extensions) == 0)
			return TRUE;
	return FALSE;
}

gboolean filter_name_matches(const char *name, const char *const *extensions)
{
	g_autofree char *normal = normalise(name);
	const char *place = normal;
	gboolean first = TRUE;

	for (const char *end = place;; end = g_utf8_next_char(end)) {
		if (*end && !is_separator(g_utf8_get_char(end)))
			continue;
		/* What stands before the first dot is no extension. */
		g_autofree char *piece = g_strstrip(g_strndup(place, (gsize)(end - place)));
		if (!first && is_extension(piece, extensions))
			return TRUE;
		if (*end == '\0')
			return FALSE;
		first = FALSE;
		place = g_utf8_next_char(end);
	}
}

/* The value as it stands and, where mailers would, with its encoded words read. */
static gboolean value_matches(const char *value, const char *const *extensions)
{
	g_autoptr(GString) decoded = g_string_new(NULL);

	if (filter_name_matches(value, extensions))
		return TRUE;
	for (const char *place = value; *place;) {
		size_t run = encoded_word_run(place, strlen(place));

		/* What is none after all says what it seems to say. */
		if (run == 0 || !encoded_word_decode(place, run, decoded))
			g_string_append_c(decoded, *place);
		place += MAX(run, 1);
	}
	return strlen(decoded->str) > 0 && strcmp(decoded->str, value) != 0 && filter_name_matches(decoded->str, extensions);
}

/* A dot, the extension, and then nothing that could belong to it: in bytes that nobody can read with certainty. */
static gboolean bytes_match(const char *value, size_t length, const char *const *extensions)
{
	g_autoptr(GString) text = g_string_new(NULL);

	/* Folds, quotes and the signs of comments fall away, so that what is cut in two is whole again. */
	for (size_t i = 0; i < length; i++)
		if (value[i] && !memchr(" \t\r\n\"\\()", value[i], 8))
			g_string_append_c(text, value[i]);
	for (; *extensions; extensions++) {
		const char *extension = **extensions == '.' ? *extensions + 1 : *extensions;
		size_t size = strlen(extension);

		for (const char *dot = strchr(text->str, '.'); dot; dot = strchr(dot + 1, '.'))
			if (g_ascii_strncasecmp(dot + 1, extension, size) == 0 && !g_ascii_isalnum(dot[1 + size]))
				return TRUE;
	}
	return FALSE;
}

static gboolean field_matches(const struct header_field *field, const char *const *extensions)
{
	static const char *const parameters[] = {"filename", "name"};
	const char *colon = memchr(field->data, ':', field->length);
	size_t length = colon ? field->length - (size_t)(colon + 1 - field->data) : 0;

	for (gsize i = 0; length > 0 && i < G_N_ELEMENTS(parameters); i++) {
		g_autoptr(GString) value = g_string_new(NULL);
		guint found = param_value(colon + 1, length, parameters[i], value);

		if ((found & PARAM_FOUND) && value_matches(value->str, extensions))
			return TRUE;
		if ((found & PARAM_UNSURE) && bytes_match(colon + 1, length, extensions))
			return TRUE;
	}
	return FALSE;
}

gboolean filter_name_has(const char *message, const struct walk_entity *entity, const char *const *extensions)
{
	const char *place = message + entity->header, *end = message + entity->body;
	struct header_field field;

	if (!*extensions)
		return FALSE;
	/* All fields of the name: which of two counts is each reader's choice. */
	while (walk_next_field(&place, end, &field))
		if ((header_is(&field, "Content-Type") || header_is(&field, "Content-Disposition")) &&
			field_matches(&field, extensions))
			return TRUE;
	return FALSE;
}
