/*
 * Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED). The socket's file mode keeps others out;
 * this holds when somebody has loosened it. For the intake parent, before it forks: getsockopt(2) is not for children.
 */
#ifndef ROLLCALL_INTAKE_PEER_H
#define ROLLCALL_INTAKE_PEER_H

#include <glib.h>
#include <sys/types.h>

/** Whether the peer runs as one of `users` (array of uid_t) or as our own effective user. `*uid` is the peer's, for the log. */
gboolean peer_is_allowed(int fd, const GArray *users, uid_t *uid) G_GNUC_WARN_UNUSED_RESULT;

/** Tells a peer that it may not speak here, without ever waiting for it. The caller closes. */
void peer_refuse(int fd, const char *hostname);

#endif
