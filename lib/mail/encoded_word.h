/*
 * Encoded words: text that is not ASCII in header fields. RFC 2047, RFC 2231 section 5 (language), RFC
 * 1428 (unknown-8bit). We write Q only, with the alphabet that is safe in phrases too, so that one form
 * fits every place; words are short enough for any line. We read what mailers write, which is more than
 * the RFC allows: text longer than a word may be, words without a blank between them, multibyte
 * characters cut in two.
 */
#ifndef ROLLCALL_MAIL_ENCODED_WORD_H
#define ROLLCALL_MAIL_ENCODED_WORD_H

#include <glib.h>
#include <stddef.h>

/** What is written for bytes that are no UTF-8, and whose charset nobody knows. */
#define ENCODED_WORD_UNKNOWN "unknown-8bit"

/**
 * Appends (text, length) as encoded words with one blank between them. Valid UTF-8 is labelled so, and
 * no character is cut in two; anything else is labelled unknown-8bit. Nothing is appended for empty
 * text.
 */
void encoded_word_append(GString *out, const char *text, size_t length);

/**
 * Whether this can stand in a field as it is: printable ASCII that no reader would take for an encoded
 * word.
 */
gboolean encoded_word_is_plain(const char *text, size_t length);

/** The length of the encoded word at the start of (text, length), 0 when there is none. */
size_t encoded_word_length(const char *text, size_t length);

/**
 * The length of the run of encoded words at the start, with the blanks between them (but not after the
 * last one); 0 when none.
 */
size_t encoded_word_run(const char *text, size_t length);

/**
 * Decodes a run (as encoded_word_run() measured it) to UTF-8 and appends it to `out`. FALSE when some
 * of it could not be read as what it claims to be: then `out` is good for looking at, but not for
 * writing back.
 */
gboolean encoded_word_decode(const char *run, size_t length, GString *out) G_GNUC_WARN_UNUSED_RESULT;

#endif
