/* room: intake. lib/mail/answer.h: what no machine answers (RFC 3834 section 2; HOSTILE B5, X10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/answer.h"
#include "test/unit/mail_help.h"

static void test_answer(void **state)
{
	static const struct {
		const char *fields, *sender, *author, *why;
	} cases[] = {
		{"", "anna@example.org", "anna@example.org", ""},
		{"Auto-Submitted: no\r\n", "anna@example.org", "anna@example.org", ""},
		{"Precedence: first-class\r\n", "anna@example.org", "anna@example.org", ""},
		{"", "anna-owner-fan@example.org", "anna@example.org", ""},
		{"", "anna@example.org", NULL, ""},
		{"X-Auto-Response-Suppress: DR, RN\r\n", "anna@example.org", "anna@example.org", ""},
		{"", "", "anna@example.org", "null-sender"},
		{"", "mailer-daemon@example.org", "anna@example.org", "mailer-daemon"},
		{"", "anna@example.org", "Mailer-Daemon@example.org", "mailer-daemon"},
		{"", "choir-bounces+anna=example.org@lists.example.org", "anna@example.org", "own-sender"},
		{"", "anna@example.org", "choir@lists.example.org", "from-list"},
		{"X-Loop: choir@lists.example.org\r\n", "anna@example.org", "anna@example.org", "own-loop-mark"},
		{"Auto-Submitted: auto-generated\r\n", "anna@example.org", "anna@example.org", "auto-submitted"},
		{"Precedence: junk\r\n", "anna@example.org", "anna@example.org", "precedence"},
		{"Content-Type: Multipart/Report; boundary=x\r\n", "anna@example.org", "anna@example.org", "report"},
		{"", "owner-majordomo@example.org", "anna@example.org", "robot-sender"},
		{"", "Friends-Owner@example.org", "anna@example.org", "robot-sender"},
		{"", "friends-request@example.org", "anna@example.org", "robot-sender"},
		{"", "friends-bounces@example.org", "anna@example.org", "robot-sender"},
		{"", "friends-bounces+a=b@example.org", "anna@example.org", "robot-sender"},
		{"", "bounce-17-abc@example.org", "anna@example.org", "robot-sender"},
		{"", "friends-return-5-a=b@example.org", "anna@example.org", "robot-sender"},
		{"", "friends-confirm+abc@example.org", "anna@example.org", "robot-sender"},
		{"", "postmaster@example.org", "anna@example.org", "robot-sender"},
		{"", "NoReply@example.org", "anna@example.org", "robot-sender"},
		{"", "anna@example.org", "no-reply@example.org", "robot-author"},
		{"Precedence: list\r\n", "anna@example.org", "anna@example.org", "precedence-list"},
		{"Precedence: LIST (friends)\r\n", "anna@example.org", "anna@example.org", "precedence-list"},
		{"List-Id: <friends.example.org>\r\n", "anna@example.org", "anna@example.org", "list-field"},
		{"list-unsubscribe: <mailto:x@example.org>\r\n", "anna@example.org", "anna@example.org", "list-field"},
		{"X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n", "anna@example.org", "anna@example.org", "suppressed"},
		{"X-Auto-Response-Suppress: All\r\n", "anna@example.org", "anna@example.org", "suppressed"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("From: x\r\n", cases[i].fields, "\r\n", NULL);
		struct help_message message = help_message(text);
		struct automatic_post mail = {.header = &message.header, .list = "choir@lists.example.org",
			.sender = cases[i].sender, .author = cases[i].author, .subject = "Hello"};
		char why[ANSWER_WORD];
		gboolean allowed = answer_allowed(&mail, why);

		if (strcmp(why, cases[i].why) != 0)
			print_error("%s %s: %s\n", cases[i].fields, cases[i].sender, why);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(allowed, *cases[i].why == '\0');
		help_clear(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answer)};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
