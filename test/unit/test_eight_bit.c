/* lib/mail/eight_bit.h: what is shown is encoded, an address is refused (HOSTILE M34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/eight_bit.h"
#include "test/unit/mail_help.h"

#define OE "\xC3\xB6"

static const struct {
	const char *field, *expected; /* expected NULL: refused */
} cases[] = {
	/* ASCII: byte for byte */
	{"Subject:  a\r\n\tb \r\n", "Subject:  a\r\n\tb \r\n"},
	/* text */
	{"Subject: J" OE "\r\n", "Subject: =?utf-8?Q?J=C3=B6?=\r\n"},
	{"Subject: Re: a J" OE " b\r\n", "Subject: Re: a =?utf-8?Q?J=C3=B6?= b\r\n"},
	{"Subject: J" OE "  J" OE "\tx\r\n", "Subject: =?utf-8?Q?J=C3=B6__J=C3=B6?=\tx\r\n"},
	{"Subject: J" OE "\r\n J" OE " x J" OE "\r\n", "Subject: =?utf-8?Q?J=C3=B6_J=C3=B6?= x =?utf-8?Q?J=C3=B6?=\r\n"},
	{"Subject: =?utf-8?q?a?= J" OE "\r\n", "Subject: =?utf-8?q?a?= =?utf-8?Q?_J=C3=B6?=\r\n"},
	{"Subject: caf\xE9\r\n", "Subject: =?unknown-8bit?Q?caf=E9?=\r\n"},
	{"X-Anything: " OE "\r\n", "X-Anything: =?utf-8?Q?=C3=B6?=\r\n"},
	{"Content-Description: " OE "\r\n", "Content-Description: =?utf-8?Q?=C3=B6?=\r\n"},
	/* addresses */
	{"From: J" OE " <a@b>\r\n", "From: =?utf-8?Q?J=C3=B6?= <a@b>\r\n"},
	{"From: J" OE " M <a@b>, c@d\r\n", "From: =?utf-8?Q?J=C3=B6?= M <a@b>, c@d\r\n"},
	{"To: \"J" OE ", the \\\"first\\\"\" <a@b>\r\n", "To: =?utf-8?Q?J=C3=B6=2C_the_=22first=22?= <a@b>\r\n"},
	{"To: \"" OE "\" " OE " <a@b>\r\n", "To: =?utf-8?Q?=C3=B6?= =?utf-8?Q?_=C3=B6?= <a@b>\r\n"},
	{"To: \"plain\" <a@b> (J" OE " (x) \\))\r\n", "To: \"plain\" <a@b> (=?utf-8?Q?J=C3=B6?= (x) \\))\r\n"},
	{"Cc: Ch" OE "r: a@b, c@d;\r\n", "Cc: =?utf-8?Q?Ch=C3=B6r?=: a@b, c@d;\r\n"},
	{"Cc: J" OE "\r\n", "Cc: =?utf-8?Q?J=C3=B6?=\r\n"},
	{"Reply-To: \"never closed " OE "\r\n", "Reply-To: =?utf-8?Q?never_closed_=C3=B6?=\r\n"},
	{"From: a@b <c@d" OE ">\r\n", NULL},
	{"From: j" OE "@b\r\n", NULL},
	{"From: a@b" OE "\r\n", NULL},
	{"From: \"j" OE "\"@b\r\n", NULL},
	{"From: \"j" OE "\" @b\r\n", NULL},
	{"From: <j" OE "\r\n", NULL},
	{"From: \\" OE " <a@b>\r\n", NULL},
	/* parameters */
	{"Content-Disposition: attachment; filename=\"J" OE ".pdf\"; size=1\r\n",
		"Content-Disposition: attachment; filename=\"=?utf-8?Q?J=C3=B6=2Epdf?=\"; size=1\r\n"},
	{"Content-Type: x/y; name = \"\xE9\"\r\n", "Content-Type: x/y; name = \"=?unknown-8bit?Q?=E9?=\"\r\n"},
	{"Content-Type: multipart/mixed; boundary=\"" OE "\"\r\n", NULL},
	{"Content-Type: text/" OE "\r\n", NULL},
	{"Content-Type: x/y; name=" OE "\r\n", NULL},
	{"Content-Type: x/y; name\"" OE "\"\r\n", NULL},
	{"Content-Type: \"" OE "\r\n", NULL},
	/* opaque: the same bytes always become the same */
	{"Message-ID: <" OE "@b>\r\n", "Message-ID: <%C3%B6@b>\r\n"},
	{"References: <a@b> <" OE "@b>\r\n", "References: <a@b> <%C3%B6@b>\r\n"},
	{"Received: from \xFF by x\r\n", "Received: from %FF by x\r\n"},
};

static void test_table(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *fields = g_strdup_printf("A: 1\r\n%sB: 2\r\n", cases[i].field);
		struct help_message message = help_message(fields);
		struct verdict verdict = eight_bit_encode(&message.header, FALSE);

		assert_int_equal(verdict_is_final(&verdict), cases[i].expected == NULL);
		if (cases[i].expected) {
			g_autofree char *rendered = help_render(&message.header);
			g_autofree char *expected = g_strdup_printf("A: 1\r\n%sB: 2\r\n", cases[i].expected);

			assert_string_equal(rendered, expected);
		} else {
			assert_string_equal(verdict.status, "5.6.7");
		}
		help_clear(&message);
	}
}

/* With SMTPUTF8 an address may stay as it is; all else is for servers that may lack it. */
static void test_smtputf8(void **state)
{
	struct help_message message =
		help_message("From: <j" OE "@b>\r\nTo: " OE " <a@b>\r\nSubject: " OE "\r\nX: \xFF\r\n");
	struct verdict verdict = eight_bit_encode(&message.header, TRUE);

	assert_false(verdict_is_final(&verdict));
	g_autofree char *rendered = help_render(&message.header);
	assert_string_equal(rendered, "From: <j" OE "@b>\r\nTo: =?utf-8?Q?=C3=B6?= <a@b>\r\n"
				      "Subject: =?utf-8?Q?=C3=B6?=\r\nX: =?unknown-8bit?Q?=FF?=\r\n");
	help_clear(&message);
}

/* An address in other bytes than UTF-8 is none to anybody. */
static void test_smtputf8_is_utf8(void **state)
{
	struct help_message message = help_message("From: <j\xFF@b>\r\n");
	struct verdict verdict = eight_bit_encode(&message.header, TRUE);

	assert_string_equal(verdict.status, "5.6.7");
	help_clear(&message);
}

/* Nothing of it survives, and no new field appears, whatever the bytes are. */
static void test_random(void **state)
{
	static const char signs[] = "\"(<>,;:@\\) \t=?x" OE "\xFF";
	static const char *const names[] = {"From", "Subject", "Content-Type", "Message-ID"};
	g_autoptr(GRand) random = g_rand_new_with_seed(6532);

	for (guint i = 0; i < 20000; i++) {
		g_autoptr(GString) fields = g_string_new(names[i % 4]);
		guint length = (guint)g_rand_int_range(random, 0, 25);

		g_string_append_c(fields, ':');
		while (length-- > 0)
			g_string_append_c(fields, signs[g_rand_int_range(random, 0, sizeof signs - 1)]);
		g_string_append(fields, "\r\n");
		struct help_message message = help_bytes(fields->str, fields->len);
		struct verdict verdict = eight_bit_encode(&message.header, FALSE);
		if (!verdict_is_final(&verdict)) {
			g_autofree char *rendered = help_render(&message.header);

			for (const char *c = rendered; *c; c++)
				assert_true((guchar)*c < 128);
			struct help_message again = help_message(rendered);
			assert_int_equal(again.header.fields->len, 1);
			help_clear(&again);
		}
		help_clear(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_smtputf8),
		cmocka_unit_test(test_smtputf8_is_utf8),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("eight_bit", tests, NULL, NULL);
}
