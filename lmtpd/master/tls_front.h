/*
 * The TLS front: takes TCP connections and hands them to the parser's room, so that the parser never holds the TLS
 * key and the key's process never parses mail. One process, started by the master, forks a relay (tls_relay.h) for
 * each connection; the relay hands the far ends of two socket pairs to rollcall-intake (lib/base/handoff.h).
 *
 * The front itself stays root when the master is, because it must be able to read a renewed key that only root may
 * read; it does nothing but accept, look at those two files and fork, and never reads a byte from the network.
 * The relays do that: as tls_user (else intake_user), without new privileges, with limits and a system call filter.
 */
#ifndef ROLLCALL_MASTER_TLS_FRONT_H
#define ROLLCALL_MASTER_TLS_FRONT_H

#include <glib.h>
#include <sys/types.h>

#include "lib/base/settings.h"

struct tls_front_setup {
	const struct settings *settings; /**< lmtp_clients, tls_certificate_file, tls_key_file, tls_user, sessions_limit */
	const int *listen;               /**< TCP sockets that listen */
	guint listen_count;
	int handoff;                     /**< the front's end of the SOCK_SEQPACKET pair to rollcall-intake */
};

/**
 * Checks the settings and starts the front. Returns its pid, or -1 with errno after a line in the log: EINVAL when the
 * settings, the certificate or the key cannot be used. SIGTERM makes it stop accepting and end when its relays have;
 * it closes every other descriptor of its parent's.
 */
pid_t tls_front_start(const struct tls_front_setup *setup) G_GNUC_WARN_UNUSED_RESULT;

#endif
