/*
 * Sockets that were open before we were: who starts us may listen for us and pass them on (LISTEN_FDS, as systemd's sd_listen_fds(3) and s6's fd holder
 * have it). So a restart loses no connection, and we need no right to make them. `listen` still says where Postfix reaches us: a
 * passed socket takes the place of the endpoint with its address, and one that no endpoint names is an error, since its clients would wait for ever.
 */
#ifndef ROLLCALL_MASTER_PASSED_H
#define ROLLCALL_MASTER_PASSED_H

#include <glib.h>

/** Takes note of what was passed to us, once, at start. FALSE with `error` when something else than listening stream sockets came. */
gboolean passed_find(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The passed socket of "unix:/PATH" or "inet:ADDRESS:PORT", still ours to keep open; -1: none was. */
int passed_socket(const char *endpoint) G_GNUC_WARN_UNUSED_RESULT;

/** The address of a passed socket that is none of `endpoints` (NULL-terminated); NULL when each is named. The caller frees. */
char *passed_unnamed(const char *const *endpoints) G_GNUC_WARN_UNUSED_RESULT;

#endif
