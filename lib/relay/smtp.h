/*
 * One SMTP transaction for one message and all its recipients, with relay.h's meanings: smtp_begin() ends with all but the dot sent, smtp_commit() sends the dot. For another
 * host or another server than Postfix. RFC 5321, 1870, 2920, 6152, 6531; XVERP(Postfix). HOSTILE S4.
 */
#ifndef ROLLCALL_RELAY_SMTP_H
#define ROLLCALL_RELAY_SMTP_H

#include "lib/relay/relay.h"
#include "lib/relay/smtp_account.h"

/** What is remembered of a server from one transaction to the next. */
struct smtp_memory {
	guint recipients;    /**< most that it took in one transaction; 0: it never said no */
	gboolean verp_noted; /**< the log has said that it lacks XVERP */
};

struct smtp;

/** As relay_begin(). A limit that the server tells, or shows, goes into `memory`. */
struct smtp *smtp_begin(const struct relay_job *job, const struct smtp_account *account, struct smtp_memory *memory,
	struct deadline deadline, struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;
/** As relay_skipped(). */
const struct relay_skipped *smtp_skipped(const struct smtp *smtp);
/** As relay_commit(). */
enum relay_outcome smtp_commit(struct smtp *smtp, struct deadline deadline, GString *queue_id, GString *reason)
	G_GNUC_WARN_UNUSED_RESULT;
/** As relay_free(). */
void smtp_free(struct smtp *smtp);

#endif
