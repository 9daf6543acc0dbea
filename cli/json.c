/* Writing JSON; see json.h. What comes next is told by the last byte written, so there is no state to keep. */
#include "cli/json.h"

#include <string.h>

/* Also what RFC 8259 lets pass: C1 controls are commands to some terminals, and direction marks make text look like another. */
static gboolean is_unprintable(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
		type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

void json_append_string(GString *out, const char *text)
{
	if (!text) {
		g_string_append(out, "null");
		return;
	}
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_string_append_c(out, '"');
	for (const char *place = valid; *place; place = g_utf8_next_char(place)) {
		gunichar c = g_utf8_get_char(place);

		if (c == '"' || c == '\\')
			g_string_append_c(out, '\\');
		if (c < 0x10000 && is_unprintable(c))
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_unichar(out, c);
	}
	g_string_append_c(out, '"');
}

void json_begin(GString *out)
{
	g_string_append_c(out, '[');
}

/* Ends the object before, if there is one. */
static void end_object(GString *out)
{
	if (out->str[out->len - 1] != '[')
		g_string_append_c(out, '}');
}

void json_object(GString *out)
{
	end_object(out);
	if (out->str[out->len - 1] == '}')
		g_string_append_c(out, ',');
	g_string_append(out, "\n{");
}

static void append_name(GString *out, const char *name)
{
	if (out->str[out->len - 1] != '{')
		g_string_append(out, ", ");
	json_append_string(out, name);
	g_string_append(out, ": ");
}

void json_text(GString *out, const char *name, const char *value)
{
	append_name(out, name);
	json_append_string(out, value);
}

void json_number(GString *out, const char *name, gint64 value)
{
	append_name(out, name);
	g_string_append_printf(out, "%" G_GINT64_FORMAT, value);
}

void json_boolean(GString *out, const char *name, gboolean value)
{
	append_name(out, name);
	g_string_append(out, value ? "true" : "false");
}

void json_end(GString *out)
{
	end_object(out);
	g_string_append(out, "\n]\n");
}
