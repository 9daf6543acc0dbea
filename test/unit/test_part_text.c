/* room: intake. lib/mail/part_text.h: transfer encodings and charsets, as they come and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/mail.h"
#include "lib/mail/part_text.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *fields, *body, *text; /* text NULL: cannot be decoded */
} cases[] = {
	{"Content-Type: text/plain\r\n", "plain + ~ text\r\n", "plain + ~ text\r\n"},
	{"Content-Type: text/plain; charset=utf-8\r\n", "\xEF\xBB\xBFh\xC3\xA9\r\n", "h\xC3\xA9\r\n"},
	{"Content-Type: text/plain; charset=iso-8859-1\r\n", "h\xE9\r\n", "h\xC3\xA9\r\n"},
	{"Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n", "=80 5=\r\n0\r\n",
		"\xE2\x82\xAC 50\r\n"},
	{"Content-Type: text/plain; charset=iso-2022-jp\r\n", "\033$B$3\033(B\r\n", "\xE3\x81\x93\r\n"},
	{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", "aMOp\r\n", "h\xC3\xA9"},
	/* A label that nobody knows, and bytes that are not what the label says. */
	{"Content-Type: text/plain; charset=x-none\r\n", "h\xC3\xA9", "h\xC3\xA9"},
	{"Content-Type: text/plain; charset=utf-8\r\n", "h\xE9", "h\xEF\xBF\xBD"},
	{"Content-Type: text/plain\r\n", "h\xE9", "h\xEF\xBF\xBD"},
	/* Half a character at the end. */
	{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", "aMM=\r\n", "h\xEF\xBF\xBD"},
	{"Content-Transfer-Encoding: x-uuencode\r\n", "x", NULL},
	{"Content-Transfer-Encoding: rot13\r\n", "x", NULL},
	{"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n", "aMOp", NULL},
	{"", "", ""},
};

static void test_texts(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *whole = g_strconcat(cases[i].fields, "Subject: x\r\n\r\n", cases[i].body, NULL);
		struct help_message message = help_bytes(whole, strlen(whole));
		struct walk walk;

		assert_int_equal(walk_message(message.data, message.length, &walk), WALK_OK);
		g_autofree char *text = part_text(message.data, walk_entity(&walk, 0), 1000);
		if (g_strcmp0(text, cases[i].text) != 0)
			print_error("%zu: %s\n", i, text);
		assert_true(g_strcmp0(text, cases[i].text) == 0);
		walk_clear(&walk);
		help_clear(&message);
	}
}

static void test_limit_and_loss(void **state)
{
	struct help_message message = help_bytes("Subject: x\r\n\r\n0123456789", 24);
	gboolean lossy = TRUE;
	struct walk walk;

	assert_int_equal(walk_message(message.data, message.length, &walk), WALK_OK);
	g_autofree char *text = part_text(message.data, walk_entity(&walk, 0), 4);
	assert_string_equal(text, "0123");
	walk_clear(&walk);
	help_clear(&message);
	g_autofree char *good = part_utf8("iso-8859-1", "\xE9", 1, &lossy);
	assert_false(lossy);
	g_autofree char *bad = part_utf8("utf-8", "\xE9\0", 2, &lossy);
	assert_true(lossy);
	assert_string_equal(bad, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_limit_and_loss),
	};
	g_autofree char *missing = mail_warm_up();

	return cmocka_run_group_tests(tests, NULL, NULL);
}
