/* The sd_notify protocol; see notify.h. libsystemd is not worth its weight for one datagram. */
#include "lib/base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#include "lib/base/io.h"
#include "lib/base/text.h"

void notify_service_manager(const char *state)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	g_autofree char *text = NULL;

	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	io_autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Type=notify-reload wants to know when the reload began. */
	text = strcmp(state, "RELOADING=1") == 0
		? g_strdup_printf("%s\nMONOTONIC_USEC=%" G_GINT64_FORMAT, state, g_get_monotonic_time())
		: g_strdup(state);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd >= 0)
		(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
}

int notify_watchdog_interval(void)
{
	const char *text = g_getenv("WATCHDOG_USEC");
	guint64 usec;

	if (!text || !text_parse_number(text, strlen(text), 1000, G_MAXUINT32, &usec))
		return -1;
	return (int)(usec / 2000);
}
