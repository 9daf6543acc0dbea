/* room: intake. lib/mail/munge.h and author_intact.h: From of the list, the author where he is found, and which signatures survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/author_intact.h"
#include "lib/mail/mail.h"
#include "lib/mail/munge.h"
#include "test/unit/mail_help.h"

#define LIST "choir@x.example"
#define SENDER "Sender: choir-bounces@x.example\r\n"

static const struct {
	const char *name, *author, *reply_to, *before, *after;
} cases[] = {
	{"Anna", "anna@a.example", "author", "From: Anna <anna@a.example>\r\nSubject: x\r\n",
		"From: \"Anna via choir\" <" LIST ">\r\nSubject: x\r\nAuthor: Anna <anna@a.example>\r\nReply-To: \"Anna\" <anna@a.example>\r\n" SENDER},
	/* no name, and names that are none */
	{NULL, "anna@a.example", "author", "From: anna@a.example\r\n",
		"From: \"anna via choir\" <" LIST ">\r\nAuthor: anna@a.example\r\nReply-To: anna@a.example\r\n" SENDER},
	{"boss@bank.example", "anna@a.example", "author", "From: \"boss@bank.example\" <anna@a.example>\r\n",
		"From: \"anna via choir\" <" LIST ">\r\nAuthor: \"boss@bank.example\" <anna@a.example>\r\nReply-To: anna@a.example\r\n" SENDER},
	{"x\xEF\xBC\xA0y", "\"a@b\"@a.example", "author", "From: \"a@b\"@a.example\r\n",
		"From: \"choir\" <" LIST ">\r\nAuthor: \"a@b\"@a.example\r\nReply-To: \"a@b\"@a.example\r\n" SENDER},
	/* a name is data: quotes, line ends, words that look encoded, other scripts */
	{"A \"B\" \\ <c>, d;", "a@a.example", "author", "From: a@a.example\r\n",
		"From: \"A \\\"B\\\" \\\\ <c>, d; via choir\" <" LIST ">\r\nAuthor: a@a.example\r\nReply-To: \"A \\\"B\\\" \\\\ <c>, d;\" <a@a.example>\r\n" SENDER},
	{"a\r\nBcc: b", "a@a.example", "author", "From: a@a.example\r\n",
		"From: \"a Bcc: b via choir\" <" LIST ">\r\nAuthor: a@a.example\r\nReply-To: \"a Bcc: b\" <a@a.example>\r\n" SENDER},
	{"=?utf-8?q?x?=", "a@a.example", "list", "From: a@a.example\r\nReply-To: " LIST "\r\nCc: A <A@a.example>\r\n",
		"From: =?utf-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D_via_choir?= <" LIST ">\r\nReply-To: " LIST "\r\nCc: A <A@a.example>\r\nAuthor: a@a.example\r\n" SENDER},
	{"\xC4\x8C\xE5\x90\x88", "a@a.example", "author", "From: a@a.example\r\n",
		"From: =?utf-8?Q?=C4=8C=E5=90=88_via_choir?= <" LIST ">\r\nAuthor: a@a.example\r\n"
		"Reply-To: =?utf-8?Q?=C4=8C=E5=90=88?= <a@a.example>\r\n" SENDER},
	/* where replies go */
	{NULL, "a@a.example", "author", "From: a@a.example\r\nReply-To: b@a.example\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: b@a.example, a@a.example\r\nAuthor: a@a.example\r\n" SENDER},
	{NULL, "a@a.example", "author", "From: a@a.example\r\nReply-To: A <A@A.example>\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: A <A@A.example>\r\nAuthor: a@a.example\r\n" SENDER},
	{NULL, "a@a.example", "author", "From: a@a.example\r\nReply-To: aa@a.example, a@a.example.org\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: aa@a.example, a@a.example.org, a@a.example\r\nAuthor: a@a.example\r\n" SENDER},
	{NULL, "a@a.example", "list", "From: a@a.example\r\nReply-To: " LIST "\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: " LIST "\r\nAuthor: a@a.example\r\nCc: a@a.example\r\n" SENDER},
	{NULL, "a@a.example", "both", "From: a@a.example\r\nReply-To: " LIST ", a@a.example\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: " LIST ", a@a.example\r\nAuthor: a@a.example\r\n" SENDER},
	{NULL, "a@a.example", "both", "From: a@a.example\r\nReply-To: " LIST ", b@a.example\r\nCc: c@a.example\r\n",
		"From: \"a via choir\" <" LIST ">\r\nReply-To: " LIST ", b@a.example\r\nCc: c@a.example, a@a.example\r\nAuthor: a@a.example\r\n" SENDER},
	/* what he said of himself, and a key that is not the list's */
	{NULL, "a@a.example", "list", "Author: boss@bank.example\r\nFrom: a@a.example\r\nSender: b@a.example\r\nautocrypt: x\r\nAutocrypt: y\r\nCc: a@a.example\r\n",
		"From: \"a via choir\" <" LIST ">\r\n" SENDER "Cc: a@a.example\r\nAuthor: a@a.example\r\n"},
	/* nobody whom we could name */
	{NULL, NULL, "author", "From: a, b\r\nFrom: c\r\n", "From: \"choir\" <" LIST ">\r\nAuthor: a, b\r\n" SENDER},
};

static void test_from(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat(cases[i].before, "\r\n", NULL);
		struct help_message message = help_message(text);
		const struct munge munge = {.list = LIST, .author = cases[i].author, .name = cases[i].name, .reply_to = cases[i].reply_to};

		munge_from(&munge, &message.header);
		g_autofree char *got = help_render(&message.header);
		assert_string_equal(got, cases[i].after);
		help_clear(&message);
	}
}

/* Inside, the fields are those that came, but for secrets and the body's; around, only what a mail of the list needs. */
static void test_wrap(void **state)
{
	struct help_message came = help_message("From: A <a@a.example>\r\nX-Own:  y\r\nSubject: x\r\nList-Id: <other>\r\nBcc: secret\r\n"
		"Content-Type: text/html\r\nMessage-ID: <1@a>\r\n\r\nold\r\n");
	struct help_message cooked = help_message("From: A <a@a.example>\r\nX-Own:  y\r\nSubject: [tag] x\r\nMessage-ID: <1@a>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nList-Id: <choir.x.example>\r\n\r\n");
	static const char body[] = "n\xC3\xA9w\r\n";
	const struct wrap wrap = {.munge = {.list = LIST, .author = "a@a.example", .name = "A", .reply_to = "author"},
		.came = &came.header, .body = body, .length = strlen(body)};
	GString *made = NULL;

	struct verdict verdict = munge_wrap(&wrap, &cooked.header, &made);
	assert_false(verdict_is_final(&verdict));
	assert_string_equal(made->str, "From: A <a@a.example>\r\nX-Own:  y\r\nSubject: x\r\nMessage-ID: <1@a>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nn\xC3\xA9w\r\n");
	g_autofree char *outer = help_render(&cooked.header);
	assert_string_equal(outer, "From: \"A via choir\" <" LIST ">\r\nSubject: [tag] x\r\nMessage-ID: <1@a>\r\nList-Id: <choir.x.example>\r\n"
		"Author: A <a@a.example>\r\nReply-To: \"A\" <a@a.example>\r\n" SENDER
		"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: 8bit\r\n");
	g_string_free(made, TRUE);
	help_clear(&came);
	help_clear(&cooked);
}

/* A last field without a line end is one of ours in the header, and ends where it ends. */
static void test_wrap_without_a_body(void **state)
{
	struct help_message message = help_message("From: a@a.example\r\nContent-Type: text/html");
	const struct wrap wrap = {.munge = {.list = LIST, .reply_to = "author"}, .came = &message.header, .body = ""};
	struct header cooked = {0};
	GString *made = NULL;

	header_copy(&message.header, &cooked);
	struct verdict verdict = munge_wrap(&wrap, &cooked, &made);
	assert_false(verdict_is_final(&verdict));
	assert_string_equal(made->str, "From: a@a.example\r\nContent-Type: text/html\r\n\r\n");
	g_string_free(made, TRUE);
	header_clear(&cooked);
	help_clear(&message);
}

/* What a signature covers before and after; the field itself is put before both. */
static const struct {
	const char *tags, *before, *after;
	gboolean survives;
} survivals[] = {
	{"h=from:subject", "From: a\r\nSubject: x\r\n", "From: a\r\nSubject: x\r\nList-Id: y\r\n", TRUE},
	{"h=from:subject", "From: a\r\nSubject: x\r\n", "From: a\r\nSubject: [tag] x\r\n", FALSE},
	{"h=from", "From: a\r\nSubject: x\r\n", "From: a\r\nSubject: [tag] x\r\n", TRUE},
	{"h=from:reply-to", "From: a\r\n", "From: a\r\nReply-To: b\r\n", FALSE},
	{"h=From:Subject:subject", "From: a\r\nSubject: x\r\n", "From: a\r\nSubject: x\r\nSubject: y\r\n", FALSE},
	{"h=from:x", "From: a\r\nX: 1\r\nX: 2\r\n", "X: 3\r\nFrom: a\r\nX: 2\r\n", TRUE},
	{"h=from:x:x", "From: a\r\nX: 1\r\nX: 2\r\n", "X: 3\r\nFrom: a\r\nX: 2\r\n", FALSE},
	{"h=from:x", "From: a\r\nX: 1\r\nX: 2\r\n", "From: a\r\nX: 2\r\nX: 1\r\n", FALSE},
	{"c=relaxed/relaxed; h=from:to", "From: a\r\nTo: b,\r\n c\r\n", "From: a\r\nto:  b,\t c \r\n", TRUE},
	{"c=simple/relaxed; h=from:to", "From: a\r\nTo: b,\r\n c\r\n", "From: a\r\nTo: b, c\r\n", FALSE},
	{"h=from:to", "From: a\r\nTo: b,\r\n c\r\n", "From: a\r\nTo: b, c\r\n", FALSE},
	{"h=from : to", "From: a\r\nTo: b\r\n", "From: a\r\nTo: b\r\n", TRUE},
	{"x=1", "From: a\r\n", "From: a\r\n", FALSE},
	{"h=from; h=to", "From: a\r\n", "From: a\r\n", FALSE},
};

static void test_survival(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(survivals); i++) {
		g_autofree char *before = g_strdup_printf("DKIM-Signature: v=1; %s; b=x\r\n%s\r\n", survivals[i].tags, survivals[i].before);
		g_autofree char *after = g_strdup_printf("DKIM-Signature: v=1; %s; b=x\r\n%s\r\n", survivals[i].tags, survivals[i].after);
		struct help_message one = help_message(before), other = help_message(after), without = help_message("From: a\r\n\r\n");

		if (author_intact(&one.header, &other.header, 0) != survivals[i].survives)
			print_error("%s\n", survivals[i].tags);
		assert_int_equal(author_intact(&one.header, &other.header, 0), survivals[i].survives);
		assert_false(author_intact(&one.header, &other.header, 1));
		assert_false(author_intact(&one.header, &without.header, 0));
		help_clear(&one);
		help_clear(&other);
		help_clear(&without);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from), cmocka_unit_test(test_wrap), cmocka_unit_test(test_wrap_without_a_body),
		cmocka_unit_test(test_survival),
	};

	g_free(mail_warm_up());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
