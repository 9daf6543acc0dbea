/*
 * Sending netstrings; see qmqp_send.h. A server that gives up stops reading, so its answer is looked for
 * only when there is no room: no poll and no system call for each recipient. One write carries some 2,000
 * recipients.
 */
#include "lib/relay/qmqp_send.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { BUFFER_SIZE = 64 * 1024, LENGTH_SIZE = 24 };

struct qmqp_send {
	int fd;
	struct deadline deadline;
	enum qmqp_send_result result;
	gsize used;
	char buffer[BUFFER_SIZE];
};

gboolean qmqp_send_is_interrupted(int fd)
{
	char byte;
	ssize_t count = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return count >= 0 || (errno != EAGAIN && errno != EINTR);
}

enum qmqp_send_result qmqp_send_bytes(int fd, const char *data, gsize length, struct deadline deadline)
{
	while (length > 0) {
		ssize_t count = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count > 0) {
			data += count;
			length -= (gsize)count;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			return QMQP_SEND_INTERRUPTED;
		if (errno != EAGAIN)
			return QMQP_SEND_FAILED;
		if (!deadline_poll(fd, POLLIN | POLLOUT, deadline))
			return QMQP_SEND_TIMED_OUT;
		if (qmqp_send_is_interrupted(fd))
			return QMQP_SEND_INTERRUPTED;
	}
	return QMQP_SENT;
}

struct qmqp_send *qmqp_send_new(int fd, struct deadline deadline)
{
	struct qmqp_send *send = g_new(struct qmqp_send, 1);

	send->fd = fd;
	send->deadline = deadline;
	send->result = QMQP_SENT;
	send->used = 0;
	return send;
}

static void pass_on(struct qmqp_send *send, const char *data, gsize length)
{
	if (send->result == QMQP_SENT)
		send->result = qmqp_send_bytes(send->fd, data, length, send->deadline);
}

static void add(struct qmqp_send *send, const char *data, gsize length)
{
	if (length > BUFFER_SIZE - send->used) {
		pass_on(send, send->buffer, send->used);
		send->used = 0;
	}
	/* The message itself goes out from where it is mapped. */
	if (length > BUFFER_SIZE) {
		pass_on(send, data, length);
		return;
	}
	memcpy(send->buffer + send->used, data, length);
	send->used += length;
}

void qmqp_send_length(struct qmqp_send *send, gsize length)
{
	char text[LENGTH_SIZE];
	int size = g_snprintf(text, sizeof(text), "%zu:", length);

	add(send, text, (gsize)size);
}

void qmqp_send_netstring(struct qmqp_send *send, const char *data, gsize length)
{
	qmqp_send_length(send, length);
	if (length > 0)
		add(send, data, length);
	add(send, ",", 1);
}

enum qmqp_send_result qmqp_send_end(struct qmqp_send *send)
{
	pass_on(send, send->buffer, send->used);
	enum qmqp_send_result result = send->result;
	int saved_errno = errno;
	explicit_bzero(send->buffer, sizeof(send->buffer));
	g_free(send);
	errno = saved_errno;
	return result;
}

gsize qmqp_send_size(gsize length)
{
	gsize size = length + 2; /* ":" and "," */

	do {
		size++;
		length /= 10;
	} while (length > 0);
	return size;
}
