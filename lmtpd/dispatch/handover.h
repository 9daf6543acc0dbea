/*
 * One hand-over to Postfix under a K: claimed, INTENT recorded, last byte written, DONE recorded. The same for a fan-out to
 * all members and for a notice to one moderator. What a crash between these leaves: store.h.
 */
#ifndef ROLLCALL_DISPATCH_HANDOVER_H
#define ROLLCALL_DISPATCH_HANDOVER_H

#include "lib/base/verdict.h"
#include "lib/relay/relay.h"
#include "lib/store/store.h"
#include "lmtpd/dispatch/worker.h"

/**
 * Takes K in hand for a mail of this list. Class NONE: it is in hand; SENT: it was done before; DEFERRED: somebody else has it, or
 * the store did not answer.
 */
struct verdict handover_claim(struct store *store, const char *list, const guint8 key[STORE_KEY_SIZE])
	G_GNUC_WARN_UNUSED_RESULT;

/** The number of the held post whose release the phase is, or 0. */
gint64 handover_release(const struct phase *phase);

/** handover_claim() for the K of the phase's post. A release of what was held under this very K is that post's next attempt. */
struct verdict handover_claim_post(const struct phase *phase, const char *list, const guint8 key[STORE_KEY_SIZE])
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same for one part of the K in hand; `part` receives its key, and `queue_id` is replaced where it was done before. HELD: Postfix may have it,
 * and the list wants a person to be asked (on_ambiguous). That is for posts: a digest goes out again, and so do notices, because nobody could be
 * asked about them but those who get them. A release that was ordered by who was asked sends once what was unclear then, and asks again if that
 * became unclear, too.
 */
struct verdict handover_claim_part(const struct phase *phase, const char *name, guint8 part[STORE_KEY_SIZE], GString *queue_id)
	G_GNUC_WARN_UNUSED_RESULT;

/** A transaction that is ready for its last byte; `key` is in hand. All borrowed. */
struct handover {
	struct worker *worker;
	const guint8 *key;
	const char *list;
	gint64 release; /**< handover_release() */
	gboolean whole; /**< K is DONE with it; FALSE afterwards when that could not be recorded */
	struct relay *relay;
};

/** Writes the last byte and records what came of it: SENT with `queue_id` (replaced), or DEFERRED. */
struct verdict handover_commit(struct handover *handover, GString *queue_id) G_GNUC_WARN_UNUSED_RESULT;

#endif
