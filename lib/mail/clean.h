/*
 * Decoded text of a message, such as a subject or a display name, made harmless for a header, a notice or a page of ours.
 * An encoded word can hold any character: line ends, NUL, and those that turn the direction of the text around them.
 */
#ifndef ROLLCALL_MAIL_CLEAN_H
#define ROLLCALL_MAIL_CLEAN_H

#include <glib.h>
#include <stddef.h>

/**
 * A copy of `text` of at most `limit` bytes: valid UTF-8; control characters and line separators become blanks, direction
 * characters are left out; runs of blanks become one; none at the ends. The caller frees it.
 */
char *clean_text(const char *text, size_t limit) G_GNUC_WARN_UNUSED_RESULT;

#endif
