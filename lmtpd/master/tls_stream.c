/* Plain and TLS bytes to and from a client; see tls_stream.h. */
#include "lmtpd/master/tls_stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/base/io.h"
#include "lib/base/log.h"

enum {
	LINGER_TIME = 2,           /* seconds for the client to close after us */
	LINGER_BYTES = 1024 * 1024 /* of what it may still send meanwhile */
};

void tls_stream_start(struct tls_stream *stream, int fd)
{
	*stream = (struct tls_stream){.fd = fd, .read_event = POLLIN, .write_event = POLLOUT};
}

static enum tls_flow plain_flow(ssize_t result, size_t *count)
{
	if (result > 0) {
		*count = (size_t)result;
		return TLS_FLOW_MOVED;
	}
	return result < 0 && (errno == EAGAIN || errno == EINTR) ? TLS_FLOW_BLOCKED : TLS_FLOW_END;
}

/* `event` becomes what the call waits for: a TLS read may have to write first, and the other way about. */
static enum tls_flow ssl_flow(struct tls_stream *stream, int result, short usual, short *event)
{
	*event = usual;
	if (result == 1)
		return TLS_FLOW_MOVED;
	switch (SSL_get_error(stream->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*event = POLLIN;
		return TLS_FLOW_BLOCKED;
	case SSL_ERROR_WANT_WRITE:
		*event = POLLOUT;
		return TLS_FLOW_BLOCKED;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_FLOW_END;
	default:
		stream->broken = TRUE;
		return TLS_FLOW_END;
	}
}

enum tls_flow tls_stream_read(struct tls_stream *stream, char *data, size_t size, size_t *count)
{
	if (!stream->ssl)
		return plain_flow(recv(stream->fd, data, size, MSG_DONTWAIT), count);
	ERR_clear_error();
	return ssl_flow(stream, SSL_read_ex(stream->ssl, data, size, count), POLLIN, &stream->read_event);
}

enum tls_flow tls_stream_write(struct tls_stream *stream, const char *data, size_t size, size_t *count)
{
	if (!stream->ssl)
		return plain_flow(send(stream->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL), count);
	ERR_clear_error();
	return ssl_flow(stream, SSL_write_ex(stream->ssl, data, size, count), POLLOUT, &stream->write_event);
}

gboolean tls_stream_handshake(struct tls_stream *stream, SSL_CTX *context, struct deadline deadline)
{
	stream->ssl = SSL_new(context);
	if (!stream->ssl || SSL_set_fd(stream->ssl, stream->fd) != 1)
		log_fatal("no memory for a TLS connection");
	for (;;) {
		short event;

		ERR_clear_error();
		switch (ssl_flow(stream, SSL_accept(stream->ssl), POLLIN, &event)) {
		case TLS_FLOW_MOVED:
			return TRUE;
		case TLS_FLOW_END:
			return FALSE;
		case TLS_FLOW_BLOCKED:
			break;
		}
		/* Asked apart, since a client that drips bytes would never let poll(2) find the time up. */
		if (deadline_passed(deadline) || !deadline_poll(stream->fd, event, deadline))
			return FALSE;
	}
}

void tls_stream_close(struct tls_stream *stream)
{
	struct deadline deadline = deadline_in(LINGER_TIME);
	char ignored[4096];
	size_t total = 0, count;

	if (stream->ssl && !stream->broken) {
		ERR_clear_error();
		SSL_shutdown(stream->ssl);
	}
	if (shutdown(stream->fd, SHUT_WR) != 0)
		return;
	while (total < LINGER_BYTES && io_read(stream->fd, ignored, sizeof(ignored), deadline, &count) == IO_OK)
		total += count;
}
