/*
 * What `rollcall explain` and the parser's room say to each other: one memory file for each mail, in which the question goes there and the
 * answer comes back. The answer was written by a process that has parsed a stranger's mail: whoever reads it believes no byte of it.
 */
#ifndef ROLLCALL_BASE_EXPLAIN_LETTER_H
#define ROLLCALL_BASE_EXPLAIN_LETTER_H

#include <glib.h>

/** Recipients (none: those of ours in To and Cc), envelope sender, method, client's name and address (each NULL: find out, or not known). */
#define EXPLAIN_QUESTION "(asmsmsmsms)"
/** The keys stand in rollcall(1). */
#define EXPLAIN_ANSWER "a{sv}"

enum {
	EXPLAIN_LETTER = 8 * 1024 * 1024, /* bytes of an answer: a thousand rules and a thousand fields fit */
	EXPLAIN_TEXT = 1000,              /* bytes of one text in it */
	EXPLAIN_RECIPIENTS = 50,
};

/** Replaces what is in the memory file (`value` is consumed if floating). FALSE with errno. */
gboolean explain_letter_write(int fd, GVariant *value) G_GNUC_WARN_UNUSED_RESULT;

/** Reads it: NULL when it is not a value of that type in normal form, or too long. The caller unrefs. */
GVariant *explain_letter_read(int fd, const char *type) G_GNUC_WARN_UNUSED_RESULT;

#endif
