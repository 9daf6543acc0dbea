/* A text to an author; see reject_text.h. */
#include "cli/reject_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/clean.h"
#include "lib/mail/order.h"

enum { READ = 64 * 1024 }; /* bytes that are read before it is clear that there are too many */

static gboolean refuse(GError **error, const char *text)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, text);
	return FALSE;
}

/* Each line by itself; one empty line between paragraphs, none at the ends. */
static char *clean_lines(const char *text, guint *count)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(NULL);
	gboolean gap = FALSE;

	*count = 0;
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *line = clean_text(lines[i], READ);

		if (*line == '\0') {
			gap = out->len > 0;
			continue;
		}
		g_string_append_printf(out, "%s%s", out->len == 0 ? "" : gap ? "\n\n" : "\n", line);
		*count += gap ? 2 : 1;
		gap = FALSE;
	}
	return g_string_free(out, FALSE);
}

static gboolean check(const char *data, size_t length, char **text, GError **error)
{
	guint count;

	if (length >= READ || !text_is_utf8(data, length))
		return refuse(error, length >= READ ? "the text is too long for a mail to an author" : "the text is no UTF-8");
	g_autofree char *whole = g_strndup(data, length);
	g_autofree char *clean = clean_lines(whole, &count);
	if (strlen(clean) > ORDER_TEXT || count > ORDER_TEXT_LINES) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "the text is too long for a mail to an author: at most %d bytes in %d lines",
			ORDER_TEXT, ORDER_TEXT_LINES);
		return FALSE;
	}
	*text = *clean ? g_steal_pointer(&clean) : NULL;
	return TRUE;
}

gboolean reject_text_read(const char *given, char **text, GError **error)
{
	*text = NULL;
	if (strcmp(given, "-") != 0)
		return check(given, strlen(given), text, error);
	g_autofree char *input = g_malloc(READ);
	size_t length = fread(input, 1, READ, stdin);
	if (ferror(stdin))
		return refuse(error, g_strerror(errno));
	if (!check(input, length, text, error))
		return FALSE;
	/* Whoever sends a text through a pipe that broke does not want to reject without one. */
	return *text != NULL || refuse(error, "no text came on standard input");
}
