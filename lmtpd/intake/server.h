/*
 * Accepts LMTP connections and forks one child for each. The parent never reads a foreign byte, so each post starts
 * from clean memory.
 */
#ifndef ROLLCALL_INTAKE_SERVER_H
#define ROLLCALL_INTAKE_SERVER_H

#include <glib.h>

#include "lmtpd/intake/knowledge.h"

struct server {
	const struct settings *settings;
	const struct knowledge *knowledge;
	const int *listen;     /**< unix sockets */
	guint listen_count;
	int front;             /**< TLS front's hand-off socket, or -1 */
	int tickets;           /**< our end of the wire */
	int jobs;              /**< datagrams with the numbers of jobs that are due */
	int pulse;             /**< where the master asks, see process_answer() */
	int signals;           /**< from process_signals() */
	GArray *peers;         /**< of uid_t, from server_find_peers() */
};

/**
 * The users that may connect over a unix socket. To be called before the chroot, which has no /etc/passwd. The caller unrefs.
 */
GArray *server_find_peers(const struct settings *settings) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Serves until SIGHUP, then lets the sessions in hand finish and returns; or until SIGTERM, which gives them 25 seconds.
 */
void server_run(const struct server *server);

#endif
