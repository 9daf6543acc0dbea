/* Writing JSON; see json.h. What comes next is told by the last byte written, so there is no state to keep. */
#include "cli/json.h"

#include <string.h>

void json_append_string(GString *out, const char *text)
{
	if (!text) {
		g_string_append(out, "null");
		return;
	}
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_string_append_c(out, '"');
	for (const char *place = valid; *place; place++) {
		if (*place == '"' || *place == '\\')
			g_string_append_c(out, '\\');
		if ((guchar)*place < 0x20 || *place == 0x7f)
			g_string_append_printf(out, "\\u%04x", (guint)(guchar)*place);
		else
			g_string_append_c(out, *place);
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
