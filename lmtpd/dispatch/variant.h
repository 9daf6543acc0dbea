/*
 * One variant on its way into the mail server: in one transaction, or in batches where the server cannot take all at once and the settings allow it. Each part
 * has a record of its own, so that a retry sends those that are missing, and only those.
 */
#ifndef ROLLCALL_DISPATCH_VARIANT_H
#define ROLLCALL_DISPATCH_VARIANT_H

#include "lib/list/reception.h"
#include "lmtpd/dispatch/worker.h"

/**
 * Gets the next transaction of the variant ready for its last bytes; `fd` is the message. NONE: it is; SENT: all of the variant is with the mail server;
 * else why not.
 */
struct verdict variant_prepare(struct phase *phase, enum reception reception, int fd) G_GNUC_WARN_UNUSED_RESULT;

/** Ends that transaction. SENT with `queue_id` (replaced): that was all; NONE with `queue_id`: prepare the next one. */
struct verdict variant_commit(struct phase *phase, GString *queue_id) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the post in hand is one of a list that has an archive: mail for a role is never kept. */
gboolean variant_is_archived(const struct phase *phase);

#endif
