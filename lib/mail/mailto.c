/* mailto links; see mailto.h. */
#include "lib/mail/mailto.h"

#include <string.h>

static void append_escaped(GString *out, const char *text, const char *also_allowed)
{
	for (; *text; text++) {
		if (g_ascii_isalnum(*text) || strchr("-._~", *text) || strchr(also_allowed, *text))
			g_string_append_c(out, *text);
		else
			g_string_append_printf(out, "%%%02X", (guchar)*text);
	}
}

/* RFC 6068 section 5: lines end in %0D%0A. */
static void append_lines(GString *out, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		if (line > lines)
			g_string_append(out, "%0D%0A");
		if (g_str_has_suffix(*line, "\r"))
			(*line)[strlen(*line) - 1] = '\0';
		append_escaped(out, *line, "");
	}
}

char *mailto_link(const char *address, const char *subject, const char *body)
{
	GString *out = g_string_new("mailto:");

	append_escaped(out, address, "@+");
	if (subject) {
		g_string_append(out, "?subject=");
		append_escaped(out, subject, "");
	}
	if (body) {
		g_string_append(out, subject ? "&body=" : "?body=");
		append_lines(out, body);
	}
	return g_string_free(out, FALSE);
}
