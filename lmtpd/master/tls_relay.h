/*
 * One TCP connection's relay: carries bytes between the client and the parser's child, in plain text until the child
 * asks for TLS, then decrypted. It never looks at a byte it carries, and its memory is two buffers of fixed size.
 *
 * It has no deadline of its own for a session: the child has those, and when the child ends the relay ends. What it does
 * bound is what the child cannot see: the handshake, and a client that does not take what it is sent.
 */
#ifndef ROLLCALL_MASTER_TLS_RELAY_H
#define ROLLCALL_MASTER_TLS_RELAY_H

#include <openssl/ssl.h>

struct tls_relay_setup {
	int client;       /**< the TCP connection, non-blocking */
	int data;         /**< to the child, see lib/base/handoff.h */
	int control;      /**< to the child; -1: no TLS */
	SSL_CTX *context; /**< NULL: no TLS */
};

/** Relays until both sides are done. Closes nothing: the process ends after it. */
void tls_relay_run(const struct tls_relay_setup *setup);

#endif
