/*
 * Lines over 998 bytes, which Postfix would break after we have signed (RFC 5322 section 2.1.1).
 *
 * In a body: only the leaf that has them is encoded anew, as quoted-printable or base64 by what it
 * holds, or wrapped anew where it is encoded already; all other parts stay byte for byte, and what a
 * reader decodes stays the same, character set and all. In a header: folded at its blanks, which no
 * relaxed signature notices; a Subject without blanks becomes encoded words, identifiers without any
 * between them get some, and notes of software on the way (X-...: a spam filter's reasons can be one
 * word of 1,500 bytes, and no author can help it) are broken as Postfix would. Where that would break a
 * signature (inside multipart/signed) or where readers may see other parts than we do, the post is
 * refused: its author can send it otherwise, we cannot.
 */
#ifndef ROLLCALL_MAIL_LONG_LINES_H
#define ROLLCALL_MAIL_LONG_LINES_H

#include <glib.h>

#include "lib/base/verdict.h"
#include "lib/mail/header.h"

/**
 * Mends `header` (the cooked one) in place. (message, length) is the whole post as it came, its body at
 * offset `body`. `*mended` is NULL when the body may stay as it is, else the new one (the caller
 * frees). Class NONE: no long line is left; REFUSED 5.6.0 otherwise. A post without long lines costs
 * one look at its bytes.
 */
struct verdict long_lines_mend(struct header *header, const char *message, size_t length, size_t body, GString **mended);

/** Whether (data, length) has a line of more than LIMIT_LINE bytes, its end not counted. */
gboolean long_lines_found(const char *data, size_t length);

#endif
