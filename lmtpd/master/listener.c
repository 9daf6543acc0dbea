/*
 * Listening sockets; see listener.h. They are non-blocking: around a reload two generations wait for the same connection, and
 * the slower one must not sleep in accept(2) with its signals blocked.
 */
#include "lmtpd/master/listener.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/privilege.h"
#include "lmtpd/master/passed.h"

enum { BACKLOG = 1024 };

static gboolean fail(GError **error, const char *endpoint, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "listen %s: %s", endpoint, what);
	return FALSE;
}

static gboolean unix_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	return g_strlcpy(address->sun_path, path, sizeof(address->sun_path)) < sizeof(address->sun_path);
}

/* A socket file that nobody listens on is left over from a crash; one that answers belongs to somebody. */
static gboolean clear_stale(const struct sockaddr_un *address)
{
	struct stat status;
	io_autofd int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (lstat(address->sun_path, &status) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return FALSE;
	}
	if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0) {
		errno = EADDRINUSE;
		return FALSE;
	}
	return unlink(address->sun_path) == 0;
}

static gboolean set_owner(const struct settings *settings, const char *path)
{
	const char *group = settings_text(settings, SET_listen_group, NULL);
	gid_t gid = (gid_t)-1;

	if (chmod(path, (mode_t)settings_number(settings, SET_listen_mode, NULL)) != 0)
		return FALSE;
	if (geteuid() != 0 || *group == '\0')
		return TRUE;
	if (!privilege_find_group(group, &gid)) {
		errno = ENOENT;
		return FALSE;
	}
	return chown(path, (uid_t)-1, gid) == 0;
}

static int open_unix(const struct settings *settings, const char *endpoint, GError **error)
{
	const char *path = endpoint + strlen("unix:");
	struct sockaddr_un address;
	io_autofd int fd = -1;

	if (*path != '/' || !unix_address(path, &address)) {
		fail(error, endpoint, "expected unix:/PATH of at most 107 bytes");
		return -1;
	}
	if (!clear_stale(&address)) {
		fail(error, endpoint, g_strerror(errno));
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody may connect between bind and chmod. */
	mode_t mask = umask(0777);
	gboolean bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	if (!bound || !set_owner(settings, path) || listen(fd, BACKLOG) != 0) {
		fail(error, endpoint, g_strerror(errno));
		return -1;
	}
	return io_steal_fd(&fd);
}

static int open_inet(const char *endpoint, GError **error)
{
	const char *colon = strrchr(endpoint, ':');
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	g_autofree char *host = NULL;
	io_autofd int fd = -1;
	const int on = 1;

	if (colon > endpoint + strlen("inet:"))
		host = g_strndup(endpoint + strlen("inet:"), (gsize)(colon - endpoint) - strlen("inet:"));
	/* [::1] as in URLs is taken too. */
	if (host && host[0] == '[' && g_str_has_suffix(host, "]")) {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (!host || getaddrinfo(host, colon + 1, &hints, &found) != 0) {
		fail(error, endpoint, "expected inet:ADDRESS:PORT with numbers");
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	gboolean bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
	freeaddrinfo(found);
	if (!bound) {
		fail(error, endpoint, g_strerror(errno));
		return -1;
	}
	return io_steal_fd(&fd);
}

static void listener_free(void *data)
{
	struct listener *listener = data;

	io_close(&listener->fd);
	g_free(listener->endpoint);
	g_free(listener);
}

static int take_over(GPtrArray *open, const char *endpoint)
{
	for (guint i = 0; open && i < open->len; i++) {
		const struct listener *listener = g_ptr_array_index(open, i);

		if (strcmp(listener->endpoint, endpoint) == 0)
			return dup(listener->fd);
	}
	return -1;
}

static int open_one(const struct settings *settings, const char *endpoint, GError **error)
{
	if (g_str_has_prefix(endpoint, "inet:"))
		return open_inet(endpoint, error);
	if (g_str_has_prefix(endpoint, "unix:"))
		return open_unix(settings, endpoint, error);
	fail(error, endpoint, "expected unix:/PATH or inet:ADDRESS:PORT");
	return -1;
}

GPtrArray *listener_open_all(const struct settings *settings, GPtrArray *open, GError **error)
{
	g_autoptr(GPtrArray) listeners = g_ptr_array_new_with_free_func(listener_free);
	const char *const *endpoint = settings_strings(settings, SET_listen, NULL);
	g_autofree char *unnamed = passed_unnamed(endpoint);

	if (unnamed) {
		fail(error, unnamed, "this socket was passed to us and is not named in listen");
		return NULL;
	}
	for (; *endpoint; endpoint++) {
		int passed = passed_socket(*endpoint);
		int fd = passed >= 0 ? dup(passed) : take_over(open, *endpoint);

		if (fd < 0)
			fd = open_one(settings, *endpoint, error);
		if (fd < 0)
			return NULL;
		struct listener *listener = g_new0(struct listener, 1);
		*listener = (struct listener){.endpoint = g_strdup(*endpoint), .fd = fd, .tcp = g_str_has_prefix(*endpoint, "inet:"), .passed = passed >= 0};
		g_ptr_array_add(listeners, listener);
	}
	return g_steal_pointer(&listeners);
}

static gboolean has_endpoint(GPtrArray *listeners, const char *endpoint)
{
	for (guint i = 0; i < listeners->len; i++)
		if (strcmp(((struct listener *)g_ptr_array_index(listeners, i))->endpoint, endpoint) == 0)
			return TRUE;
	return FALSE;
}

void listener_retire(GPtrArray *before, GPtrArray *after)
{
	for (guint i = 0; i < before->len; i++) {
		const struct listener *listener = g_ptr_array_index(before, i);

		if (!listener->tcp && !listener->passed && !(after && has_endpoint(after, listener->endpoint)))
			unlink(listener->endpoint + strlen("unix:"));
	}
	g_ptr_array_unref(before);
}
