/*
 * What the load clients (qmqp_floor.c, smtp_floor.c, lmtp_load.c) have in common: PROGRAM WHERE SENDER MESSAGE-FILE RECIPIENTS-FILE
 * CONNECTIONS SECONDS POSTS. So many processes each make one post after the other until the seconds are over (0: no limit) or POSTS are
 * made (0: no limit; one at least). The message has LF at the ends of its lines; 16 times '@' in it become a number that no other post has. WHERE is unix:/PATH or inet:127.0.0.1:PORT.
 * Prints "ELAPSED POSTS", then the seconds of each post, one a line. Own code on purpose: it shares nothing with what it measures.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOAD_NUMBER = 16, LOAD_INPUT = 65536 };

struct load {
	const char *where, *sender;
	GString *message;
	char **recipients; /* none of them empty */
	guint connections, place; /* `place`: which of the connections this process is */
	double seconds;
	guint64 posts;
	/* The connection; what was read and not yet used. */
	int fd;
	gsize start, stop;
	char input[LOAD_INPUT];
};

/* One post; its seconds, or less than 0 when something went wrong (which has been said). */
typedef double (*load_post)(struct load *load);

static inline double load_now(void)
{
	return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static inline double load_fail(const char *doing, const char *said)
{
	fprintf(stderr, "%s: %s\n", doing, said);
	return -1;
}

/* Makes the 16 bytes at `place` a number of their own. */
static inline void load_number(const struct load *load, char *place)
{
	char text[LOAD_NUMBER + 1];

	g_snprintf(text, sizeof(text), "%012" G_GINT64_MODIFIER "x%04x", (guint64)g_get_real_time() & G_GUINT64_CONSTANT(0xffffffffffff), load->place & 0xffff);
	memcpy(place, text, LOAD_NUMBER);
}

static inline gboolean load_connect(struct load *load)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr_in inet = {.sin_family = AF_INET};
	const char *colon = strrchr(load->where, ':');
	gboolean is_unix = g_str_has_prefix(load->where, "unix:");
	const struct sockaddr *address = is_unix ? (const struct sockaddr *)&local : (const struct sockaddr *)&inet;
	const int on = 1;

	g_strlcpy(local.sun_path, colon + 1, sizeof(local.sun_path));
	inet.sin_port = htons((guint16)g_ascii_strtoull(colon + 1, NULL, 10));
	inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	load->start = load->stop = 0;
	load->fd = socket(address->sa_family, SOCK_STREAM, 0);
	if (!is_unix)
		setsockopt(load->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(load->fd, address, is_unix ? sizeof(local) : sizeof(inet)) == 0;
}

static inline void load_close(struct load *load)
{
	close(load->fd);
	load->fd = -1;
}

/* Waits by poll(2), which wakes when there is room again; a send(2) that waits by itself is woken at each piece that the other side has read. */
static inline gboolean load_send(const struct load *load, const char *data, gsize length)
{
	while (length > 0) {
		struct pollfd ready = {.fd = load->fd, .events = POLLOUT};
		ssize_t count = send(load->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count > 0) {
			data += count;
			length -= (gsize)count;
		} else if (count == 0 || errno != EAGAIN || poll(&ready, 1, -1) < 0) {
			return FALSE;
		}
	}
	return TRUE;
}

/* The next line without its end; NULL when the other side has left. Valid until the next call. */
static inline const char *load_line(struct load *load)
{
	for (;;) {
		char *end = memchr(load->input + load->start, '\n', load->stop - load->start);

		if (end) {
			const char *line = load->input + load->start;

			*end = '\0';
			load->start = (gsize)(end - load->input) + 1;
			return line;
		}
		memmove(load->input, load->input + load->start, load->stop - load->start);
		load->stop -= load->start;
		load->start = 0;
		ssize_t count = read(load->fd, load->input + load->stop, sizeof(load->input) - load->stop);
		if (count <= 0)
			return NULL;
		load->stop += (gsize)count;
	}
}

/* The last line of the next reply when it begins with `want`; else NULL, and what came is said. */
static inline const char *load_reply(struct load *load, const char *want)
{
	const char *line;

	do
		line = load_line(load);
	while (line && strlen(line) > 3 && line[3] == '-');
	if (line && g_str_has_prefix(line, want))
		return line;
	load_fail(want, line ? line : "connection closed");
	return NULL;
}

static inline gboolean load_command(struct load *load, const char *text, const char *want)
{
	return load_send(load, text, strlen(text)) && load_reply(load, want);
}

/* The message as SMTP has it: CRLF, leading dots doubled, without the final dot. */
static inline GString *load_stuffed(const GString *message)
{
	GString *out = g_string_sized_new(message->len + message->len / 16);

	for (gsize i = 0; i < message->len; i++) {
		if (message->str[i] == '.' && (i == 0 || message->str[i - 1] == '\n'))
			g_string_append_c(out, '.');
		if (message->str[i] == '\n')
			g_string_append_c(out, '\r');
		g_string_append_c(out, message->str[i]);
	}
	return out;
}

static inline void load_child(struct load *load, load_post post, int go, int results)
{
	char byte;

	(void)!read(go, &byte, 1);
	double end = load_now() + load->seconds;
	for (guint64 made = 0; made == 0 || ((load->posts == 0 || made < load->posts) && (load->seconds <= 0 || load_now() < end)); made++) {
		double seconds = post(load);

		if (write(results, &seconds, sizeof(seconds)) != sizeof(seconds) || seconds < 0)
			_exit(1);
	}
	_exit(0);
}

/* Starts the processes, which wait for the end of `go`. Returns where their results come from. */
static inline int load_start(struct load *load, load_post post, int *go)
{
	int ready[2], results[2];

	if (pipe(ready) != 0 || pipe(results) != 0)
		return -1;
	for (load->place = 0; load->place < load->connections; load->place++)
		if (fork() == 0) {
			close(ready[1]);
			load_child(load, post, ready[0], results[1]);
		}
	close(ready[0]);
	close(results[1]);
	*go = ready[1];
	return results[0];
}

static inline int load_measure(struct load *load, load_post post)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
	double seconds;
	int go, status = 0, results = load_start(load, post, &go);

	if (results < 0)
		return 1;
	double start = load_now(), end = start;
	close(go);
	while (read(results, &seconds, sizeof(seconds)) == sizeof(seconds)) {
		g_array_append_val(all, seconds);
		end = load_now();
	}
	for (int each; wait(&each) > 0;)
		status |= each;
	printf("%.6f %u\n", end - start, all->len);
	for (guint i = 0; i < all->len; i++)
		printf("%.6f\n", g_array_index(all, double, i));
	return status ? 1 : 0;
}

static inline int load_main(int argc, char **argv, load_post post)
{
	static struct load load = {.fd = -1};
	g_autofree char *message = NULL, *list = NULL;
	gsize length;

	if (argc != 8 || !g_file_get_contents(argv[3], &message, &length, NULL) || !g_file_get_contents(argv[4], &list, NULL, NULL)) {
		fprintf(stderr, "%s WHERE SENDER MESSAGE-FILE RECIPIENTS-FILE CONNECTIONS SECONDS POSTS\n", argv[0]);
		return 64;
	}
	g_auto(GStrv) recipients = g_strsplit(g_strchomp(list), "\n", -1);
	load.where = argv[1];
	load.sender = argv[2];
	load.message = g_string_new_len(message, (gssize)length);
	load.recipients = recipients;
	load.connections = (guint)g_ascii_strtoull(argv[5], NULL, 10);
	load.seconds = g_ascii_strtod(argv[6], NULL);
	load.posts = g_ascii_strtoull(argv[7], NULL, 10);
	int status = load_measure(&load, post);
	g_string_free(load.message, TRUE);
	return status;
}
