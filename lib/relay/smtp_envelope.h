/*
 * Sender and recipients of one transaction: MAIL and all RCPT, in windows where the server pipelines (RFC 2920). All or nothing: what is not a plain yes or a
 * plain no to one address ends it.
 */
#ifndef ROLLCALL_RELAY_SMTP_ENVELOPE_H
#define ROLLCALL_RELAY_SMTP_ENVELOPE_H

#include "lib/list/recipients.h"
#include "lib/relay/relay.h"
#include "lib/relay/smtp_message.h"
#include "lib/relay/smtp_session.h"

struct smtp_envelope {
	struct smtp_session *session;
	const struct relay_job *job;
	const struct smtp_needs *needs; /**< the server can do all of them */
	guint skip_limit;               /**< most addresses that may be refused for good */
	struct deadline deadline;
	guint accepted;
	gboolean limited;               /**< it ended because the server takes no more than `accepted` in one transaction */
	struct relay_skipped skipped;
};

/** Hands over sender and recipients. FALSE with `verdict`: nothing may be sent. */
gboolean smtp_envelope_send(struct smtp_envelope *envelope, struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

/** How many of `count` addresses may be refused where `share` percent may: one at least unless it is 0, and never all. */
guint smtp_envelope_skip_limit(guint count, guint share);

#endif
