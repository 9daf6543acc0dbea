/*
 * The header fields that make a post a list post: takes off what a sender may not set, puts on the
 * list's own. RFC 2369 and 2919 (List-*), 5064 (Archived-At), 5322 (Date, Message-ID, Sender,
 * Received), 3834 (Precedence), 6376, 8617.
 *
 * Transparent: nothing else is touched, and the body is never seen here. Two fields are left alone, or
 * not added, where a DKIM signature of the author names them in h=: Sender and Precedence. Lists set
 * them by habit (the mailbox that answers for the sending, a hint to autoresponders), and neither is
 * worth the author's signature. The List- fields are always ours, though: a member must be able to
 * trust them. Sender is NAME-bounces@ as with Mailman: whoever answers it is a robot. Knowingly not
 * done: no Errors-To, no X-BeenThere, no removal of other lists' X-Loop: their loops are theirs to see.
 */
#ifndef ROLLCALL_MAIL_COOK_FIELDS_H
#define ROLLCALL_MAIL_COOK_FIELDS_H

#include <glib.h>

#include "lib/base/settings.h"
#include "lib/mail/header.h"

enum { COOK_KEY_SIZE = 32 }; /* bytes of K, a SHA-256 */

/** What cooking must know of a post. Nothing is owned or kept. */
struct cook_post {
	const struct settings *settings;
	const char *list;           /**< the list's address in normal form */
	const char *hostname;       /**< our name, ASCII */
	gint64 now;                 /**< seconds of Unix time */
	const guint8 *key;          /**< K, COOK_KEY_SIZE bytes: a retry of a post is cooked to the same Message-ID */
	const char *client_name;    /**< from XFORWARD, NULL when unknown */
	const char *client_address; /**< the same */
	gboolean smtputf8;          /**< the post came with SMTPUTF8 */
};

/** Cooks the fields of `header` in place. It cannot fail. */
void cook_fields(const struct cook_post *post, struct header *header);

/** Only adds a Date and a Message-ID that are missing or empty: for mail that is forwarded and not a list post. */
void cook_fields_complete(const struct cook_post *post, struct header *header);

/** Takes off what only we may say to moderators ("X-Rollcall-…"), whoever wrote it. A part of cook_fields(). */
void cook_fields_take_own(struct header *header);

#endif
