/* Lines of templates: what they are made of, and the check before they are used; see texts.h. */
#include "lib/mail/texts_internal.h"

#include <string.h>

static gboolean is_name_char(char c)
{
	return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '_';
}

static gboolean take_field(const char *start, const char **place, struct texts_piece *piece, const char **wrong)
{
	const char *name = *place + 1;
	gboolean condition = *name == '?';

	name += condition;
	const char *end = name;
	while (is_name_char(*end))
		end++;
	if (end == name || *end != '}') {
		*wrong = "expected a field such as {subject}; a brace itself is written {{ or }}";
		return FALSE;
	}
	if (condition && *place != start) {
		*wrong = "{?field} may only begin a line";
		return FALSE;
	}
	*piece = (struct texts_piece){.kind = condition ? TEXTS_CONDITION : TEXTS_FIELD, .text = name,
		.length = (size_t)(end - name)};
	*place = end + 1;
	return TRUE;
}

gboolean texts_next_piece(const char *start, const char **place, struct texts_piece *piece, const char **wrong)
{
	const char *text = *place;

	*wrong = NULL;
	if (*text == '\0')
		return FALSE;
	if (text[0] == '{' && text[1] != '{')
		return take_field(start, place, piece, wrong);
	if (text[0] == '}' && text[1] != '}') {
		*wrong = "a lone \"}\"; a brace itself is written }}";
		return FALSE;
	}
	if (*text == '{' || *text == '}') {
		*piece = (struct texts_piece){.kind = TEXTS_LITERAL, .text = text, .length = 1};
		*place = text + 2;
		return TRUE;
	}
	*piece = (struct texts_piece){.kind = TEXTS_LITERAL, .text = text, .length = strcspn(text, "{}")};
	*place = text + piece->length;
	return TRUE;
}

static gboolean is_known(const char *fields, const struct texts_piece *piece)
{
	g_autofree char *wanted = g_strdup_printf(" %.*s ", (int)piece->length, piece->text);

	return strstr(fields, wanted) || strstr(TEXTS_COMMON, wanted);
}

static char *check_characters(const char *line)
{
	if (!g_utf8_validate(line, -1, NULL))
		return g_strdup("not valid UTF-8");
	for (const char *place = line; *place; place = g_utf8_next_char(place))
		if (g_unichar_iscntrl(g_utf8_get_char(place)))
			return g_strdup(*place == '\t' ? "a tab; use blanks" : "a control character");
	return NULL;
}

char *texts_check_line(const char *line, const char *fields)
{
	char *problem = check_characters(line);
	const char *place = line, *wrong = NULL;
	struct texts_piece piece;

	if (problem)
		return problem;
	while (texts_next_piece(line, &place, &piece, &wrong)) {
		if (piece.kind == TEXTS_LITERAL || is_known(fields, &piece))
			continue;
		g_autofree char *all = g_strconcat(TEXTS_COMMON, fields, NULL);
		return g_strdup_printf("no field {%.*s} here; there are: %s", (int)piece.length, piece.text, g_strstrip(all));
	}
	return g_strdup(wrong);
}
