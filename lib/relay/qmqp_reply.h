/*
 * The one reply of a QMQP server: a netstring of 'K', 'Z' or 'D' and a text. Pure functions over bytes
 * that came from outside.
 */
#ifndef ROLLCALL_RELAY_QMQP_REPLY_H
#define ROLLCALL_RELAY_QMQP_REPLY_H

#include <glib.h>

enum {
	QMQP_REPLY_LIMIT = 4096,                             /* bytes inside the netstring; Postfix's are under 200 */
	QMQP_REPLY_BYTES = QMQP_REPLY_LIMIT + sizeof("4096:") - 1 + 1, /* with all around it */
};

enum qmqp_reply_result {
	QMQP_REPLY_INCOMPLETE, /**< good so far: read on */
	QMQP_REPLY_COMPLETE,
	QMQP_REPLY_NONSENSE,   /**< whatever follows, it is no reply */
};

struct qmqp_reply {
	char status;      /**< 'K' accepted, 'Z' not now, 'D' never */
	const char *text; /**< foreign bytes inside what was parsed; not terminated */
	gsize length;
};

/**
 * Reads the reply at the beginning of (data, length). What follows a complete one is not looked at:
 * whether it came in the same packet must not change the meaning.
 */
enum qmqp_reply_result qmqp_reply_parse(const char *data, gsize length, struct qmqp_reply *reply) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Postfix's queue id out of "Ok: queued as ID"; an empty string when the text is anything else. `out` is
 * replaced.
 */
void qmqp_reply_queue_id(const struct qmqp_reply *reply, GString *out);

#endif
