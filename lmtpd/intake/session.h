/*
 * One LMTP session (RFC 2033): commands and data in, replies out. It knows the protocol and its limits; what
 * an address is and what becomes of a post it asks the two functions in struct session_handlers.
 * One message per session: after its replies a further MAIL gets 421 (DESIGN section 2).
 * RFC 2033, 5321, 2920 (pipelining), 3207 (STARTTLS), 6531 (SMTPUTF8), Postfix's XFORWARD_README.
 */
#ifndef ROLLCALL_INTAKE_SESSION_H
#define ROLLCALL_INTAKE_SESSION_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/verdict.h"
#include "lib/list/list.h"

/** One accepted RCPT. */
struct session_recipient {
	char *address;          /**< normal form, as Postfix gave it */
	char *list;             /**< address of the list that it belongs to */
	enum list_role role;
	char *extension;        /**< NULL when none */
	struct verdict verdict; /**< filled by the post function */
};

/** What the transport said about the message. */
struct session_envelope {
	char *sender;            /**< normal form, "" for <> */
	gboolean smtputf8;       /**< MAIL had SMTPUTF8 */
	gboolean body_8bit;      /**< BODY=8BITMIME */
	char *sasl_user;         /**< AUTH= of MAIL from a trusted peer, NULL when none */
	char *client_name, *client_address, *client_helo, *queue_id; /**< XFORWARD, printable; NULL when not given */
	GPtrArray *recipients;   /**< of struct session_recipient, in the order of RCPT */
	struct deadline deadline; /**< until when the post must be answered */
};

struct session_handlers {
	void *context;
	/**
	 * Routes one RCPT: class NONE accepts and fills list, role and extension of `recipient` (address is set:
	 * normal form, or "postmaster"); else the verdict, 4xx or 5xx, is the reply.
	 */
	struct verdict (*route)(void *context, struct session_recipient *recipient);
	/**
	 * Called, also many times in a row, before the session waits for the peer: what the route function holds
	 * open may be let go.
	 */
	void (*idle)(void *context);
	/**
	 * Decides about the message in `message` (a memfd, not sealed, CRLF lines, dots unstuffed, no bare CR, LF or NUL; it
	 * stays the session's): fills each recipient's verdict. Called once per session at most.
	 */
	void (*post)(void *context, struct session_envelope *envelope, int message);
};

struct session_config {
	const char *hostname;
	guint64 message_size_limit; /**< bytes */
	guint recipients_limit;
	guint command_deadline, session_deadline, post_deadline; /**< seconds */
	gboolean trusted;  /**< XFORWARD and AUTH= are offered and believed */
	int tls_control;   /**< to the TLS front's relay (lib/base/handoff.h), or -1: no STARTTLS */
};

/** Serves the session on `in`/`out` (may be the same descriptor, or stdin/stdout) until it ends. Closes nothing. */
void session_serve(const struct session_config *config, const struct session_handlers *handlers, int in, int out);

/**
 * Whether the peer is still there: FALSE once it has closed its end, or half of it. For the check before the last byte.
 * Of a pipe or file nobody can tell, so its peer is always there.
 */
gboolean session_peer_present(int in);

#endif
