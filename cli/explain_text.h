/*
 * An explanation in words for a terminal. All that is in it came from a process that has parsed a stranger's mail: each text passes clean_text(), and
 * what is missing or of another type is simply not told.
 */
#ifndef ROLLCALL_CLI_EXPLAIN_TEXT_H
#define ROLLCALL_CLI_EXPLAIN_TEXT_H

#include <glib.h>

/** `answer` is an a{sv} as rollcall(1) describes it. The caller frees the text. */
char *explain_text(GVariant *answer) G_GNUC_WARN_UNUSED_RESULT;

#endif
