/*
 * A wish to join or to leave a list. The CRM's own procedure is called for it, if there is one, once it is proved that the wish is that person's: by
 * the mail itself (a signature of the author's domain, or of the author), or by a token that was sent to the address.
 */
#ifndef ROLLCALL_DISPATCH_WISH_H
#define ROLLCALL_DISPATCH_WISH_H

#include "lib/store/store_held.h"
#include "lmtpd/dispatch/worker.h"

/** The fact of a held mail that is no post but a wish: "subscribe" or "unsubscribe". */
#define WISH_FACT "wish"

struct wish {
	const char *list, *person; /**< addresses in normal form */
	const char *word;          /**< "subscribe" or "unsubscribe" */
};

gboolean wish_is_word(const char *word);

/** The procedure for it, or NULL: the list's settings want none, or there is none. */
const char *wish_procedure(const struct settings *settings, const struct wish *wish);

/**
 * Calls the procedure. Class NONE: `*fields` is the floating a{ss} of the answer that tells the person ("text", "words"); `*refused` says
 * whether the CRM did not want it. DEFERRED: nobody knows whether it was done. A dry worker calls nothing.
 */
struct verdict wish_call(struct worker *worker, const struct wish *wish, GVariant **fields, gboolean *refused) G_GNUC_WARN_UNUSED_RESULT;

/** Adds the note to the list's owners, durably. NONE or DEFERRED. */
struct verdict wish_note(struct store *store, const struct wish *wish) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Does what a held wish, which its author has confirmed, is for, adds the answer to him and ends the job in hand, the last two together: what the CRM
 * has done may be asked of it again, and nobody hears of it twice. Where no procedure is set any more the owners get the note. NONE or DEFERRED.
 */
struct verdict wish_grant(struct worker *worker, const struct store_held *held, const struct store_job *job) G_GNUC_WARN_UNUSED_RESULT;

#endif
