/*
 * Bytes to and from an SMTP server, plain or under TLS, and its replies one by one. All waiting ends at a deadline; what has arrived and was not asked
 * for yet is at most one buffer.
 */
#ifndef ROLLCALL_RELAY_SMTP_STREAM_H
#define ROLLCALL_RELAY_SMTP_STREAM_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/relay/smtp_reply.h"

struct smtp_stream;

/** Takes the non-blocking `fd`. The caller ends it with smtp_stream_free(). */
struct smtp_stream *smtp_stream_new(int fd) G_GNUC_WARN_UNUSED_RESULT;
/** Closes; NULL is fine. */
void smtp_stream_free(struct smtp_stream *stream);

struct smtp_tls {
	gboolean verify;     /**< chain and name, or no TLS at all */
	const char *host;    /**< name or address */
	const char *ca_file; /**< PEM; empty: the system's */
};
/**
 * TLS from here on; the server has just agreed. FALSE with `reason` (replaced) when it does not come about: also when anything came in plain text after its
 * agreement, since that would be taken for its words under TLS.
 */
gboolean smtp_stream_start_tls(struct smtp_stream *stream, const struct smtp_tls *tls, struct deadline deadline, GString *reason)
	G_GNUC_WARN_UNUSED_RESULT;

enum smtp_stream_result {
	SMTP_STREAM_SENT,
	SMTP_STREAM_INTERRUPTED, /**< the server spoke while it did not listen, or closed; not all was sent */
	SMTP_STREAM_TIMED_OUT,   /**< not all was sent */
	SMTP_STREAM_FAILED,      /**< errno tells, or TLS broke (EPROTO); not all was sent */
};
/** Sends all of it or says why not. Under TLS, what is up to 16 KiB long and was not all sent cannot be read by the server in part. */
enum smtp_stream_result smtp_stream_send(struct smtp_stream *stream, const char *data, gsize length, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;
/** "interrupted", "too slow" or strerror(errno). Static until the next call. */
const char *smtp_stream_word(enum smtp_stream_result result);

/** Whether the server has said something that was not asked for yet, or has closed. Does not wait. */
gboolean smtp_stream_is_interrupted(struct smtp_stream *stream);

/**
 * The next reply, which points into the stream and holds until the next call. FALSE with `reason` (replaced) when it does not come, or is none.
 */
gboolean smtp_stream_reply(struct smtp_stream *stream, struct deadline deadline, struct smtp_reply *reply, GString *reason)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
