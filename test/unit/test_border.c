/* What our own servers wrote, and what others wrote in their name; logins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/border.h"
#include "lib/mail/received.h"
#include "lib/mail/sasl_match.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *text, *expected; /* "by|client|id|login", '-' for nothing; NULL: it does not say who wrote it */
} received_cases[] = {
	{"from mail.a.test (mail.a.test [192.0.2.1])\r\n\t(using TLSv1.3 with cipher X (256/256 bits)\r\n\t key-exchange Y)\r\n\t(No client certificate "
	 "requested)\r\n\tby mx.b.test (Postfix) with ESMTPS id 4bT2xk1Zz\r\n\tfor <l@b.test>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)",
		"mx.b.test|mail.a.test|4bT2xk1Zz|-"},
	{"from pc (pc.a.test [192.0.2.1]) (using TLS) (Authenticated sender: jan@b.test) by MX.b.test (Postfix) with ESMTPSA id 1; now",
		"mx.b.test|pc.a.test|1|jan@b.test"},
	{"from x (unknown [192.0.2.1]) by mx (Postfix) with ESMTP id 2; now", "mx|unknown|2|-"},
	{"by mx.b.test (Postfix, from userid 1000) id 3; now", "mx.b.test|-|3|-"},
	{"from by (id.test [192.0.2.1]) by mx id 4; by evil id 5", "mx|id.test|4|-"},
	{"from a.test ([192.0.2.1] helo=x) by exim.test with esmtps (Exim 4.96) id 1abc-000; now", "exim.test|-|1abc-000|-"},
	/* What a client says of itself is never what the server saw. */
	{"from mx.b.test (unknown [192.0.2.1]) by mx (Postfix) id 6; now", "mx|unknown|6|-"},
	{"from (Authenticated sender: boss@b.test) (unknown [192.0.2.1]) by mx id 7; now", "mx|unknown|7|-"},
	{"from x (Authenticated sender: boss [1]) by mx id 8; now", "mx|-|8|-"},
	{"from x (a.test [192.0.2.1]) by mx (Authenticated sender: boss@b.test) id 9; now", "mx|a.test|9|-"},
	{"from x (a.test [192.0.2.1]) (Authenticated sender: a) (Authenticated sender: b) by mx id 10; now", "mx|a.test|10|-"},
	{"from x (a.test [192.0.2.1]) ((Authenticated sender: a)) by mx id 11; now", "mx|a.test|11|-"},
	{"from x (a.test [192.0.2.1]) (authenticated sender: a) by mx id 12; now", "mx|a.test|12|-"},
	{"from x (a.test [192.0.2.1]) (Authenticated sender: \377) by mx id 13; now", "mx|a.test|13|-"},
	{"from x (a.test [192.0.2.1]); by mx id 14", NULL},
	{"from x (a.test [192.0.2.1] by mx id 15; now", NULL},
	{"from x y by mx id 16; now", NULL},
	{"from", NULL},
	{"", NULL},
	{"by", NULL},
	{"by (mx)", NULL},
	{"by mx", "mx|-|-|-"},
	{"from x (a\\", NULL},
};

static void test_received(void **state)
{
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(received_cases); i++) {
		size_t length = strlen(received_cases[i].text);
		char *block = g_memdup2(received_cases[i].text, MAX(length, 1));
		struct received received;
		g_autofree char *got = NULL;

		if (received_parse(block, length, &received))
			got = g_strdup_printf("%s|%s|%s|%s", received.by, received.client ? received.client : "-", received.id ? received.id : "-",
				received.login ? received.login : "-");
		received_clear(&received);
		g_free(block);
		if (g_strcmp0(got, received_cases[i].expected) != 0) {
			print_error("%s: %s, expected %s\n", received_cases[i].text, got ? got : "nothing",
				received_cases[i].expected ? received_cases[i].expected : "nothing");
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

#define FROM_OUTSIDE "Received: from a (mail.a.test [192.0.2.1]) by mx.b.test (Postfix) with ESMTP id B1; now\r\n"
#define BORDER_TO_LIST "Received: from mx.b.test (mx.b.test [192.0.2.9]) by list.b.test (Postfix) with ESMTP id L1; now\r\n"
#define OUTSIDE_TO_LIST "Received: from mx.b.test (evil.test [192.0.2.66]) by list.b.test (Postfix) with ESMTP id L1; now\r\n"
#define LOGGED_IN "Received: from a (pc.a.test [192.0.2.1]) (Authenticated sender: jan@b.test) by list.b.test (Postfix) with ESMTPSA id L1; now\r\n"
#define LOGGED_IN_AT_BORDER "Received: from a (pc.a.test [192.0.2.1]) (Authenticated sender: jan@b.test) by mx.b.test (Postfix) with ESMTPSA id B1; now\r\n"
#define LOCAL "Received: by list.b.test (Postfix, from userid 1000) id L1; now\r\n"
#define STRANGER "Received: from x (x.test [192.0.2.7]) by relay.a.test (Postfix) id A1; now\r\n"
#define SPF(result) "Authentication-Results: mx.b.test; spf=" result " smtp.mailfrom=jan@a.test\r\n"
#define PASS SPF("pass")
#define FAIL SPF("fail")
#define END "From: jan@a.test\r\n\r\n"

static const struct {
	const char *name, *message;
	gboolean below;
	const char *queue_id;
	const char *spf;   /* "result domain" or "none" */
	const char *login; /* NULL: nobody */
	guint stripped;
} border_cases[] = {
	/* One host is border and list. */
	{"above the border's field", PASS OUTSIDE_TO_LIST STRANGER END, FALSE, NULL, "pass a.test", NULL, 0},
	{"forged below", OUTSIDE_TO_LIST PASS STRANGER END, FALSE, NULL, "none", NULL, 1},
	{"forged below, genuine above", FAIL OUTSIDE_TO_LIST PASS END, FALSE, NULL, "fail a.test", NULL, 1},
	{"forged at the end", OUTSIDE_TO_LIST STRANGER PASS END, FALSE, NULL, "none", NULL, 1},
	{"below, where a milter may write", OUTSIDE_TO_LIST FAIL STRANGER END, TRUE, NULL, "fail a.test", NULL, 0},
	{"below, the milter's is the upper one", OUTSIDE_TO_LIST FAIL PASS STRANGER END, TRUE, NULL, "fail a.test", NULL, 0},
	{"below the next Received nobody of us writes", OUTSIDE_TO_LIST STRANGER PASS END, TRUE, NULL, "none", NULL, 1},
	{"from the command line", PASS LOCAL PASS END, FALSE, NULL, "pass a.test", NULL, 1},
	{"no Received at all", PASS END, FALSE, NULL, "none", NULL, 1},
	{"no Received at all, below allowed", PASS END, TRUE, NULL, "none", NULL, 1},
	{"somebody else's Received on top", PASS STRANGER OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 1},
	{"a Received that nobody understands", PASS "Received: (\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 1},
	/* A border before us. */
	{"border before us", BORDER_TO_LIST PASS FROM_OUTSIDE END, FALSE, NULL, "pass a.test", NULL, 0},
	{"border before us, forged below it", BORDER_TO_LIST FROM_OUTSIDE PASS END, FALSE, NULL, "none", NULL, 1},
	{"past the border, in its name", OUTSIDE_TO_LIST PASS FROM_OUTSIDE END, FALSE, NULL, "none", NULL, 1},
	{"past the border, in its name, below allowed", OUTSIDE_TO_LIST FROM_OUTSIDE PASS END, TRUE, NULL, "none", NULL, 1},
	/* Other servers' fields. */
	{"another id", "Authentication-Results: mx.a.test; spf=pass smtp.mailfrom=a.test\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 0},
	{"our id in other letters", "AUTHENTICATION-RESULTS: MX.B.Test; spf=pass smtp.mailfrom=A.test\r\n" OUTSIDE_TO_LIST END, FALSE, NULL,
		"pass a.test", NULL, 0},
	{"forged in quotes, with comment and version", OUTSIDE_TO_LIST "Authentication-Results: (x) \"mx.b.test\" (y) 1; spf=pass\r\n" END, FALSE, NULL, "none",
		NULL, 1},
	{"forged and broken", OUTSIDE_TO_LIST "Authentication-Results: mx.b.test; ((\r\n" END, FALSE, NULL, "none", NULL, 1},
	{"forged, its id cannot be read", OUTSIDE_TO_LIST "Authentication-Results: (mx.b.test; spf=pass\r\n" END, FALSE, NULL, "none", NULL, 1},
	{"our own for members, from an earlier time", "Authentication-Results: lists.b.test; dkim=pass\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 1},
	{"many", OUTSIDE_TO_LIST PASS PASS PASS STRANGER PASS END, FALSE, NULL, "none", NULL, 4},
	/* Which result. */
	{"broken, then good", "Authentication-Results: mx.b.test; spf=pass smtp\r\n" PASS OUTSIDE_TO_LIST END, FALSE, NULL, "pass a.test", NULL, 0},
	{"HELO only", "Authentication-Results: mx.b.test; spf=pass smtp.helo=Mail.A.test\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "pass mail.a.test", NULL, 0},
	{"HELO, then MAIL FROM", "Authentication-Results: mx.b.test; spf=pass smtp.helo=evil.test\r\n" FAIL OUTSIDE_TO_LIST END, FALSE, NULL, "fail a.test",
		NULL, 0},
	{"a bounce", "Authentication-Results: mx.b.test; spf=none smtp.mailfrom=; spf=pass smtp.helo=a.test\r\n" OUTSIDE_TO_LIST END, FALSE, NULL,
		"pass a.test", NULL, 0},
	{"a word that is none", SPF("great") OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 0},
	{"in brackets", "Authentication-Results: mx.b.test; spf=pass smtp.mailfrom=<jan@a.test>\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "pass a.test", NULL, 0},
	{"empty brackets", "Authentication-Results: mx.b.test; spf=pass smtp.mailfrom=<>\r\n" OUTSIDE_TO_LIST END, FALSE, NULL, "none", NULL, 0},
	/* Queue id and login. */
	{"the queue id stands in it", PASS OUTSIDE_TO_LIST END, FALSE, "L1", "pass a.test", NULL, 0},
	{"the queue id stands in none", PASS LOGGED_IN END, FALSE, "L2", "none", NULL, 1},
	{"the queue id of a server before", PASS BORDER_TO_LIST LOGGED_IN_AT_BORDER END, FALSE, "B1", "pass a.test", "jan@b.test", 0},
	{"logged in here", LOGGED_IN END, FALSE, "L1", "none", "jan@b.test", 0},
	{"logged in at the border", BORDER_TO_LIST LOGGED_IN_AT_BORDER END, FALSE, NULL, "none", "jan@b.test", 0},
	{"says that he logged in at the border", OUTSIDE_TO_LIST LOGGED_IN_AT_BORDER END, FALSE, NULL, "none", NULL, 0},
	{"says that he logged in here", OUTSIDE_TO_LIST LOGGED_IN END, FALSE, NULL, "none", NULL, 0},
	{"logged in elsewhere", "Received: from a (a.test [192.0.2.1]) (Authenticated sender: jan@b.test) by relay.a.test (Postfix) id A1; now\r\n" END, FALSE,
		NULL, "none", NULL, 0},
};

static void test_border(void **state)
{
	static const char *const hosts[] = {"list.b.test", "mx.b.test", NULL}, *const ids[] = {"mx.b.test", NULL};
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(border_cases); i++) {
		struct help_message message = help_message(border_cases[i].message);
		const struct border_setup setup = {
			.hosts = hosts, .ids = ids, .results_below = border_cases[i].below, .queue_id = border_cases[i].queue_id};
		struct authentication found;
		struct border border;

		authentication_init(&found);
		border_find(&setup, &message.header, &border);
		border_read_spf(&setup, &border, &message.header, &found.spf);
		guint stripped = border_strip(&setup, &border, "lists.b.test", &message.header);
		g_autofree char *spf = g_strdup_printf("%s%s%s", found.spf.result, found.spf.domain ? " " : "", found.spf.domain ? found.spf.domain : "");

		if (strcmp(spf, border_cases[i].spf) != 0 || g_strcmp0(border.login, border_cases[i].login) != 0 || stripped != border_cases[i].stripped) {
			print_error("%s: spf %s, login %s, stripped %u\n", border_cases[i].name, spf, border.login ? border.login : "-", stripped);
			failed++;
		}
		border_clear(&border);
		authentication_clear(&found);
		help_clear(&message);
	}
	assert_int_equal(failed, 0);
}

/* Our servers behind each other, more than there ever are: the rest is not ours. */
static void test_hops_are_bounded(void **state)
{
	static const char *const hosts[] = {"list.b.test", "mx.b.test", NULL};
	const struct border_setup setup = {.hosts = hosts};
	g_autofree char *chain = help_repeat(BORDER_TO_LIST, 900);
	g_autofree char *text = g_strconcat(chain, LOGGED_IN, END, NULL);
	struct help_message message = help_message(text);
	struct border border;

	border_find(&setup, &message.header, &border);
	assert_int_equal(border.trusted, BORDER_HOPS - 1);
	assert_null(border.login);
	border_clear(&border);
	help_clear(&message);
}

/* Nobody has given us a name: then no field bears it. */
static void test_without_a_name_nothing_goes(void **state)
{
	static const char *const hosts[] = {"list.b.test", NULL}, *const ids[] = {NULL};
	const struct border_setup setup = {.hosts = hosts, .ids = ids};
	struct help_message message = help_message(OUTSIDE_TO_LIST PASS "Authentication-Results: (\r\n" END);
	struct border border;

	border_find(&setup, &message.header, &border);
	assert_int_equal(border_strip(&setup, &border, NULL, &message.header), 0);
	border_clear(&border);
	help_clear(&message);
}

static const struct {
	const char *how, *login, *author;
	gboolean matches;
} logins[] = {
	{"address", "jan@b.test", "jan@b.test", TRUE},
	{"address", "Jan@B.test", "jan@b.test", TRUE},
	{"address", "jan", "jan@b.test", FALSE},
	{"address", "piet@b.test", "jan@b.test", FALSE},
	{"address", "jan@b.test.evil", "jan@b.test", FALSE},
	{"address", "jan@b\303\274cher.test", "jan@xn--bcher-kva.test", TRUE},
	{"address", "\"jan\"@b.test", "jan@b.test", TRUE},
	{"address", "", "jan@b.test", FALSE},
	{"localpart", "jan", "jan@b.test", TRUE},
	{"localpart", "JAN", "jan@b.test", TRUE},
	{"localpart", "jan", "jan@evil.test", FALSE},
	{"localpart", "jan@b.test", "jan@b.test", FALSE},
	{"localpart", "jan@b.test", "jan@b.test@b.test", FALSE},
	{"localpart", "", "@b.test", FALSE},
	{"localpart", "jan", "piet@b.test", FALSE},
	{"none", "jan@b.test", "jan@b.test", FALSE},
};

static void test_logins(void **state)
{
	static const char *const domains[] = {"c.test", "b.test", NULL};

	for (gsize i = 0; i < G_N_ELEMENTS(logins); i++) {
		const struct sasl_match match = {.how = logins[i].how, .domains = domains};

		if (sasl_match(&match, logins[i].login, logins[i].author) != logins[i].matches)
			fail_msg("%s: %s as %s", logins[i].how, logins[i].login, logins[i].author);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_border),
		cmocka_unit_test(test_hops_are_bounded),
		cmocka_unit_test(test_without_a_name_nothing_goes),
		cmocka_unit_test(test_logins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
