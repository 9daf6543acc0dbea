/*
 * Whoever wrote to us and hears something back: one answer job. Somebody who proved to be a moderator is remembered by hash
 * alone; anybody else by address, until the mail is out.
 */
#ifndef ROLLCALL_DISPATCH_ASKER_H
#define ROLLCALL_DISPATCH_ASKER_H

#include "lib/store/store_person.h"
#include "lmtpd/dispatch/worker.h"

struct asker {
	const char *list;
	const char *address;  /**< in normal form */
	const guint8 *person; /**< its hash */
	gboolean moderator;   /**< proved: by token and live role */
};

/** Whether (text) is an address in normal form, as every one from the wire must be before anything is sent there. */
gboolean asker_is_address(const char *text);

/** The hash of an address in normal form. FALSE with `error`. */
gboolean asker_hash(struct store *store, const char *address, guint8 person[STORE_PERSON_SIZE], GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Takes the one answer that somebody unproved gets from a list in 24 hours. Class NONE: `*now` tells whether he may have it. If so a transaction
 * (store_together()) is open, into which the answer is to be written and which asker_end() ends: else one that cannot be written would be used up, and the
 * mail's next attempt would find nothing to do.
 */
struct verdict asker_may(struct store *store, const struct asker *asker, gboolean *now) G_GNUC_WARN_UNUSED_RESULT;
/** Ends the caller's transaction by what came of it: DEFERRED takes all of it back. `verdict`, or DEFERRED when it cannot be ended well. */
struct verdict asker_end(struct store *store, struct verdict verdict) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same for telling an author whom nothing proves that a post waits, or waits no longer: anybody can write in his name, and each such
 * post would be a mail to him. The transaction, if he may, is the caller's own.
 */
struct verdict asker_may_hear(struct store *store, const char *list, const char *author, gboolean *now) G_GNUC_WARN_UNUSED_RESULT;
/** Gives that back to somebody who has just shown that he reads our mails, and lets the next request for his confirmation go out. */
gboolean asker_has_heard(struct store *store, const char *list, const char *author, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same for asking this person whether a mail about this post was his: once in 24 hours for each word, so that who has found a token fills
 * no mailbox. With a transaction as of asker_may().
 */
struct verdict asker_may_ask(struct store *store, const struct asker *asker, gint64 held, const char *word, gboolean *now)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Writes the answer job: `fields` (a{ss}, consumed if floating) and the receiver. `held` is the post that it is about, or 0. With a K in
 * hand in the phase, that K is DONE with it if `last`: nothing else is to come of this mail. Class NONE or DEFERRED.
 */
struct verdict asker_answer(struct phase *phase, const struct asker *asker, gint64 held, GVariant *fields, gboolean last)
	G_GNUC_WARN_UNUSED_RESULT;
/** The same with the job that asks whether an order was his: "second". */
struct verdict asker_ask(struct phase *phase, const struct asker *asker, gint64 held, GVariant *fields) G_GNUC_WARN_UNUSED_RESULT;

#endif
