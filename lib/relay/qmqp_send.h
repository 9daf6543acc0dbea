/*
 * Netstrings on their way to a QMQP server: gathered into large writes, with the first trouble latched,
 * and an ear for a server that answers or hangs up before it has heard everything.
 */
#ifndef ROLLCALL_RELAY_QMQP_SEND_H
#define ROLLCALL_RELAY_QMQP_SEND_H

#include <glib.h>

#include "lib/base/deadline.h"

enum qmqp_send_result {
	QMQP_SENT,
	QMQP_SEND_INTERRUPTED, /**< the server spoke or closed; not all was sent */
	QMQP_SEND_TIMED_OUT,   /**< not all was sent */
	QMQP_SEND_FAILED,      /**< errno tells; not all was sent */
};

/**
 * Sends all of it or says why not. Whether a server that takes everything has spoken meanwhile is not
 * looked at.
 */
enum qmqp_send_result qmqp_send_bytes(int fd, const char *data, gsize length, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;

/** Whether there is something to read, or the server has closed. Does not wait. */
gboolean qmqp_send_is_interrupted(int fd);

struct qmqp_send;

struct qmqp_send *qmqp_send_new(int fd, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;
/** "LENGTH:", for a netstring whose content follows in parts. */
void qmqp_send_length(struct qmqp_send *send, gsize length);
/** A whole netstring. */
void qmqp_send_netstring(struct qmqp_send *send, const char *data, gsize length);
/** Sends the rest, wipes and frees. What happened first, or QMQP_SENT. */
enum qmqp_send_result qmqp_send_end(struct qmqp_send *send) G_GNUC_WARN_UNUSED_RESULT;

/** Bytes of a netstring around `length` bytes of content. */
gsize qmqp_send_size(gsize length);

#endif
