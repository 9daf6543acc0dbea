/*
 * One SMTP transaction; see smtp.h.
 *
 * What each moment can leave: until all of the last line ("." CRLF) is in the kernel's hands, nothing, for a server drops what did not end. From then on only a
 * whole reply is an answer; a closed connection, silence and rubbish are RELAY_UNCLEAR alike. A yes from a server that cannot have heard the end is unclear
 * too: it keeps other rules than ours.
 */
#include "lib/relay/smtp.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/relay/smtp_envelope.h"

enum { EARLY_PATIENCE = 5 }; /* seconds for an answer that began before we were done */

static const char last_line[] = ".\r\n";

struct smtp {
	struct smtp_session session;
	struct relay_skipped skipped;
	gboolean in_message; /* what is said now is text of the message */
	gboolean committed;
};

static gboolean fail(struct verdict *verdict, struct verdict what)
{
	*verdict = what;
	return FALSE;
}

/* ---- what the server can do ---- */

/*
 * Nothing is sent in another form than it was signed in: what a server cannot take, waits until the admin has found one that can. RFC 6152 section 3 has a client
 * convert what is 8-bit, or return it; Postfix converts, and breaks each signature. We could only before signing, when nobody knows the server yet, and not what
 * somebody else has signed inside. The server is one of the admin's choice, all that are in use offer 8BITMIME, and `rollcall check` asks it.
 */
static gboolean can_take(const struct smtp_offers *offers, const struct smtp_needs *needs, struct verdict *verdict)
{
	if (needs->impossible)
		return fail(verdict, verdict_deferred("4.6.0", "the message holds a bare CR or a NUL, which cannot go by SMTP"));
	if (needs->eight_bit && !offers->eight_bit)
		return fail(verdict, verdict_deferred("4.6.3", "the message is 8-bit, and the mail server does not offer 8BITMIME: have it do so, or name another smtp_server"));
	if (needs->utf8 && !offers->utf8)
		return fail(verdict, verdict_deferred("4.6.7", "the message has UTF-8 in its header, and the mail server does not offer SMTPUTF8: have it do so, or name another smtp_server"));
	if (offers->size_limit > 0 && needs->size > offers->size_limit)
		return fail(verdict, verdict_deferred("4.3.4", "the message has %" G_GUINT64_FORMAT " bytes, and the mail server takes %" G_GUINT64_FORMAT ": raise its limit",
			needs->size, offers->size_limit));
	return TRUE;
}

static void note_verp(const struct relay_job *job, const struct smtp_offers *offers, struct smtp_memory *memory)
{
	if (!job->verp || offers->xverp || memory->verp_noted)
		return;
	memory->verp_noted = TRUE;
	log_warning("mail server does not offer XVERP to us: all members' copies have one sender, so a bounce does not tell whose it is "
				"(Postfix: smtpd_authorized_verp_clients)");
}

static gboolean fits(const struct relay_job *job, const struct smtp_offers *offers, struct smtp_memory *memory, struct verdict *verdict)
{
	guint count = recipients_count(job->recipients);

	if (offers->recipients == 0 || count <= offers->recipients)
		return TRUE;
	memory->recipients = offers->recipients;
	return fail(verdict, verdict_deferred("4.5.3", "mail server takes %u recipients at once, and there are %u: raise its limit, or set smtp_batch",
		offers->recipients, count));
}

/* ---- up to the last line ---- */

static gboolean send_envelope(struct smtp *smtp, struct smtp_envelope *envelope, struct smtp_memory *memory, struct verdict *verdict)
{
	gboolean sent = smtp_envelope_send(envelope, verdict);

	smtp->skipped = envelope->skipped;
	/* None at all is no size for a batch. */
	if (envelope->limited && envelope->accepted > 0)
		memory->recipients = envelope->accepted;
	return sent;
}

/* A server that spoke up or left before it had everything. */
static gboolean early_end(struct smtp *smtp, struct deadline deadline, struct verdict *verdict)
{
	struct smtp_reply reply;

	deadline = deadline_earlier(deadline, deadline_in(EARLY_PATIENCE));
	if (!smtp_session_hear(&smtp->session, "DATA", &reply, deadline, verdict))
		return FALSE;
	if (reply.code / 100 < 4)
		return fail(verdict, verdict_deferred("4.3.0", "mail server answered before it had heard everything"));
	return fail(verdict, smtp_session_refused("DATA", &reply));
}

static gboolean send_message(struct smtp *smtp, const struct io_mapping *message, struct deadline deadline, struct verdict *verdict)
{
	struct smtp_reply reply;

	if (!smtp_session_say(&smtp->session, "DATA\r\n", deadline, verdict) ||
		!smtp_session_hear(&smtp->session, "DATA", &reply, deadline, verdict))
		return FALSE;
	if (reply.code / 100 != 3)
		return fail(verdict, smtp_session_refused("DATA", &reply));
	smtp->in_message = TRUE;
	enum smtp_stream_result result = smtp_message_send(smtp->session.stream, message, deadline);
	/* A small message fits into the kernel's buffers, and then nobody has looked yet. */
	if (result == SMTP_STREAM_INTERRUPTED || (result == SMTP_STREAM_SENT && smtp_stream_is_interrupted(smtp->session.stream)))
		return early_end(smtp, deadline, verdict);
	return result == SMTP_STREAM_SENT || fail(verdict, verdict_deferred("4.4.2", "mail server: %s", smtp_stream_word(result)));
}

static gboolean begin(struct smtp *smtp, const struct relay_job *job, const struct smtp_envelope *plan, struct smtp_memory *memory,
	struct verdict *verdict)
{
	struct smtp_needs needs;
	struct smtp_envelope envelope = *plan;
	const struct smtp_offers *offers = &smtp->session.offers;

	smtp_message_needs(&job->message, &needs);
	envelope.needs = &needs;
	if (!can_take(offers, &needs, verdict) || !fits(job, offers, memory, verdict))
		return FALSE;
	note_verp(job, offers, memory);
	return send_envelope(smtp, &envelope, memory, verdict) && send_message(smtp, &job->message, envelope.deadline, verdict);
}

struct smtp *smtp_begin(const struct relay_job *job, const struct smtp_account *account, struct smtp_memory *memory,
	struct deadline deadline, struct verdict *verdict)
{
	guint count = recipients_count(job->recipients);
	guint share = (guint)settings_number(account->settings, SET_smtp_skip_share, NULL);
	struct smtp *smtp = g_new0(struct smtp, 1);
	struct smtp_envelope envelope = {
		.session = &smtp->session,
		.job = job,
		.skip_limit = smtp_envelope_skip_limit(count, share),
		.deadline = deadline,
	};

	if (count == 0)
		log_panic("smtp_begin: nobody to send to");
	if (smtp_session_open(&smtp->session, account, deadline, verdict) && begin(smtp, job, &envelope, memory, verdict)) {
		FAULT_POINT("all-but-last-byte");
		return smtp;
	}
	smtp_free(smtp);
	return NULL;
}

const struct relay_skipped *smtp_skipped(const struct smtp *smtp)
{
	return &smtp->skipped;
}

/* ---- the last line ---- */

static enum relay_outcome outcome_of_reply(const struct smtp_reply *reply, gboolean heard_all, GString *queue_id, GString *reason)
{
	char text[SMTP_TEXT_SIZE];

	smtp_reply_text(reply, NULL, text);
	g_string_assign(reason, text);
	switch (reply->code / 100) {
	case 2:
		smtp_reply_queue_id(reply, queue_id);
		return heard_all ? RELAY_ACCEPTED : RELAY_UNCLEAR;
	case 4:
		return RELAY_TEMPORARY;
	case 5:
		return RELAY_PERMANENT;
	}
	/* 3xx asks for more of what has ended. */
	return RELAY_UNCLEAR;
}

static enum relay_outcome commit(struct smtp *smtp, struct deadline deadline, GString *queue_id, GString *reason)
{
	struct smtp_reply reply;
	struct smtp_stream *stream = smtp->session.stream;
	enum smtp_stream_result result = SMTP_STREAM_INTERRUPTED;

	if (!smtp_stream_is_interrupted(stream))
		result = smtp_stream_send(stream, last_line, strlen(last_line), deadline);
	switch (result) {
	case SMTP_STREAM_SENT:
		smtp->in_message = FALSE;
		FAULT_POINT("after-last-byte");
		if (!smtp_stream_reply(stream, deadline, &reply, reason))
			return RELAY_UNCLEAR;
		return outcome_of_reply(&reply, TRUE, queue_id, reason);
	case SMTP_STREAM_INTERRUPTED:
		if (!smtp_stream_reply(stream, deadline_earlier(deadline, deadline_in(EARLY_PATIENCE)), &reply, reason))
			return RELAY_TEMPORARY;
		return outcome_of_reply(&reply, FALSE, queue_id, reason);
	case SMTP_STREAM_TIMED_OUT:
	case SMTP_STREAM_FAILED:
		g_string_assign(reason, smtp_stream_word(result));
		return RELAY_TEMPORARY;
	}
	log_panic("commit: unknown result");
}

enum relay_outcome smtp_commit(struct smtp *smtp, struct deadline deadline, GString *queue_id, GString *reason)
{
	if (smtp->committed)
		log_panic("smtp_commit: a second time");
	smtp->committed = TRUE;
	g_string_truncate(queue_id, 0);
	g_string_truncate(reason, 0);
	enum relay_outcome outcome = commit(smtp, deadline, queue_id, reason);
	if (outcome != RELAY_ACCEPTED)
		g_string_truncate(queue_id, 0);
	return outcome;
}

void smtp_free(struct smtp *smtp)
{
	if (!smtp)
		return;
	/* Words of a session would be words of the message. */
	if (smtp->in_message)
		smtp_stream_free(smtp->session.stream);
	else
		smtp_session_end(&smtp->session);
	g_free(smtp);
}
