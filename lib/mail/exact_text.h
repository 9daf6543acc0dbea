/*
 * The text of a part that is to be written anew: out of its transfer encoding and its character set, and back. part_text.h is for reading.
 *
 * Strict: text that is not what its header says it is, is not touched, since readers disagree about what it says and to write it anew would
 * make one of the readings the only one (HOSTILE M19). Character sets go by the C library's iconv, whose modules mail_warm_up() has loaded: what is not
 * among them cannot be converted in a child. RFC 2045 section 6, RFC 3676.
 */
#ifndef ROLLCALL_MAIL_EXACT_TEXT_H
#define ROLLCALL_MAIL_EXACT_TEXT_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/walk.h"

enum { EXACT_TEXT_LIMIT = 4 * 1024 * 1024 }; /* bytes of a text that is converted: more is no letter, and each step is a copy */

/** Takes the transfer encoding off (data, length) and appends the bytes to `out`. FALSE when they are not clearly what it says. */
gboolean exact_text_decode(const char *data, size_t length, enum walk_encoding encoding, GString *out)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Appends (data, length), which is in `charset` (NULL: US-ASCII), to `out` as UTF-8. FALSE when some of it is none of that charset, when there
 * is a NUL in it, or when we do not know the charset.
 */
gboolean exact_text_to_utf8(const char *data, size_t length, const char *charset, GString *out) G_GNUC_WARN_UNUSED_RESULT;

/** Appends UTF-8 text to `out` in `charset`. FALSE when some of it cannot be written in that, or when the charset does not contain ASCII as it is. */
gboolean exact_text_from_utf8(const char *text, size_t length, const char *charset, GString *out) G_GNUC_WARN_UNUSED_RESULT;

/** The text of an entity as UTF-8, at most EXACT_TEXT_LIMIT bytes; both steps above. */
gboolean exact_text_read(const char *message, const struct walk_entity *entity, GString *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Appends text (of any charset that contains ASCII, CRLF line ends) in the plainest encoding that nobody has to change, and returns that
 * encoding's name: "7bit", "quoted-printable" or "base64". Static.
 */
const char *exact_text_encode(const char *data, size_t length, GString *out);

/** The charset for UTF-8 text: "us-ascii" where that is enough. Static. */
const char *exact_text_charset(const char *text, size_t length);

#endif
