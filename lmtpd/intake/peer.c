/* The peer's user; see peer.h. */
#include "lmtpd/intake/peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/io.h"

gboolean peer_is_allowed(int fd, const GArray *users, uid_t *uid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof(peer))
		return FALSE;
	*uid = peer.uid;
	/* The kernel's word for "nobody I know", e.g. a user of another namespace. */
	if (peer.uid == (uid_t)-1)
		return FALSE;
	if (peer.uid == geteuid())
		return TRUE;
	for (guint i = 0; i < users->len; i++)
		if (g_array_index(users, uid_t, i) == peer.uid)
			return TRUE;
	return FALSE;
}

void peer_refuse(int fd, const char *hostname)
{
	g_autofree char *line = g_strdup_printf("550 5.7.1 %s You may not speak LMTP here\r\n", hostname);

	/* What does not fit into the socket at once is not worth waiting for. */
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}
