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

/** The same for one part of the K in hand; `part` receives its key, and `queue_id` is replaced where it was done before. */
struct verdict handover_claim_part(struct store *store, const char *list, const char *name, guint8 part[STORE_KEY_SIZE],
	GString *queue_id) G_GNUC_WARN_UNUSED_RESULT;

/** A transaction that is ready for its last byte; `key` is in hand. All borrowed. */
struct handover {
	struct worker *worker;
	const guint8 *key;
	const char *list;
	struct relay *relay;
};

/** Writes the last byte and records what came of it: SENT with `queue_id` (replaced), or DEFERRED. */
struct verdict handover_commit(const struct handover *handover, GString *queue_id) G_GNUC_WARN_UNUSED_RESULT;

#endif
