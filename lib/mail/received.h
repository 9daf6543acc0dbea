/*
 * What a Received field says, as far as somebody here asks: which server wrote it, from which client, for which login. Read in the form that
 * Postfix writes (RFC 5321 section 4.4), so that what a client said of itself (HELO) can never be taken for what the server saw:
 *
 *     from HELO (NAME [ADDRESS]) (using TLS…) (Authenticated sender: LOGIN) by HOST (Postfix) with ESMTPSA id QUEUEID for <…>; DATE
 *
 * Whether the field is genuine is border.h's question. Knowingly not done: the forms in which other servers tell of a login.
 */
#ifndef ROLLCALL_MAIL_RECEIVED_H
#define ROLLCALL_MAIL_RECEIVED_H

#include <glib.h>
#include <stddef.h>

enum { RECEIVED_BYTES = 4096, RECEIVED_LOGIN = 255, RECEIVED_NESTING = 20 };

/** NULL: not said. */
struct received {
	char *by;     /**< host that wrote it, lower case */
	char *client; /**< name of the client as the server looked it up, lower case ("unknown" with Postfix when it has none) */
	char *id;     /**< queue id */
	char *login;  /**< of the client who logged in */
};

/** Reads a value; folds may be in it. FALSE, with nothing to clear, when it does not say who wrote it. */
gboolean received_parse(const char *value, size_t length, struct received *received) G_GNUC_WARN_UNUSED_RESULT;
void received_clear(struct received *received);

#endif
