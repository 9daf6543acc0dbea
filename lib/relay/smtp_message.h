/*
 * A message on its way through DATA: LF becomes CRLF and a leading dot is doubled while it is sent, from where it is mapped, so that the largest post costs no
 * more memory than the smallest (RFC 5321 section 4.5.2).
 */
#ifndef ROLLCALL_RELAY_SMTP_MESSAGE_H
#define ROLLCALL_RELAY_SMTP_MESSAGE_H

#include "lib/relay/smtp_stream.h"

/** What a server must be told about a message, or must be able to do for it. */
struct smtp_needs {
	guint64 size;        /**< bytes with CRLF, before dots are doubled: as SIZE counts (RFC 1870) */
	gboolean eight_bit;  /**< anywhere: 8BITMIME (RFC 6152) */
	gboolean utf8;       /**< in its header: SMTPUTF8 (RFC 6531) */
	gboolean impossible; /**< a CR or NUL, which means something else to each server */
};
/** Looks at all of it once. */
void smtp_message_needs(const struct io_mapping *message, struct smtp_needs *needs);

/** Sends all of it but the dot at the end. */
enum smtp_stream_result smtp_message_send(struct smtp_stream *stream, const struct io_mapping *message, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
