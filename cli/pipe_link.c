/*
 * rollcall-pipe's connection; see pipe_link.h. The socket never blocks: every wait is a poll with what is left of the
 * deadline, so neither a silent nor a slow server holds a delivery longer than allowed. Sending watches for input
 * as well, since a server that gives up in the middle of DATA answers and stops reading.
 */
#include "cli/pipe_link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pipe_link_allow(struct pipe_link *link, int seconds)
{
	link->deadline_ms = now_ms() + (int64_t)seconds * 1000;
}

/* Waits for `events`; returns what is there, 0 when the deadline has passed. */
static short wait_for(const struct pipe_link *link, short events)
{
	struct pollfd wanted = {.fd = link->fd, .events = events};
	int64_t left;

	while ((left = link->deadline_ms - now_ms()) > 0) {
		int ready = poll(&wanted, 1, left > INT_MAX ? INT_MAX : (int)left);

		if (ready > 0)
			return wanted.revents;
		if (ready < 0 && errno != EINTR)
			return POLLERR;
	}
	return 0;
}

/* A non-blocking connect to a unix socket whose backlog is full does not wait: it says EAGAIN. So we wait. */
static int try_connect(const struct pipe_link *link, const struct sockaddr *address, socklen_t size)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	while (connect(link->fd, address, size) < 0) {
		if (errno == EISCONN)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
		if (now_ms() >= link->deadline_ms) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static enum pipe_link_state connect_to(struct pipe_link *link, const struct sockaddr *address, socklen_t size)
{
	int error = 0;
	socklen_t length = sizeof(error);

	link->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return PIPE_LINK_LOST;
	if (try_connect(link, address, size) == 0)
		return PIPE_LINK_OK;
	if (errno == ETIMEDOUT)
		return PIPE_LINK_LATE;
	if (errno != EINPROGRESS && errno != EALREADY)
		return PIPE_LINK_LOST;
	if (!wait_for(link, POLLOUT))
		return PIPE_LINK_LATE;
	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return PIPE_LINK_LOST;
	errno = error;
	return error ? PIPE_LINK_LOST : PIPE_LINK_OK;
}

static enum pipe_link_state open_unix(struct pipe_link *link, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	errno = ENAMETOOLONG;
	if (length >= sizeof(address.sun_path))
		return PIPE_LINK_LOST;
	memcpy(address.sun_path, path, length);
	return connect_to(link, (const struct sockaddr *)&address, sizeof(address));
}

/* "host:port" or "[address]:port" into two strings within `copy`. */
static bool split_host(char *copy, char **host, char **port)
{
	char *colon = strrchr(copy, ':');
	size_t length;

	if (!colon)
		return false;
	*colon = '\0';
	*host = copy;
	*port = colon + 1;
	length = strlen(copy);
	if (length >= 2 && copy[0] == '[' && copy[length - 1] == ']') {
		copy[length - 1] = '\0';
		*host = copy + 1;
	}
	return **host != '\0' && **port != '\0';
}

static enum pipe_link_state open_inet(struct pipe_link *link, const char *where)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *addresses = NULL;
	enum pipe_link_state state = PIPE_LINK_LOST;
	char copy[300];
	char *host, *port;
	int saved;

	errno = EINVAL;
	if (strlen(where) >= sizeof(copy))
		return PIPE_LINK_LOST;
	memcpy(copy, where, strlen(where) + 1);
	if (!split_host(copy, &host, &port) || getaddrinfo(host, port, &hints, &addresses) != 0) {
		errno = EINVAL;
		return PIPE_LINK_LOST;
	}
	for (const struct addrinfo *a = addresses; a && state != PIPE_LINK_OK; a = a->ai_next) {
		pipe_link_close(link, NULL);
		state = connect_to(link, a->ai_addr, a->ai_addrlen);
	}
	saved = errno;
	freeaddrinfo(addresses);
	errno = saved;
	return state;
}

enum pipe_link_state pipe_link_open(struct pipe_link *link, const char *where)
{
	link->fd = -1;
	link->start = link->end = 0;
	if (strncmp(where, "unix:", 5) == 0)
		return open_unix(link, where + 5);
	if (strncmp(where, "inet:", 5) == 0)
		return open_inet(link, where + 5);
	errno = EINVAL;
	return PIPE_LINK_LOST;
}

void pipe_link_close(struct pipe_link *link, const char *farewell)
{
	if (link->fd >= 0 && farewell)
		send(link->fd, farewell, strlen(farewell), MSG_NOSIGNAL);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

enum pipe_link_state pipe_link_send(struct pipe_link *link, const char *data, size_t size)
{
	/* What came together with the last reply is here and no longer in the socket. */
	if (link->end > link->start)
		return PIPE_LINK_SPOKE;
	while (size > 0) {
		short ready = wait_for(link, POLLIN | POLLOUT);
		ssize_t sent;

		if (!ready)
			return PIPE_LINK_LATE;
		/* Hung up or not, what it said before is worth reading: it may be the reason. */
		if (ready & (POLLIN | POLLHUP))
			return PIPE_LINK_SPOKE;
		sent = send(link->fd, data, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return PIPE_LINK_LOST;
		if (sent > 0) {
			data += sent;
			size -= (size_t)sent;
		}
	}
	return PIPE_LINK_OK;
}

/* Makes room and receives at least one byte more. */
static enum pipe_link_state receive(struct pipe_link *link)
{
	ssize_t got;

	if (link->start > 0) {
		memmove(link->buffer, link->buffer + link->start, link->end - link->start);
		link->end -= link->start;
		link->start = 0;
	}
	if (link->end == sizeof(link->buffer))
		return PIPE_LINK_GARBAGE;
	do {
		if (!wait_for(link, POLLIN))
			return PIPE_LINK_LATE;
		got = recv(link->fd, link->buffer + link->end, sizeof(link->buffer) - link->end, 0);
	} while (got < 0 && (errno == EAGAIN || errno == EINTR));
	if (got <= 0) {
		errno = got < 0 ? errno : 0;
		return PIPE_LINK_LOST;
	}
	link->end += (size_t)got;
	return PIPE_LINK_OK;
}

enum pipe_link_state pipe_link_line(struct pipe_link *link, char **line)
{
	enum pipe_link_state state;
	size_t length;
	char *end;

	while (!(end = memchr(link->buffer + link->start, '\n', link->end - link->start))) {
		state = receive(link);
		if (state != PIPE_LINK_OK)
			return state;
	}
	*line = link->buffer + link->start;
	length = (size_t)(end - *line);
	link->start += length + 1;
	if (length > 0 && (*line)[length - 1] == '\r')
		length--;
	(*line)[length] = '\0';
	return memchr(*line, '\0', length) ? PIPE_LINK_GARBAGE : PIPE_LINK_OK;
}
