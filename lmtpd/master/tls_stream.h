/*
 * The client's side of a relay: reads and writes that never wait, plain or under TLS alike. What a TLS read or
 * write waits for may be the other direction; the stream remembers it for poll(2).
 */
#ifndef ROLLCALL_MASTER_TLS_STREAM_H
#define ROLLCALL_MASTER_TLS_STREAM_H

#include <glib.h>
#include <openssl/ssl.h>

#include "lib/base/deadline.h"

struct tls_stream {
	int fd;
	SSL *ssl;          /* NULL: plain text */
	gboolean broken;   /* TLS failed: not even a goodbye is possible */
	short read_event;  /* what a read waits for */
	short write_event; /* what a write waits for */
};

enum tls_flow {
	TLS_FLOW_MOVED,   /**< `*count` bytes */
	TLS_FLOW_BLOCKED, /**< not now */
	TLS_FLOW_END,     /**< the peer closed, or the connection broke */
};

void tls_stream_start(struct tls_stream *stream, int fd);

/** Reads or writes at most `size` bytes, at least one. */
enum tls_flow tls_stream_read(struct tls_stream *stream, char *data, size_t size, size_t *count)
	G_GNUC_WARN_UNUSED_RESULT;
enum tls_flow tls_stream_write(struct tls_stream *stream, const char *data, size_t size, size_t *count)
	G_GNUC_WARN_UNUSED_RESULT;

/** Shakes hands as the server. FALSE when that fails or takes longer. Afterwards the stream is under TLS. */
gboolean tls_stream_handshake(struct tls_stream *stream, SSL_CTX *context, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Says goodbye and waits a little until the client has everything: a close with bytes unread would take back the
 * last reply.
 */
void tls_stream_close(struct tls_stream *stream);

#endif
