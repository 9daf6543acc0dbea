/* Postfix's lists and times; see postfix_text.h. */
#include "cli/postfix_text.h"

#include <string.h>

#include "lib/base/text.h"

char **postfix_text_elements(const char *text)
{
	GPtrArray *elements = g_ptr_array_new();
	g_autoptr(GString) element = g_string_new(NULL);
	int depth = 0;

	for (const char *place = text;; place++) {
		gboolean separates = *place == '\0' || (depth == 0 && strchr(", \t\r\n", *place));

		if (separates && element->len > 0) {
			g_ptr_array_add(elements, g_strdup(element->str));
			g_string_truncate(element, 0);
		}
		if (*place == '\0')
			break;
		depth += *place == '{' ? 1 : *place == '}' && depth > 0 ? -1 : 0;
		if (!separates)
			g_string_append_c(element, *place);
	}
	g_ptr_array_add(elements, NULL);
	return (char **)g_ptr_array_free(elements, FALSE);
}

gboolean postfix_text_seconds(const char *text, guint64 *seconds)
{
	static const struct {
		char unit;
		guint64 factor;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	gsize length = strlen(text);
	guint64 factor = 1, value;

	for (gsize i = 0; length > 0 && i < G_N_ELEMENTS(units); i++) {
		if (text[length - 1] != units[i].unit)
			continue;
		factor = units[i].factor;
		length--;
		break;
	}
	if (!text_parse_number(text, length, 0, G_MAXUINT32, &value))
		return FALSE;
	*seconds = value * factor;
	return TRUE;
}

gboolean postfix_text_has(const char *list, const char *word)
{
	g_auto(GStrv) elements = postfix_text_elements(list);

	return g_strv_contains((const char *const *)elements, word);
}
