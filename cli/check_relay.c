/*
 * The way back by SMTP, live: whether the daemon gets in, and what the server offers. What it does not offer is told by what that costs. Nothing is sent: the session
 * ends before MAIL.
 */
#include <signal.h>

#include "cli/check.h"
#include "lib/relay/smtp_session.h"

enum { PATIENCE = 30 }; /* seconds */

struct offer {
	gboolean there, serious;
	const char *name, *cost, *todo;
};

static gboolean any_verp(const struct settings *settings)
{
	gboolean wanted = FALSE;

	for (const char *const *domain = settings_domains(settings); *domain; domain++)
		wanted = wanted || settings_boolean(settings, SET_verp, *domain);
	for (const char *const *list = settings_lists(settings); *list; list++)
		wanted = wanted || settings_boolean(settings, SET_verp, *list);
	return wanted;
}

static void report_offers(struct check *check, const struct smtp_session *session)
{
	const struct smtp_offers *offers = &session->offers;
	const struct offer rows[] = {
		{offers->pipelining, TRUE, "PIPELINING", "each recipient costs a round trip", NULL},
		{offers->eight_bit, TRUE, "8BITMIME", "8-bit posts wait, and go back to their authors in the end",
			"have the server offer it (Postfix: smtpd_discard_ehlo_keywords), or name another: nothing is converted, as it would break signatures"},
		{offers->utf8, TRUE, "SMTPUTF8", "posts with addresses in UTF-8 wait, and go back to their authors in the end",
			"have the server offer it (Postfix: smtputf8_enable = yes), or name another"},
		{offers->size, FALSE, "SIZE", "a post that is too large is refused only after it was sent", NULL},
		{offers->xverp, any_verp(check->settings), "XVERP", "a bounce does not tell whose it is",
			"let us use it (Postfix: smtpd_authorized_verp_clients), or set verp = no"},
	};
	const char *where = settings_text(check->settings, SET_smtp_server, NULL);
	g_autoptr(GString) there = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].there)
			g_string_append_printf(there, " %s", rows[i].name);
	report_add(check->report, REPORT_OK, "smtp_server %s: reached%s; it offers%s%s%s", where, session->tls ? " with TLS" : "", there->len ? there->str : " nothing",
		offers->starttls ? " STARTTLS" : "", offers->auth_plain || offers->auth_login ? " AUTH" : "");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!rows[i].there && rows[i].serious) {
			report_add(check->report, REPORT_WARNING, "smtp_server %s does not offer %s: %s", where, rows[i].name, rows[i].cost);
			if (rows[i].todo)
				report_todo(check->report, "%s", rows[i].todo);
		}
	if (offers->recipients > 0)
		report_add(check->report, REPORT_OK, "smtp_server %s: at most %u recipients at once", where, offers->recipients);
}

static void look(struct check *check, const struct smtp_account *account)
{
	struct smtp_session session;
	struct verdict verdict = VERDICT_UNDECIDED;

	/* The socket is for the daemon's group. */
	if (!identity_assume(&check->identity))
		return;
	/* OpenSSL writes to a socket as to any file. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	gboolean open = smtp_session_open(&session, account, deadline_in(PATIENCE), &verdict);
	identity_resume(&check->identity);
	if (open)
		report_offers(check, &session);
	else
		report_add(check->report, REPORT_ERROR, "smtp_server %s: %s", settings_text(check->settings, SET_smtp_server, NULL), verdict.text);
	smtp_session_end(&session);
	signal(SIGPIPE, before);
}

void check_relay(struct check *check)
{
	struct smtp_account account;
	g_autoptr(GError) error = NULL;

	if (!settings_is(check->settings, SET_relay, NULL, "smtp"))
		return;
	if (smtp_account_load(&account, check->settings, &error))
		look(check, &account);
	else
		report_add(check->report, REPORT_ERROR, "%s: %s", check->config, error->message);
	smtp_account_clear(&account);
}
