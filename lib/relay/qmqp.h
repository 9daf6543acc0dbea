/*
 * The way into Postfix: one QMQP transaction for one message and all its recipients, all or nothing.
 * qmqp_begin() does everything that can fail but the last byte; qmqp_commit() writes that byte and waits
 * for the one reply. Dropping a transaction before the commit leaves nothing in Postfix: qmqpd throws an
 * incomplete message away. Between the two, qmqpd waits (qmqpd_timeout, 300 s): be quick. Addresses are
 * only ever in memory, and wiped after sending. http://cr.yp.to/proto/qmqp.html, netstrings; DESIGN
 * section 4; HOSTILE S4.
 */
#ifndef ROLLCALL_RELAY_QMQP_H
#define ROLLCALL_RELAY_QMQP_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/verdict.h"
#include "lib/list/recipients.h"
#include "lib/relay/relay.h"

struct qmqp;

/** What is handed over; everything stays the caller's and is not needed any more when qmqp_begin() returns. */
struct qmqp_job {
	const char *endpoint;               /**< "unix:/PATH" or "inet:ADDRESS:PORT"; no host names */
	struct io_mapping message;          /**< with LF line ends */
	const char *sender;                 /**< envelope sender without brackets; for VERP "NAME-bounces+@DOMAIN-@[]" */
	const struct recipients *recipients; /**< at least one */
};

/**
 * Connects and sends all but the last byte. NULL with `verdict` DEFERRED (4.3.0 it answered, 4.4.1 nobody
 * there, 4.4.2 it stopped in between) that says why when that fails, also when Postfix already answers or
 * closes; `verdict` stays as it is otherwise. The caller ends it with qmqp_free().
 */
struct qmqp *qmqp_begin(const struct qmqp_job *job, struct deadline deadline, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Writes the last byte and waits for the answer; once only. `queue_id` (replaced) is Postfix's id on RELAY_ACCEPTED (empty when
 * another server's answer names none), `reason` (replaced) a printable text else.
 */
enum relay_outcome qmqp_commit(struct qmqp *qmqp, struct deadline deadline, GString *queue_id, GString *reason)
	G_GNUC_WARN_UNUSED_RESULT;

/** Closes the connection; before a commit nothing is left in Postfix. NULL is fine. */
void qmqp_free(struct qmqp *qmqp);

#endif
