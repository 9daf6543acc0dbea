/*
 * One QMQP transaction; see qmqp.h.
 *
 * What each moment can leave: until the last byte is in the kernel's hands, nothing (a failing send(2) of
 * one byte has sent none of it). From then on only a whole answer is an answer; a closed connection,
 * silence and rubbish are RELAY_UNCLEAR alike. 'K' from a server that cannot have heard the last byte is
 * unclear too: it keeps other rules than ours.
 */
#include "lib/relay/qmqp.h"

#include <errno.h>
#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/relay/relay_connect.h"
#include "lib/relay/qmqp_reply.h"
#include "lib/relay/qmqp_send.h"

enum {
	EARLY_PATIENCE = 5, /* seconds for the rest of an answer that began before we were done */
	REASON_LIMIT = 200, /* characters of a reply's text that we repeat */
};

struct qmqp {
	int fd; /* -1 after the commit */
};

/* ---- the answer ---- */

/* Reads one reply into `data`; on TRUE `reply` points into it, else `reason` says what came instead. */
static gboolean read_reply(int fd, struct deadline deadline, char data[QMQP_REPLY_BYTES], struct qmqp_reply *reply,
	GString *reason)
{
	gsize used = 0;

	for (;;) {
		enum qmqp_reply_result parsed = qmqp_reply_parse(data, used, reply);
		if (parsed == QMQP_REPLY_COMPLETE)
			return TRUE;
		if (parsed == QMQP_REPLY_NONSENSE) {
			g_string_assign(reason, "an answer that is no QMQP");
			return FALSE;
		}
		/* There is room: a reply as long as the buffer is complete or nonsense. */
		size_t got = 0;
		enum io_result result = io_read(fd, data + used, QMQP_REPLY_BYTES - used, deadline, &got);
		if (result != IO_OK) {
			g_string_assign(reason, io_word(result));
			return FALSE;
		}
		used += got;
	}
}

static void assign_text(const struct qmqp_reply *reply, GString *reason)
{
	char text[REASON_LIMIT + 1];

	text_printable(reply->text, reply->length, text, sizeof(text));
	g_string_assign(reason, text);
}

/* ---- up to the last byte ---- */

static gsize content_size(const struct qmqp_job *job)
{
	gsize size = qmqp_send_size(job->message.length) + qmqp_send_size(strlen(job->sender));

	for (guint i = 0; i < recipients_count(job->recipients); i++)
		size += qmqp_send_size(strlen(recipients_get(job->recipients, i)));
	return size;
}

static enum qmqp_send_result send_job(int fd, const struct qmqp_job *job, struct deadline deadline)
{
	struct qmqp_send *send = qmqp_send_new(fd, deadline);

	qmqp_send_length(send, content_size(job));
	qmqp_send_netstring(send, job->message.data, job->message.length);
	qmqp_send_netstring(send, job->sender, strlen(job->sender));
	for (guint i = 0; i < recipients_count(job->recipients); i++) {
		const char *address = recipients_get(job->recipients, i);

		qmqp_send_netstring(send, address, strlen(address));
	}
	enum qmqp_send_result result = qmqp_send_end(send);
	FAULT_POINT("all-but-last-byte");
	/* Small jobs fit into the kernel's buffers, and then nobody has looked yet. */
	if (result == QMQP_SENT && qmqp_send_is_interrupted(fd))
		return QMQP_SEND_INTERRUPTED;
	return result;
}

/* A server that spoke up or left before it had everything. */
static struct verdict early_end(int fd, struct deadline deadline)
{
	char data[QMQP_REPLY_BYTES];
	struct qmqp_reply reply;
	g_autoptr(GString) reason = g_string_new(NULL);

	if (!read_reply(fd, deadline_earlier(deadline, deadline_in(EARLY_PATIENCE)), data, &reply, reason))
		return verdict_deferred("4.4.2", "mail system broke off: %s", reason->str);
	if (reply.status == 'K')
		return verdict_deferred("4.3.0", "mail system answered before it had heard everything");
	assign_text(&reply, reason);
	return verdict_deferred("4.3.0", "mail system did not take the message: %s", reason->str);
}

struct qmqp *qmqp_begin(const struct qmqp_job *job, struct deadline deadline, struct verdict *verdict)
{
	io_autofd int fd = relay_connect(job->endpoint, deadline);

	if (recipients_count(job->recipients) == 0)
		log_panic("qmqp_begin: nobody to send to");
	if (fd < 0) {
		*verdict = verdict_deferred("4.4.1", "mail system not reached: %s", g_strerror(errno));
		return NULL;
	}
	switch (send_job(fd, job, deadline)) {
	case QMQP_SENT: {
		struct qmqp *qmqp = g_new0(struct qmqp, 1);

		qmqp->fd = io_steal_fd(&fd);
		return qmqp;
	}
	case QMQP_SEND_INTERRUPTED:
		*verdict = early_end(fd, deadline);
		return NULL;
	case QMQP_SEND_TIMED_OUT:
		*verdict = verdict_deferred("4.4.2", "mail system too slow in taking the message");
		return NULL;
	case QMQP_SEND_FAILED:
		*verdict = verdict_deferred("4.4.2", "mail system broke off: %s", g_strerror(errno));
		return NULL;
	}
	log_panic("qmqp_begin: unknown result");
}

/* ---- the last byte ---- */

static enum relay_outcome outcome_of_reply(const struct qmqp_reply *reply, gboolean heard_all, GString *queue_id,
	GString *reason)
{
	assign_text(reply, reason);
	switch (reply->status) {
	case 'K':
		qmqp_reply_queue_id(reply, queue_id);
		return heard_all ? RELAY_ACCEPTED : RELAY_UNCLEAR;
	case 'Z':
		return RELAY_TEMPORARY;
	case 'D':
		return RELAY_PERMANENT;
	}
	log_panic("outcome_of_reply: status %d", reply->status);
}

static enum relay_outcome commit(int fd, struct deadline deadline, GString *queue_id, GString *reason)
{
	enum qmqp_send_result result = qmqp_send_bytes(fd, ",", 1, deadline);
	char data[QMQP_REPLY_BYTES];
	struct qmqp_reply reply;

	switch (result) {
	case QMQP_SENT:
		FAULT_POINT("after-last-byte");
		if (!read_reply(fd, deadline, data, &reply, reason))
			return RELAY_UNCLEAR;
		return outcome_of_reply(&reply, TRUE, queue_id, reason);
	case QMQP_SEND_INTERRUPTED:
		if (!read_reply(fd, deadline_earlier(deadline, deadline_in(EARLY_PATIENCE)), data, &reply, reason))
			return RELAY_TEMPORARY;
		return outcome_of_reply(&reply, FALSE, queue_id, reason);
	case QMQP_SEND_TIMED_OUT:
		g_string_assign(reason, "too slow in taking the message");
		return RELAY_TEMPORARY;
	case QMQP_SEND_FAILED:
		g_string_assign(reason, g_strerror(errno));
		return RELAY_TEMPORARY;
	}
	log_panic("commit: unknown result");
}

enum relay_outcome qmqp_commit(struct qmqp *qmqp, struct deadline deadline, GString *queue_id, GString *reason)
{
	if (qmqp->fd < 0)
		log_panic("qmqp_commit: a second time");
	g_string_truncate(queue_id, 0);
	g_string_truncate(reason, 0);
	enum relay_outcome outcome = commit(qmqp->fd, deadline, queue_id, reason);
	io_close(&qmqp->fd);
	if (outcome != RELAY_ACCEPTED)
		g_string_truncate(queue_id, 0);
	return outcome;
}

void qmqp_free(struct qmqp *qmqp)
{
	if (!qmqp)
		return;
	io_close(&qmqp->fd);
	g_free(qmqp);
}
