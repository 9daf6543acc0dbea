/*
 * The canonical forms of DKIM, for ARC: a field and the digest of a body. RFC 6376 section 3.4.
 *
 * For DKIM itself libopendkim makes them; it knows no ARC. The tests hold the two against each other. One difference is meant: to libopendkim VT and FF
 * in a field are blanks, to the RFC and here they are not. Lines end in CRLF; a CR or LF alone is a byte like any other.
 */
#ifndef ROLLCALL_MAIL_CANONICAL_H
#define ROLLCALL_MAIL_CANONICAL_H

#include <glib.h>
#include <stddef.h>

enum canonical_form { CANONICAL_SIMPLE, CANONICAL_RELAXED };

enum { CANONICAL_DIGEST = 32 }; /* bytes of a SHA-256 */

/** Reads a value of c=, NULL for the default (simple/simple). FALSE when it is none. */
gboolean canonical_read(const char *text, enum canonical_form *header, enum canonical_form *body) G_GNUC_WARN_UNUSED_RESULT;

/** Appends a whole field (data, length), with or without its last CRLF, in its canonical form and without last CRLF. */
void canonical_field(const char *data, size_t length, enum canonical_form form, GString *out);

/** The SHA-256 of a body in its canonical form. Returns how many bytes that form has. */
guint64 canonical_body(const char *data, size_t length, enum canonical_form form, guint8 digest[CANONICAL_DIGEST]);

#endif
