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

enum { DEEPEST = 16 }; /* objects and arrays inside each other */

static void append_value(GString *out, GVariant *value, guint depth);

static void append_members(GString *out, GVariant *value, guint depth)
{
	gboolean object = g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT);

	g_string_append_c(out, object ? '{' : '[');
	for (gsize i = 0; i < g_variant_n_children(value); i++) {
		g_autoptr(GVariant) member = g_variant_get_child_value(value, i);
		g_autoptr(GVariant) inner = NULL;

		if (i > 0)
			g_string_append(out, ", ");
		if (object) {
			g_autoptr(GVariant) name = g_variant_get_child_value(member, 0);
			g_autoptr(GVariant) boxed = g_variant_get_child_value(member, 1);

			json_append_string(out, g_variant_get_string(name, NULL));
			g_string_append(out, ": ");
			inner = g_variant_get_variant(boxed);
		} else {
			inner = g_variant_get_variant(member);
		}
		append_value(out, inner, depth + 1);
	}
	g_string_append_c(out, object ? '}' : ']');
}

static void append_value(GString *out, GVariant *value, guint depth)
{
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		json_append_string(out, g_variant_get_string(value, NULL));
	else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		g_string_append(out, g_variant_get_boolean(value) ? "true" : "false");
	else if (g_variant_is_of_type(value, G_VARIANT_TYPE_INT64))
		g_string_append_printf(out, "%" G_GINT64_FORMAT, g_variant_get_int64(value));
	else if (depth < DEEPEST &&
		(g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT) || g_variant_is_of_type(value, G_VARIANT_TYPE("av"))))
		append_members(out, value, depth);
	else
		g_string_append(out, "null");
}

void json_append_value(GString *out, GVariant *value)
{
	append_value(out, value, 0);
}
