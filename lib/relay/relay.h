/*
 * The way back into Postfix, or into another mail server: one transaction for one message and all its recipients, all or nothing.
 * relay_begin() does everything that can fail but the last bytes; relay_commit() writes those and waits for the one answer. Dropping a
 * transaction before the commit leaves nothing behind: a server throws an incomplete message away. Between the two the server waits
 * (300 s): be quick. Addresses are only ever in memory. Which protocol it is, the settings say. DESIGN section 4; HOSTILE S4.
 */
#ifndef ROLLCALL_RELAY_RELAY_H
#define ROLLCALL_RELAY_RELAY_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/settings.h"
#include "lib/base/verdict.h"
#include "lib/list/recipients.h"

/** The way as the settings have it, and what its server has told about itself; for one process. */
struct relay_way;

/**
 * While we are still root, as secrets are read here. `settings` must outlive it. NULL with `error` when they make no way. The caller ends it with
 * relay_way_free().
 */
struct relay_way *relay_way_new(const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** NULL is fine. */
void relay_way_free(struct relay_way *way);

/**
 * The most recipients that one transaction should have; 0: as many as there are. What the server has shown counts, too, so it may have changed after a
 * relay_begin() that failed.
 */
guint relay_batch(const struct relay_way *way);

/** What is handed over; everything stays the caller's. `way` must outlive the transaction, the rest is not needed after relay_begin(). */
struct relay_job {
	struct relay_way *way;
	struct io_mapping message;           /**< with LF line ends */
	const char *sender;                  /**< envelope sender without brackets; empty for none */
	gboolean verp;                       /**< each copy's sender is to be SENDER-NAME+user=domain@SENDER-DOMAIN */
	const struct recipients *recipients; /**< at least one */
};

/** A transaction that is ready for its last bytes. */
struct relay;

/**
 * Connects and sends all but the last bytes. NULL with `verdict` DEFERRED (4.3.0 it answered, 4.4.1 nobody there, 4.4.2 it stopped in
 * between) that says why when that fails, also when the server already answers or closes; `verdict` stays as it is otherwise. The
 * caller ends it with relay_free().
 */
struct relay *relay_begin(const struct relay_job *job, struct deadline deadline, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

enum { RELAY_REASON_SIZE = 201 };
/** Addresses that the server will never take, and that the transaction therefore leaves out. */
struct relay_skipped {
	guint count;
	char reason[RELAY_REASON_SIZE]; /**< of the first: printable, and without the address */
};
const struct relay_skipped *relay_skipped(const struct relay *relay);

enum relay_outcome {
	RELAY_ACCEPTED,  /**< the server has it; queue id known */
	RELAY_TEMPORARY, /**< "not now", or the last bytes did not get out: it certainly has not */
	RELAY_PERMANENT, /**< "no": it certainly has not, and never will */
	RELAY_UNCLEAR,   /**< the last bytes may have arrived; the answer did not, or makes no sense */
};

/**
 * Writes the last bytes and waits for the answer; once only. `queue_id` (replaced) is the server's id on RELAY_ACCEPTED (empty when its
 * answer names none), `reason` (replaced) a printable text else.
 */
enum relay_outcome relay_commit(struct relay *relay, struct deadline deadline, GString *queue_id, GString *reason)
	G_GNUC_WARN_UNUSED_RESULT;

/** Closes the connection; before a commit nothing is left with the server. NULL is fine. */
void relay_free(struct relay *relay);

#endif
