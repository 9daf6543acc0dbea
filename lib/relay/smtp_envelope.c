/*
 * Windows of RCPT; see smtp_envelope.h.
 *
 * A window is said, then all its replies are heard: so there is never more under way than the kernel holds, and neither side can wait for the other. Under
 * 4 KiB, since Postfix's smtpd reads that much at once and a longer one stalls it 40 ms; 10 to 50 commands go fastest into it [M].
 */
#include "lib/relay/smtp_envelope.h"

#include <string.h>

enum {
	WINDOW_COMMANDS = 50,
	WINDOW_BYTES = 3800,
	LOCAL_PART_SIZE = 256,
};

guint smtp_envelope_skip_limit(guint count, guint share)
{
	guint limit = (guint)((guint64)count * share / 100);

	if (share > 0)
		limit = MAX(limit, 1);
	return MIN(limit, count > 0 ? count - 1 : 0);
}

static gboolean fail(struct verdict *verdict, struct verdict what)
{
	*verdict = what;
	return FALSE;
}

/*
 * Whether a member's address needs SMTPUTF8 (RFC 6531). A server that does not offer it refuses that one address, and the others get their copies. It
 * costs those nothing where it is offered: Postfix asks the next server for it only where an address of that delivery, or the header, has UTF-8.
 */
static gboolean has_utf8_address(const struct recipients *recipients)
{
	for (guint i = 0; i < recipients_count(recipients); i++)
		if (!g_str_is_ascii(recipients_get(recipients, i)))
			return TRUE;
	return FALSE;
}

static void append_mail(const struct smtp_envelope *envelope, GString *window)
{
	const struct smtp_offers *offers = &envelope->session->offers;

	g_string_append_printf(window, "MAIL FROM:<%s>", envelope->job->sender);
	if (offers->size)
		g_string_append_printf(window, " SIZE=%" G_GUINT64_FORMAT, envelope->needs->size);
	if (envelope->needs->eight_bit)
		g_string_append(window, " BODY=8BITMIME");
	if (envelope->needs->utf8 || (offers->utf8 && has_utf8_address(envelope->job->recipients)))
		g_string_append(window, " SMTPUTF8");
	/* Postfix's own delimiters, which its QMQP server takes for such a sender, too. */
	if (envelope->job->verp && offers->xverp)
		g_string_append(window, " XVERP=+=");
	g_string_append(window, "\r\n");
}

/* What a server says of an address, without the address. */
static void assign_reason(const struct smtp_reply *reply, const char *address, char reason[SMTP_TEXT_SIZE])
{
	char local[LOCAL_PART_SIZE];
	const char *at = strrchr(address, '@');

	g_strlcpy(local, address, MIN(sizeof(local), at ? (gsize)(at - address) + 1 : sizeof(local)));
	smtp_reply_text(reply, local, reason);
}

/* A "no" to one address. */
static gboolean skip(struct smtp_envelope *envelope, const char *reason, struct verdict *verdict)
{
	struct relay_skipped *skipped = &envelope->skipped;

	if (skipped->count++ == 0)
		g_strlcpy(skipped->reason, reason, sizeof(skipped->reason));
	if (skipped->count <= envelope->skip_limit)
		return TRUE;
	return fail(verdict, verdict_deferred("4.3.0", "mail server refuses more than %u of %u addresses (smtp_skip_share), the first with: %s",
		envelope->skip_limit, recipients_count(envelope->job->recipients), skipped->reason));
}

static gboolean hear_recipient(struct smtp_envelope *envelope, const char *address, struct verdict *verdict)
{
	struct smtp_reply reply;
	char reason[SMTP_TEXT_SIZE];

	if (!smtp_session_hear(envelope->session, "RCPT", &reply, envelope->deadline, verdict))
		return FALSE;
	if (reply.code / 100 == 2) {
		envelope->accepted++;
		return TRUE;
	}
	assign_reason(&reply, address, reason);
	if (smtp_reply_is_limit(&reply)) {
		envelope->limited = TRUE;
		return fail(verdict, verdict_deferred("4.5.3",
			"mail server takes only %u of %u recipients at once (%s): raise its smtpd_recipient_limit, or set smtp_batch",
			envelope->accepted, recipients_count(envelope->job->recipients), reason));
	}
	if (reply.code / 100 == 5)
		return skip(envelope, reason, verdict);
	return fail(verdict, verdict_deferred("4.3.0", "mail server does not take each recipient now: %s", reason));
}

static gboolean hear_mail(struct smtp_envelope *envelope, struct verdict *verdict)
{
	struct smtp_reply reply;

	if (!smtp_session_hear(envelope->session, "MAIL", &reply, envelope->deadline, verdict))
		return FALSE;
	return reply.code / 100 == 2 || fail(verdict, smtp_session_refused("MAIL", &reply));
}

/* Adds commands until the window is full. The place behind the last. */
static guint fill_window(const struct smtp_envelope *envelope, guint from, GString *window)
{
	const struct recipients *recipients = envelope->job->recipients;
	guint place = from;

	while (place < recipients_count(recipients) && place - from < WINDOW_COMMANDS && window->len < WINDOW_BYTES) {
		gsize before = window->len;

		g_string_append_printf(window, "RCPT TO:<%s>\r\n", recipients_get(recipients, place));
		if (window->len > WINDOW_BYTES && before > 0) {
			g_string_truncate(window, before);
			break;
		}
		place++;
		if (!envelope->session->offers.pipelining)
			break;
	}
	return place;
}

static gboolean send_recipients(struct smtp_envelope *envelope, GString *window, struct verdict *verdict)
{
	const struct recipients *recipients = envelope->job->recipients;
	gboolean mail_waits = window->len > 0;
	guint place = 0;

	while (place < recipients_count(recipients)) {
		guint end = fill_window(envelope, place, window);

		if (!smtp_session_say(envelope->session, window->str, envelope->deadline, verdict))
			return FALSE;
		g_string_truncate(window, 0);
		if (mail_waits && !hear_mail(envelope, verdict))
			return FALSE;
		mail_waits = FALSE;
		for (; place < end; place++)
			if (!hear_recipient(envelope, recipients_get(recipients, place), verdict))
				return FALSE;
	}
	return TRUE;
}

gboolean smtp_envelope_send(struct smtp_envelope *envelope, struct verdict *verdict)
{
	g_autoptr(GString) window = g_string_sized_new(WINDOW_BYTES + SMTP_LINE_LIMIT);

	append_mail(envelope, window);
	if (!envelope->session->offers.pipelining) {
		if (!smtp_session_say(envelope->session, window->str, envelope->deadline, verdict) || !hear_mail(envelope, verdict))
			return FALSE;
		g_string_truncate(window, 0);
	}
	gboolean sent = send_recipients(envelope, window, verdict);
	explicit_bzero(window->str, window->allocated_len);
	return sent;
}
