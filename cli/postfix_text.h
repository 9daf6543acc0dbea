/*
 * Postfix's way to write lists and times in its configuration.
 */
#ifndef ROLLCALL_CLI_POSTFIX_TEXT_H
#define ROLLCALL_CLI_POSTFIX_TEXT_H

#include <glib.h>

/** Elements separated by commas and white space, where braces hold theirs together ("inline:{a=b, c=d}"). Free with g_strfreev(). */
char **postfix_text_elements(const char *text) G_GNUC_WARN_UNUSED_RESULT;

/** Seconds of "600s", "10m", "1h", "1d", "1w" or a bare number; FALSE for anything else. */
gboolean postfix_text_seconds(const char *text, guint64 *seconds) G_GNUC_WARN_UNUSED_RESULT;

/** Whether a list such as receive_override_options has this word. */
gboolean postfix_text_has(const char *list, const char *word);

#endif
