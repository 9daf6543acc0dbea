/* lib/mail/reply_to.h: author, list or both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/reply_to.h"
#include "test/unit/mail_help.h"

static void test_table(void **state)
{
	static const struct {
		const char *policy, *fields, *expected;
	} cases[] = {
		{"author", "From: a@x\r\n", "From: a@x\r\n"},
		{"author", "From: a@x\r\nReply-To:  b@y\r\n", "From: a@x\r\nReply-To:  b@y\r\n"},
		{"list", "From: a@x\r\n", "From: a@x\r\nReply-To: choir@l.org\r\n"},
		{"list", "Reply-To: b@y\r\nFrom: a@x\r\n", "Reply-To: choir@l.org\r\nFrom: a@x\r\n"},
		{"both", "From: a@x\r\n", "From: a@x\r\nReply-To: choir@l.org, a@x\r\n"},
		{"both", "From: =?utf-8?q?J=C3=B6?=\r\n <a@x>\r\n",
			"From: =?utf-8?q?J=C3=B6?=\r\n <a@x>\r\nReply-To: choir@l.org, =?utf-8?q?J=C3=B6?= <a@x>\r\n"},
		{"both", "Reply-To: b@y, c@z\r\nFrom: a@x\r\n", "Reply-To: choir@l.org, b@y, c@z\r\nFrom: a@x\r\n"},
		{"both", "Reply-To: \r\nFrom: a@x\r\n", "Reply-To: choir@l.org, a@x\r\nFrom: a@x\r\n"},
		{"both", "Reply-To: Choir <Choir@L.org>\r\nFrom: a@x\r\n", "Reply-To: Choir <Choir@L.org>\r\nFrom: a@x\r\n"},
		/* What an author leaves open opens nothing of ours. */
		{"both", "Reply-To: \"b (c <d\r\nFrom: a@x\r\n", "Reply-To: choir@l.org, \"b (c <d\r\nFrom: a@x\r\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct help_message message = help_message(cases[i].fields);

		reply_to_apply(&message.header, cases[i].policy, "choir@l.org");
		g_autofree char *rendered = help_render(&message.header);
		assert_string_equal(rendered, cases[i].expected);
		help_clear(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests_name("reply_to", tests, NULL, NULL);
}
