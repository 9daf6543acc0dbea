/* What is passed to us; see passed.h. A static, because it is a fact of the process: descriptors 3 and up, as it was born with them. */
#include "lmtpd/master/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/settings.h"
#include "lib/base/text.h"

enum { FIRST = 3, MOST = 64 };

static guint count; /* descriptors from FIRST on */

union address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

static gboolean fail(GError **error, int fd, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "LISTEN_FDS: descriptor %d %s", fd, what);
	return FALSE;
}

static gboolean take(int fd, GError **error)
{
	int kind = 0, listening = 0;
	socklen_t size = sizeof(kind);
	int flags = fcntl(fd, F_GETFL);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_STREAM ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
		return fail(error, fd, "is no stream socket that listens");
	/* As those of our own: see listener.c. */
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return fail(error, fd, g_strerror(errno));
	return TRUE;
}

gboolean passed_find(GError **error)
{
	const char *whose = g_getenv("LISTEN_PID"), *text = g_getenv("LISTEN_FDS");
	guint64 pid, number;

	if (!whose || !text || !text_parse_number(whose, strlen(whose), 1, G_MAXINT32, &pid) || (pid_t)pid != getpid())
		return TRUE;
	if (!text_parse_number(text, strlen(text), 0, MOST, &number)) {
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "LISTEN_FDS: %s is no number up to %d", text, MOST);
		return FALSE;
	}
	for (; count < number; count++)
		if (!take(FIRST + (int)count, error))
			return FALSE;
	return TRUE;
}

static gboolean read_address(int fd, union address *address, socklen_t *length)
{
	*address = (union address){.storage = {.ss_family = AF_UNSPEC}};
	*length = sizeof(*address);
	return getsockname(fd, &address->any, length) == 0;
}

static gboolean is_at(const union address *address, socklen_t length, const char *endpoint)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *colon = strrchr(endpoint, ':');

	if (g_str_has_prefix(endpoint, "unix:"))
		return address->any.sa_family == AF_UNIX && strcmp(address->local.sun_path, endpoint + strlen("unix:")) == 0;
	if (!g_str_has_prefix(endpoint, "inet:") || colon <= endpoint + strlen("inet:"))
		return FALSE;
	g_autofree char *host = g_strndup(endpoint + strlen("inet:"), (gsize)(colon - endpoint) - strlen("inet:"));
	if (host[0] == '[' && g_str_has_suffix(host, "]")) {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return FALSE;
	gboolean same = found->ai_addrlen == length && memcmp(found->ai_addr, address, length) == 0;
	freeaddrinfo(found);
	return same;
}

int passed_socket(const char *endpoint)
{
	union address address;
	socklen_t length;

	for (int fd = FIRST; fd < FIRST + (int)count; fd++)
		if (read_address(fd, &address, &length) && is_at(&address, length, endpoint))
			return fd;
	return -1;
}

static char *describe(const union address *address, socklen_t length)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (address->any.sa_family == AF_UNIX)
		return g_strdup_printf("unix:%s", address->local.sun_path);
	if (getnameinfo(&address->any, length, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return g_strdup("a socket");
	return g_strdup_printf("inet:%s:%s", host, port);
}

char *passed_unnamed(const char *const *endpoints)
{
	union address address;
	socklen_t length;

	for (int fd = FIRST; fd < FIRST + (int)count; fd++) {
		gboolean named = FALSE;

		if (!read_address(fd, &address, &length))
			return g_strdup("a socket without address");
		for (const char *const *endpoint = endpoints; *endpoint && !named; endpoint++)
			named = is_at(&address, length, *endpoint);
		if (!named)
			return describe(&address, length);
	}
	return NULL;
}
