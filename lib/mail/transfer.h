/*
 * Content transfer encodings, written: RFC 2045 sections 6.7 (quoted-printable) and 6.8 (base64). Ours
 * and not GMime's filters, because what comes out must be safe inside any multipart: no line that we
 * break begins with "--", so none can be taken for a delimiter. Lines end in CRLF on both sides; no
 * line that comes out is longer than 76 bytes, but see the rewrappers.
 */
#ifndef ROLLCALL_MAIL_TRANSFER_H
#define ROLLCALL_MAIL_TRANSFER_H

#include <glib.h>
#include <stddef.h>

/** Appends text as quoted-printable. A CRLF stays a line end; anything else comes back byte for byte. */
void transfer_quote(const char *data, size_t length, GString *out);

/** Appends bytes as base64, without a CRLF behind the last line. */
void transfer_base64(const char *data, size_t length, GString *out);

/** The share of bytes that quoted-printable would have to escape, in percent. */
guint transfer_quote_cost(const char *data, size_t length);

/**
 * Copies quoted-printable text with the lines over `limit` bytes broken by soft line breaks: it decodes
 * to the same.
 */
void transfer_rewrap_quoted(const char *data, size_t length, size_t limit, GString *out);

/**
 * Copies base64 text with the lines over `limit` bytes broken: it decodes to the same. FALSE when one
 * of those holds bytes that are no base64: readers disagree about what that decodes to.
 */
gboolean transfer_rewrap_base64(const char *data, size_t length, size_t limit, GString *out) G_GNUC_WARN_UNUSED_RESULT;

#endif
