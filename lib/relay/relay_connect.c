/*
 * Connecting to a server; see relay_connect.h. No host names: with them each post would hang on DNS
 * (HOSTILE S1).
 *
 * The connect itself blocks, bounded by SO_SNDTIMEO: a non-blocking connect to a unix socket whose queue
 * is full fails at once instead of waiting its turn, and a busy qmqpd is not a dead one.
 */
#include "lib/relay/relay_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/io.h"

union address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

static socklen_t read_unix(const char *path, union address *address)
{
	address->local = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path[0] != '/')
		return 0;
	if (g_strlcpy(address->local.sun_path, path, sizeof(address->local.sun_path)) >=
		sizeof(address->local.sun_path))
		return 0;
	return sizeof(address->local);
}

static socklen_t read_inet(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;

	if (!colon || colon == text || colon[1] == '\0')
		return 0;
	gboolean bracketed = text[0] == '[' && colon[-1] == ']';
	g_autofree char *host = g_strndup(text + bracketed, (gsize)(colon - text) - 2 * (gsize)bracketed);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return 0;
	socklen_t length = found->ai_addrlen;
	memcpy(address, found->ai_addr, length);
	freeaddrinfo(found);
	return length;
}

static gboolean connect_before(int fd, const union address *address, socklen_t length, struct deadline deadline)
{
	for (;;) {
		int left = deadline_left(deadline);
		struct timeval wait = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

		/* A timeout of 0 would mean for ever. */
		if (left == 0) {
			errno = ETIMEDOUT;
			return FALSE;
		}
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
			return FALSE;
		/* After a signal, Linux goes on with the connect that is under way. */
		if (connect(fd, &address->any, length) == 0 || errno == EISCONN)
			return TRUE;
		if (errno != EINTR && errno != EAGAIN && errno != EINPROGRESS && errno != EALREADY)
			return FALSE;
	}
}

int relay_connect(const char *endpoint, struct deadline deadline)
{
	union address address = {0};
	socklen_t length = 0;
	const int on = 1;

	if (g_str_has_prefix(endpoint, "unix:"))
		length = read_unix(endpoint + strlen("unix:"), &address);
	else if (g_str_has_prefix(endpoint, "inet:"))
		length = read_inet(endpoint + strlen("inet:"), &address);
	if (length == 0) {
		errno = EINVAL;
		return -1;
	}
	io_autofd int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect_before(fd, &address, length, deadline))
		return -1;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	/* The last byte goes alone and must not wait for the peer's delayed acknowledgement. */
	if (address.any.sa_family != AF_UNIX && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		return -1;
	return io_steal_fd(&fd);
}
