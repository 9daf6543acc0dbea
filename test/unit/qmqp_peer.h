/*
 * The other side of a QMQP connection, for tests: a thread that reads, answers, stalls and hangs up as
 * its script says. It never asserts; what it saw is looked at after peer_end().
 */
#ifndef ROLLCALL_TEST_UNIT_QMQP_PEER_H
#define ROLLCALL_TEST_UNIT_QMQP_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/relay/qmqp.h"

/* When the answer is given. */
enum peer_moment {
	PEER_AT_ONCE,   /* before it reads anything */
	PEER_MIDWAY,    /* when it has read all but the last byte and the test says so: peer_go_on() */
	PEER_AT_END,    /* when it has read the last byte */
};

struct peer_script {
	enum peer_moment moment;
	const char *answer;
	gsize length;       /* of the answer; 0: its strlen */
	gsize repeat;       /* the answer so many times more */
	gboolean dribble;   /* one byte at a time */
	gboolean hold;      /* keep the connection open until the test ends, else close it after the answer */
	gboolean deaf;      /* never read at all */
};

struct peer {
	struct peer_script script;
	char *directory, *path, *endpoint;
	int listener, connection;
	gsize expected;    /* bytes up to and with the last; 0 before its length is known */
	GString *heard;
	GThread *thread;
	int go[2];         /* the test lets it go on */
	int ready[2];      /* it has answered, or closed */
	int stop[2];       /* the test is over */
	gboolean saw_end;  /* the client closed */
};

/* Waits until there is something to read or the test is over. */
static inline gboolean peer_can_read(struct peer *peer)
{
	struct pollfd fds[] = {{.fd = peer->connection, .events = POLLIN}, {.fd = peer->stop[0], .events = POLLIN}};

	poll(fds, 2, -1);
	return fds[0].revents != 0;
}

/* The outer netstring says how much is to come. */
static inline void peer_learn_length(struct peer *peer)
{
	char *end = memchr(peer->heard->str, ':', peer->heard->len);

	if (end && peer->expected == 0)
		peer->expected = (gsize)(end - peer->heard->str) + 1 + g_ascii_strtoull(peer->heard->str, NULL, 10) + 1;
}

/* Reads until all but `missing` bytes are there. FALSE when the client closed or the test is over. */
static inline gboolean peer_listen(struct peer *peer, gsize missing)
{
	char data[65536];

	while (peer->expected == 0 || peer->heard->len + missing < peer->expected) {
		if (!peer_can_read(peer))
			return FALSE;
		ssize_t count = read(peer->connection, data, sizeof(data));
		if (count <= 0) {
			peer->saw_end = TRUE;
			return FALSE;
		}
		g_string_append_len(peer->heard, data, count);
		peer_learn_length(peer);
	}
	return TRUE;
}

static inline void peer_answer(struct peer *peer)
{
	const struct peer_script *script = &peer->script;
	gsize length = script->length ? script->length : script->answer ? strlen(script->answer) : 0;

	for (gsize round = 0; round <= script->repeat && length > 0; round++) {
		gsize step = script->dribble ? 1 : length;

		for (gsize at = 0; at < length; at += step)
			if (send(peer->connection, script->answer + at, step, MSG_NOSIGNAL) < 0)
				return;
			else if (script->dribble)
				g_usleep(500);
	}
}

static inline void peer_say_ready(struct peer *peer)
{
	if (write(peer->ready[1], "", 1) != 1)
		g_error("peer: pipe");
}

static inline void *peer_run(void *data)
{
	struct peer *peer = data;
	sigset_t all;
	char byte;
	static const gsize missing[] = {[PEER_MIDWAY] = 1, [PEER_AT_END] = 0};

	/* Signals are for the side that is tested. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	peer->connection = accept(peer->listener, NULL, NULL);
	if (peer->connection < 0)
		return NULL;
	gboolean heard = peer->script.moment == PEER_AT_ONCE || peer_listen(peer, missing[peer->script.moment]);
	if (heard && peer->script.moment == PEER_MIDWAY)
		heard = read(peer->go[0], &byte, 1) == 1;
	if (heard)
		peer_answer(peer);
	if (heard && !peer->script.hold)
		io_close(&peer->connection);
	peer_say_ready(peer);
	/* A server that holds the connection either listens on or does not care. */
	if (peer->connection >= 0 && !peer->script.deaf)
		while (!peer->saw_end && peer_can_read(peer)) {
			char rest[65536];
			ssize_t count = read(peer->connection, rest, sizeof(rest));

			peer->saw_end = count <= 0;
			g_string_append_len(peer->heard, rest, MAX(count, 0));
		}
	else if (peer->connection >= 0)
		poll(&(struct pollfd){.fd = peer->stop[0], .events = POLLIN}, 1, -1);
	return NULL;
}

static inline struct peer *peer_new(const struct peer_script *script)
{
	struct peer *peer = g_new0(struct peer, 1);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	peer->script = *script;
	peer->heard = g_string_new(NULL);
	peer->directory = g_dir_make_tmp("rollcall-qmqp-XXXXXX", NULL);
	peer->path = g_build_filename(peer->directory, "s", NULL);
	peer->endpoint = g_strdup_printf("unix:%s", peer->path);
	g_strlcpy(address.sun_path, peer->path, sizeof(address.sun_path));
	peer->connection = -1;
	peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->listener, 0), 0);
	assert_int_equal(pipe(peer->go), 0);
	assert_int_equal(pipe(peer->ready), 0);
	assert_int_equal(pipe(peer->stop), 0);
	return peer;
}

static inline struct peer *peer_start(const struct peer_script *script)
{
	struct peer *peer = peer_new(script);

	peer->thread = g_thread_new("peer", peer_run, peer);
	return peer;
}

/* Lets a peer midway answer or close as its script says, and waits until it has. */
static inline void peer_go_on(struct peer *peer)
{
	char byte = 0;

	assert_int_equal(write(peer->go[1], &byte, 1), 1);
	assert_int_equal(read(peer->ready[0], &byte, 1), 1);
}

/* Ends the thread; what it saw can be looked at until peer_free(). */
static inline void peer_end(struct peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR);
	io_close(&peer->stop[1]);
	io_close(&peer->go[1]);
	if (peer->thread)
		g_thread_join(g_steal_pointer(&peer->thread));
}

static inline void peer_free(struct peer *peer)
{
	peer_end(peer);
	io_close(&peer->listener);
	close(peer->stop[0]);
	close(peer->go[0]);
	close(peer->ready[0]);
	close(peer->ready[1]);
	io_close(&peer->connection);
	unlink(peer->path);
	rmdir(peer->directory);
	g_string_free(peer->heard, TRUE);
	g_free(peer->directory);
	g_free(peer->path);
	g_free(peer->endpoint);
	g_free(peer);
}

/* ---- what is sent ---- */

static inline struct recipients *some_recipients(guint count)
{
	struct recipients *recipients = recipients_new();

	for (guint i = 0; i < count; i++) {
		/* Lengths from 7 to 250 bytes, so that each number of digits comes up. */
		g_autofree char *domain = g_strnfill(i % 4 == 3 ? 1 + i * 7 % 60 : 1 + i % 3, 'd');
		g_autofree char *address = g_strdup_printf("m%u@%s.%s.%s.%s", i, domain, domain, domain, domain);

		recipients_add(recipients, address);
	}
	recipients_seal(recipients);
	return recipients;
}

static inline struct deadline deadline_ms(guint milliseconds)
{
	return (struct deadline){.at = g_get_monotonic_time() + (gint64)milliseconds * 1000};
}

#endif
