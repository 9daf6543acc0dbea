/*
 * Small helpers for text that came from outside. All are ASCII only and independent of the locale:
 * a Turkish LC_ALL must not change what an address or a header name is.
 */
#ifndef ROLLCALL_BASE_TEXT_H
#define ROLLCALL_BASE_TEXT_H

#include <glib.h>
#include <stddef.h>

/**
 * Writes `length` foreign bytes into `out` (size `size`, at least 1) as printable ASCII: control
 * characters, DEL and bytes above 126 become '?', and what does not fit is cut with "..." at the end.
 * The result always ends in NUL. Every foreign byte passes here before it reaches a log or a reply.
 */
void text_printable(const char *data, size_t length, char *out, size_t size);

/** The same into a new string of at most `limit` characters. The caller frees it. */
char *text_printable_dup(const char *data, size_t length, size_t limit) G_GNUC_WARN_UNUSED_RESULT;

/** Whether (data, length) equals the NUL-terminated `word`, ASCII case ignored. */
gboolean text_equal_ascii_case(const char *data, size_t length, const char *word);

/** Whether (data, length) is valid UTF-8 without NUL. */
gboolean text_is_utf8(const char *data, size_t length);

/** Whether CR and LF stand only together, as ends of lines, and there is no NUL. */
gboolean text_has_clean_lines(const char *data, size_t length);

/** Whether any byte is above 127. */
gboolean text_has_8bit(const char *data, size_t length);

/**
 * A whole decimal number in `minimum..maximum` and nothing else (no sign, no blanks).
 * Returns FALSE on anything else, also on overflow; `*number` is then untouched.
 */
gboolean text_parse_number(const char *data, size_t length, guint64 minimum, guint64 maximum,
	guint64 *number) G_GNUC_WARN_UNUSED_RESULT;

/** (data, length) in lower-case hexadecimal. The caller frees it. */
char *text_write_hex(const guint8 *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;
/** Reads text_write_hex()'s words: FALSE when they are not exactly `length` bytes; then `data` is not to be used. */
gboolean text_read_hex(const char *text, guint8 *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;

#endif
