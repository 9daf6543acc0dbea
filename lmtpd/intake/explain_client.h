/*
 * The other side of the session that explains a mail: an LMTP client like Postfix's, in the session's own process. Whenever the session waits for its
 * peer it is let have a word, so both talk over a socket pair and neither blocks. What the session does is thereby what it always does.
 */
#ifndef ROLLCALL_INTAKE_EXPLAIN_CLIENT_H
#define ROLLCALL_INTAKE_EXPLAIN_CLIENT_H

#include <glib.h>
#include <stddef.h>

enum explain_step {
	EXPLAIN_GREETING,
	EXPLAIN_ENVELOPE, /* LHLO, XFORWARD, MAIL and all RCPTs were said */
	EXPLAIN_DATA,
	EXPLAIN_MESSAGE,
	EXPLAIN_OVER,
};

struct explain_client {
	int fd;
	enum explain_step step;
	const char *client_name, *client_address; /**< borrowed; NULL: not known */
	char *sender;
	gboolean smtputf8;
	GPtrArray *recipients; /**< of char * */
	GString *message;      /**< with CRLF line ends */
	GString *unsent;
	gsize sent;            /**< bytes of `unsent` that are gone */
	GString *received;
	GPtrArray *replies;    /**< of char *: what the session said so far, the last line of each reply */
};

void explain_client_init(struct explain_client *client);
void explain_client_clear(struct explain_client *client);

/** Says what can be said now; closes `fd` when there is nothing more to say. */
void explain_client_talk(struct explain_client *client);

/** The reply to a recipient: to its RCPT when that was refused, else after the data; NULL when there was none. */
const char *explain_client_reply(const struct explain_client *client, guint recipient);

/** Whether its RCPT was taken. */
gboolean explain_client_accepted(const struct explain_client *client, guint recipient);

#endif
