/*
 * Bytes, replies and TLS; see smtp_stream.h. A server that gives up stops reading, so its answer is looked for only when there is no room: no poll for
 * each piece of a message.
 */
#include "lib/relay/smtp_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/log.h"

struct smtp_stream {
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	gboolean broken;   /* no further word under TLS */
	gsize taken, used; /* of `data`: what replies were made of, and all */
	char data[SMTP_REPLY_LIMIT];
};

struct smtp_stream *smtp_stream_new(int fd)
{
	struct smtp_stream *stream = g_new0(struct smtp_stream, 1);

	stream->fd = fd;
	return stream;
}

void smtp_stream_free(struct smtp_stream *stream)
{
	if (!stream)
		return;
	ERR_clear_error();
	if (stream->ssl && !stream->broken)
		SSL_shutdown(stream->ssl);
	SSL_free(stream->ssl);
	SSL_CTX_free(stream->context);
	ERR_clear_error();
	io_close(&stream->fd);
	g_free(stream);
}

/* ---- some bytes ---- */

/* What became of one attempt to move bytes; POLLIN or POLLOUT: wait for that. */
enum { MOVED = 0, ENDED = -1, BROKEN = -2 };

static int plain_flow(ssize_t count, short wanted)
{
	if (count > 0)
		return MOVED;
	if (count < 0 && errno == EAGAIN)
		return wanted;
	return count == 0 || errno == EPIPE || errno == ECONNRESET ? ENDED : BROKEN;
}

static int tls_flow(struct smtp_stream *stream, int result)
{
	int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(stream->ssl, result);

	if (error == SSL_ERROR_NONE)
		return MOVED;
	if (error == SSL_ERROR_WANT_READ)
		return POLLIN;
	if (error == SSL_ERROR_WANT_WRITE)
		return POLLOUT;
	if (error == SSL_ERROR_ZERO_RETURN)
		return ENDED;
	stream->broken = TRUE;
	if (error == SSL_ERROR_SYSCALL)
		return ENDED;
	errno = EPROTO;
	return BROKEN;
}

static int read_some(struct smtp_stream *stream, char *data, gsize size, gsize *count)
{
	if (!stream->ssl) {
		ssize_t got;

		do
			got = recv(stream->fd, data, size, MSG_DONTWAIT);
		while (got < 0 && errno == EINTR);
		*count = (gsize)MAX(got, 0);
		return plain_flow(got, POLLIN);
	}
	ERR_clear_error();
	return tls_flow(stream, SSL_read_ex(stream->ssl, data, size, count));
}

static int write_some(struct smtp_stream *stream, const char *data, gsize size, gsize *count)
{
	if (!stream->ssl) {
		ssize_t sent;

		do
			sent = send(stream->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		while (sent < 0 && errno == EINTR);
		*count = (gsize)MAX(sent, 0);
		return plain_flow(sent, POLLOUT);
	}
	ERR_clear_error();
	return tls_flow(stream, SSL_write_ex(stream->ssl, data, size, count));
}

/* ---- sending ---- */

enum smtp_stream_result smtp_stream_send(struct smtp_stream *stream, const char *data, gsize length, struct deadline deadline)
{
	while (length > 0) {
		gsize count = 0;
		int flow = write_some(stream, data, length, &count);

		if (flow == MOVED) {
			data += count;
			length -= count;
			continue;
		}
		if (flow == ENDED)
			return SMTP_STREAM_INTERRUPTED;
		if (flow == BROKEN)
			return SMTP_STREAM_FAILED;
		if (deadline_passed(deadline) || !deadline_poll(stream->fd, (short)(flow | POLLIN), deadline))
			return SMTP_STREAM_TIMED_OUT;
		if (flow == POLLOUT && smtp_stream_is_interrupted(stream))
			return SMTP_STREAM_INTERRUPTED;
	}
	return SMTP_STREAM_SENT;
}

const char *smtp_stream_word(enum smtp_stream_result result)
{
	switch (result) {
	case SMTP_STREAM_SENT:
		return "sent";
	case SMTP_STREAM_INTERRUPTED:
		return "interrupted";
	case SMTP_STREAM_TIMED_OUT:
		return "too slow in taking it";
	case SMTP_STREAM_FAILED:
		return g_strerror(errno);
	}
	log_panic("smtp_stream_word: unknown result");
}

/* ---- replies ---- */

static void forget_taken(struct smtp_stream *stream)
{
	memmove(stream->data, stream->data + stream->taken, stream->used - stream->taken);
	stream->used -= stream->taken;
	stream->taken = 0;
}

gboolean smtp_stream_is_interrupted(struct smtp_stream *stream)
{
	gsize count = 0;

	forget_taken(stream);
	if (stream->used > 0)
		return TRUE;
	/* Read and not only looked at: under TLS, what has arrived may be none of the server's words. */
	int flow = read_some(stream, stream->data, sizeof(stream->data), &count);
	stream->used = flow == MOVED ? count : 0;
	return flow == MOVED || flow == ENDED || flow == BROKEN;
}

static gboolean fail(GString *reason, const char *what)
{
	g_string_assign(reason, what);
	return FALSE;
}

gboolean smtp_stream_reply(struct smtp_stream *stream, struct deadline deadline, struct smtp_reply *reply, GString *reason)
{
	for (;;) {
		gsize count = 0;

		switch (smtp_reply_parse(stream->data + stream->taken, stream->used - stream->taken, reply)) {
		case SMTP_REPLY_COMPLETE:
			stream->taken += reply->length;
			return TRUE;
		case SMTP_REPLY_NONSENSE:
			return fail(reason, "an answer that is no SMTP");
		case SMTP_REPLY_INCOMPLETE:
			break;
		}
		/* There is room after this: a reply as long as the buffer is complete or nonsense. */
		forget_taken(stream);
		int flow = read_some(stream, stream->data + stream->used, sizeof(stream->data) - stream->used, &count);
		if (flow == ENDED || flow == BROKEN)
			return fail(reason, flow == ENDED ? "connection closed" : g_strerror(errno));
		if (flow == MOVED)
			stream->used += count;
		/* Asked apart, since a server that drips bytes would never let poll(2) find the time up. */
		else if (!deadline_poll(stream->fd, (short)flow, deadline))
			return fail(reason, "timed out");
		if (deadline_passed(deadline))
			return fail(reason, "timed out");
	}
}

/* ---- TLS ---- */

static gboolean set_name(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	gboolean numeric = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

	if (numeric)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static gboolean set_trust(SSL_CTX *context, const char *ca_file)
{
	if (*ca_file)
		return SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1;
	return SSL_CTX_set_default_verify_paths(context) == 1;
}

static void assign_tls_fault(const struct smtp_stream *stream, GString *reason)
{
	long verified = SSL_get_verify_result(stream->ssl);
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	if (SSL_get_verify_mode(stream->ssl) != SSL_VERIFY_NONE && verified != X509_V_OK)
		why = X509_verify_cert_error_string(verified);
	g_string_printf(reason, "no TLS: %s", why ? why : "connection closed");
	ERR_clear_error();
}

static gboolean shake_hands(struct smtp_stream *stream, struct deadline deadline, GString *reason)
{
	for (;;) {
		ERR_clear_error();
		int flow = tls_flow(stream, SSL_connect(stream->ssl));

		if (flow == MOVED)
			return TRUE;
		if (flow == ENDED || flow == BROKEN) {
			assign_tls_fault(stream, reason);
			return FALSE;
		}
		if (deadline_passed(deadline) || !deadline_poll(stream->fd, (short)flow, deadline))
			return fail(reason, "no TLS: timed out");
	}
}

gboolean smtp_stream_start_tls(struct smtp_stream *stream, const struct smtp_tls *tls, struct deadline deadline, GString *reason)
{
	if (stream->taken < stream->used)
		return fail(reason, "plain text after STARTTLS");
	stream->context = SSL_CTX_new(TLS_client_method());
	if (!stream->context || SSL_CTX_set_min_proto_version(stream->context, TLS1_2_VERSION) != 1)
		log_fatal("no memory for TLS");
	if (tls->verify && !set_trust(stream->context, tls->ca_file)) {
		ERR_clear_error();
		return fail(reason, "no TLS: smtp_tls_ca_file cannot be read, or holds no certificate");
	}
	SSL_CTX_set_mode(stream->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(stream->context, tls->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	stream->ssl = SSL_new(stream->context);
	if (!stream->ssl || SSL_set_fd(stream->ssl, stream->fd) != 1 || !set_name(stream->ssl, tls->host))
		log_fatal("no memory for a TLS connection");
	return shake_hands(stream, deadline, reason);
}
