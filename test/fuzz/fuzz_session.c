/* room: intake */
/*
 * A whole LMTP session from bytes, with handlers that accept much. Whatever the client says: replies are printable lines
 * with a code, a post is clean and comes at most once, and there are never more final replies than recipients.
 * The first byte chooses the pieces in which the bytes arrive, trust, and whether TLS is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lmtpd/intake/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	BIT_TRUSTED = 1,
	BIT_TLS = 2,
	BIT_SMALL_PIECES = 4,
	MOST_INPUT = 60000, /* bytes; what a socket pair holds */
	MOST_PIECES = 50,   /* packets; each costs a socket buffer far more than its bytes */
};

static struct verdict route(void *context, struct session_recipient *recipient)
{
	switch (recipient->address[0]) {
	case 'x':
		return verdict_refused("5.1.1", "no such list");
	case 'y':
		return verdict_deferred("4.3.0", "later");
	case 'z':
		return verdict_sent("that is no route");
	default:
		recipient->list = g_strdup(recipient->address);
		return VERDICT_UNDECIDED;
	}
}

static void idle(void *context)
{
}

static void check_message(int message)
{
	struct io_mapping mapping;

	if (!io_map(message, FALSE, &mapping))
		abort();
	for (size_t i = 0; i < mapping.length; i++) {
		char c = mapping.data[i];

		if (c == '\0' || (c == '\n' && (i == 0 || mapping.data[i - 1] != '\r')) ||
			(c == '\r' && (i + 1 == mapping.length || mapping.data[i + 1] != '\n')))
			abort();
	}
	if (mapping.length > 0 && mapping.data[mapping.length - 1] != '\n')
		abort();
	io_unmap(&mapping);
}

static void post(void *context, struct session_envelope *envelope, int message)
{
	guint *posts = context;

	if (++*posts > 1 || envelope->recipients->len == 0 || !envelope->sender)
		abort();
	check_message(message);
	for (guint i = 0; i < envelope->recipients->len; i++) {
		struct session_recipient *recipient = g_ptr_array_index(envelope->recipients, i);

		if (i % 2 == 0)
			recipient->verdict = verdict_sent("queued for %s", recipient->list);
	}
}

/* Every packet is one read(2) of the session. */
static void send_pieces(int fd, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece)
		if (send(fd, data + at, MIN(piece, size - at), MSG_DONTWAIT) < 0)
			abort();
	shutdown(fd, SHUT_WR);
}

static void check_replies(int fd)
{
	struct io_mapping mapping;

	if (!io_map(fd, FALSE, &mapping) || mapping.length < 5)
		abort();
	const char *line = mapping.data, *stop = mapping.data + mapping.length;
	while (line < stop) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));

		if (!end || end - line < 5 || end - line > 511 || end[-1] != '\r' || line[0] < '2' || line[0] > '5' ||
			(line[3] != ' ' && line[3] != '-'))
			abort();
		for (const char *c = line; c < end - 1; c++)
			if (*c < 32 || *c > 126)
				abort();
		line = end + 1;
	}
	io_unmap(&mapping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int in[2], control[2] = {-1, -1}, out = io_memory_file("replies");
	guint posts = 0;
	const struct session_handlers handlers = {.context = &posts, .route = route, .idle = idle, .post = post};

	if (size == 0 || size > MOST_INPUT || out < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, in) != 0) {
		io_close(&out);
		return 0;
	}
	size_t piece = (data[0] & BIT_SMALL_PIECES) ? size / MOST_PIECES + 1 + (data[0] >> 3) : size;
	send_pieces(in[0], data + 1, size - 1, piece);
	if ((data[0] & BIT_TLS) && (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control) != 0 ||
					   !handoff_say(control[0], HANDOFF_UP, "TLSv1.3 x", deadline_in(1))))
		abort();
	const struct session_config config = {
		.hostname = "mx.example.org",
		.message_size_limit = 2000,
		.recipients_limit = 5,
		.command_deadline = 5,
		.session_deadline = 5,
		.post_deadline = 5,
		.trusted = data[0] & BIT_TRUSTED,
		.tls_control = control[1],
	};
	session_serve(&config, &handlers, in[1], out);
	check_replies(out);
	for (int i = 0; i < 2; i++) {
		io_close(&in[i]);
		io_close(&control[i]);
	}
	io_close(&out);
	return 0;
}
