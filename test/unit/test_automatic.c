/* room: intake. lib/mail/automatic.h: what never goes out (HOSTILE M4, M27, M28, L11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/limits.h"
#include "lib/mail/automatic.h"
#include "test/unit/mail_help.h"

static gboolean takes_generated;

/* `word` NULL: goes on. Nothing is ever refused. */
static void expect(const char *fields, const char *sender, const char *author, const char *subject, const char *word)
{
	g_autofree char *text = g_strconcat(fields, "\r\nX-Loop: choir@lists.example.org\r\n", NULL);
	struct help_message message = help_message(text);
	struct automatic_post post = {
		.header = &message.header,
		.list = "choir@lists.example.org",
		.sender = sender,
		.author = author,
		.subject = subject,
		.takes_generated = takes_generated,
	};
	struct verdict verdict = automatic_check(&post);

	if (!word) {
		if (verdict.class != VERDICT_NONE)
			print_error("%s %s: %s\n", fields, subject, verdict.text);
		assert_int_equal(verdict.class, VERDICT_NONE);
	} else {
		g_autofree char *expected = g_strdup_printf("automatic mail (%s)", word);

		assert_int_equal(verdict.class, VERDICT_DISCARDED);
		assert_int_equal(verdict.code, 250);
		assert_string_equal(verdict.text, expected);
	}
	help_clear(&message);
}

static void test_fields(void **state)
{
	static const struct {
		const char *fields, *word;
	} cases[] = {
		{"", NULL},
		/* M27, M28: whoever put the mark there */
		{"X-Loop: choir@lists.example.org\r\n", "own-loop-mark"},
		{"X-Loop: other@lists.example.org\r\nx-loop:  CHOIR@lists.example.org \r\n", "own-loop-mark"},
		{"X-Loop: other@lists.example.org\r\n", NULL},
		{"X-Loop: xchoir@lists.example.org\r\n", NULL},
		{"List-Id: <choir.lists.example.org>\r\n", "own-list-id"},
		{"List-Id: \"The <best> choir\"\r\n <Choir.Lists.example.org>\r\n", "own-list-id"},
		{"List-Id: choir.lists.example.org\r\n", "own-list-id"},
		{"List-Id: <other.lists.example.org>\r\n", NULL},
		{"List-Id: <choir.lists.example.org.evil.example>\r\n", NULL},
		{"List-Id: <choir.lists.example.org\r\n", NULL},
		{"List-Id: ><\r\n", NULL},
		{"Delivered-To: choir@lists.example.org\r\n", "own-delivered-to"},
		{"Delivered-To: member@example.org\r\nDelivered-To: <choir@lists.example.org>\r\n", "own-delivered-to"},
		{"Delivered-To: choir-owner@lists.example.org\r\n", NULL},
		{"Auto-Submitted: auto-replied\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-generated (by cron)\r\n", "auto-submitted"},
		{"auto-submitted: anything; x=y\r\n", "auto-submitted"},
		{"Auto-Submitted:\r\n", "auto-submitted"},
		{"Auto-Submitted: no\r\n", NULL},
		{"Auto-Submitted: No; reason=\"x\"\r\n", NULL},
		{"Precedence: bulk\r\n", "precedence"},
		{"Precedence: JUNK\r\n", "precedence"},
		{"Precedence: auto_reply\r\n", "precedence"},
		{"Precedence: list\r\n", NULL},
		{"Precedence: bulky\r\n", NULL},
		{"X-Autoreply: yes\r\n", "autoreply"},
		{"X-Autorespond: Re: x\r\n", "autoreply"},
		{"X-Auto-Reply:\r\n", "autoreply"},
		{"X-Autoreply: no\r\n", NULL},
		{"X-Auto-Response-Suppress: All\r\n", NULL},
		{"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n", "report"},
		{"Content-Type: Multipart / Report (x)\r\n", "report"},
		{"Content-Type: multipart/reports\r\n", NULL},
		{"Content-Type: text/plain; x=multipart/report\r\n", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(cases[i].fields, "a@b.example", "a@b.example", "Rehearsal", cases[i].word);

	g_autofree char *most = help_repeat("Received: from x by y; Mon, 1 Jan 2026 00:00:00 +0000\r\n", LIMIT_RECEIVED);
	g_autofree char *more = g_strconcat(most, "received: from z\r\n", NULL);
	expect(most, "a@b.example", "a@b.example", "x", NULL);
	expect(more, "a@b.example", "a@b.example", "x", "hops");
}

static void test_addresses(void **state)
{
	static const struct {
		const char *sender, *author, *word;
	} cases[] = {
		{"a@b.example", "a@b.example", NULL},
		{"a@b.example", NULL, NULL},
		/* L11 */
		{"", "a@b.example", "null-sender"},
		{"MAILER-DAEMON@b.example", "a@b.example", "mailer-daemon"},
		{"mailer-daemon", "a@b.example", "mailer-daemon"},
		{"a@b.example", "Mailer-Daemon@b.example", "mailer-daemon"},
		{"a@b.example", "mailer-daemons@b.example", NULL},
		/* our own envelope, with VERP or without */
		{"choir-bounces@lists.example.org", "a@b.example", "own-sender"},
		{"choir-bounces+a=b.example@lists.example.org", "a@b.example", "own-sender"},
		{"choir-owner@lists.example.org", "a@b.example", "own-sender"},
		{"choir@lists.example.org", "a@b.example", "own-sender"},
		/* M4 */
		{"a@b.example", "choir@lists.example.org", "from-list"},
		{"a@b.example", "Choir@lists.example.org", "from-list"},
		{"a@b.example", "choir-owner@lists.example.org", "from-list"},
		{"a@b.example", "choir-editor@lists.example.org", "from-list"},
		{"a@b.example", "choir-request@lists.example.org", "from-list"},
		{"a@b.example", "CHOIR-Bounces+x@lists.example.org", "from-list"},
		{"a@b.example", "choir-confirm+0123@lists.example.org", "from-list"},
		{"a@b.example", "choir-subscribe@lists.example.org", "from-list"},
		{"a@b.example", "choir-unsubscribe@lists.example.org", "from-list"},
		{"a@b.example", "choir-ownership@lists.example.org", NULL},
		{"a@b.example", "choir-jan@lists.example.org", NULL},
		{"a@b.example", "choir@example.org", NULL},
		{"a@b.example", "choir-owner@example.org", NULL},
		{"a@b.example", "c@lists.example.org", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect("Subject: x\r\n", cases[i].sender, cases[i].author, "x", cases[i].word);
}

static void test_subjects(void **state)
{
	static const char *const vacation[] = {"Automatic reply: Rehearsal", "AUTOMATIC REPLY:", "Out of Office: Rehearsal",
		"Out of Office AutoReply: Rehearsal", "Autoreply: x", "Automatisch antwoord: Repetitie", "Automatische Antwort: Probe",
		"Abwesenheitsnotiz: Probe", "R\303\251ponse automatique : R\303\251p\303\251tition",
		"R\303\251ponse automatique\302\240: x", "Re\314\201ponse automatique: x", "Respuesta autom\303\241tica: x",
		"Risposta automatica: x", "Automatiskt svar: x",
		"\320\220\320\262\321\202\320\276\320\276\321\202\320\262\320\265\321\202: x",
		"\350\207\252\345\212\250\345\233\236\345\244\215\357\274\232x"};
	static const char *const people[] = {"", "Re: Automatic reply: Rehearsal", "Out of office plants", "Out of office",
		"Automatic reply", "Automatic reply settings: how to", "Autoresponders: yes or no", "Fwd: Out of office: x",
		"An automatic reply: why", "Afwezig: Jan", "Vakantie: wie let er op de kat?", "Away: x", "\303\251: x"};

	for (guint i = 0; i < G_N_ELEMENTS(vacation); i++)
		expect("", "a@b.example", "a@b.example", vacation[i], "vacation-subject");
	for (guint i = 0; i < G_N_ELEMENTS(people); i++)
		expect("", "a@b.example", "a@b.example", people[i], NULL);
	expect("", "a@b.example", "a@b.example", NULL, NULL);
}

/* Of all automatic mail a list can only take what a process began by itself, and what nothing else speaks against. */
static void test_generated(void **state)
{
	static const char generated[] = "Auto-Submitted: auto-generated\r\n";
	static const struct {
		const char *fields, *word;
	} cases[] = {
		{"Auto-Submitted: auto-generated\r\n", NULL},
		{"auto-submitted: Auto-Generated; owner-email=\"x@y.example\"\r\n", NULL},
		{"Auto-Submitted: auto-generated (by cron)\r\n", NULL},
		{"Auto-Submitted: auto-generated\r\nAuto-Submitted: auto-generated\r\n", NULL},
		{"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n", NULL},
		{"Auto-Submitted: auto-generated\r\nList-Id: <commits.git.example.org>\r\n", NULL},
		{"", NULL},
		{"Auto-Submitted: no\r\n", NULL},
		{"Auto-Submitted: auto-replied\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-notified; owner-email=x@y.example\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-generated-x\r\n", "auto-submitted"},
		{"Auto-Submitted: auto\r\n", "auto-submitted"},
		{"Auto-Submitted: (x) auto-generated\r\n", "auto-submitted"},
		{"Auto-Submitted:\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-generated\r\nAuto-Submitted: auto-replied\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-replied\r\nAuto-Submitted: auto-generated\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-generated\r\nAuto-Submitted:\r\n", "auto-submitted"},
		{"Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n", "precedence"},
		{"Auto-Submitted: auto-generated\r\nPrecedence: junk\r\n", "precedence"},
		{"Auto-Submitted: auto-generated\r\nX-Autoreply: yes\r\n", "autoreply"},
		{"Auto-Submitted: auto-generated\r\nContent-Type: multipart/report; boundary=x\r\n", "report"},
		{"Auto-Submitted: auto-generated\r\nX-Loop: choir@lists.example.org\r\n", "own-loop-mark"},
		{"Auto-Submitted: auto-generated\r\nList-Id: <choir.lists.example.org>\r\n", "own-list-id"},
		{"Auto-Submitted: auto-generated\r\nDelivered-To: choir@lists.example.org\r\n", "own-delivered-to"},
	};

	takes_generated = TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(cases[i].fields, "a@b.example", "a@b.example", "Backup done", cases[i].word);
	expect(generated, "", "a@b.example", "x", "null-sender");
	expect(generated, "a@b.example", "mailer-daemon@b.example", "x", "mailer-daemon");
	expect(generated, "choir-bounces@lists.example.org", "a@b.example", "x", "own-sender");
	expect(generated, "a@b.example", "choir@lists.example.org", "x", "from-list");
	expect(generated, "a@b.example", "a@b.example", "Automatic reply: x", "vacation-subject");
	takes_generated = FALSE;
	expect(generated, "a@b.example", "a@b.example", "x", "auto-submitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
