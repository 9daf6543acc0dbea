/* room: intake. lib/mail/exact_text.h and edits.h: text that may be written anew, and only that; bytes that are copied (HOSTILE M19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/edits.h"
#include "lib/mail/exact_text.h"
#include "lib/mail/mail.h"
#include "test/unit/mail_help.h"

static void test_decode(void **state)
{
	static const struct {
		enum walk_encoding encoding;
		const char *data, *out; /* NULL: not clear */
	} cases[] = {
		{WALK_7BIT, "a\r\n", "a\r\n"},
		{WALK_QUOTED_PRINTABLE, "a=3D=\r\nb=\r\n", "a=b"},
		{WALK_QUOTED_PRINTABLE, "a= \t\r\nb", "ab"},
		{WALK_QUOTED_PRINTABLE, "a=", "a"},
		{WALK_QUOTED_PRINTABLE, "=3d", "="},
		{WALK_QUOTED_PRINTABLE, "=3", NULL},
		{WALK_QUOTED_PRINTABLE, "=G0", NULL},
		{WALK_QUOTED_PRINTABLE, "= x", NULL},
		{WALK_QUOTED_PRINTABLE, "h\xE9", NULL},
		{WALK_BASE64, "aGk=\r\n", "hi"},
		{WALK_BASE64, "aG\r\nk=", "hi"},
		{WALK_BASE64, "", ""},
		{WALK_BASE64, "aGk", NULL},
		{WALK_BASE64, "aGk=aGk=", NULL},
		{WALK_BASE64, "aGk!", NULL},
		{WALK_BASE64, "a===", NULL},
		{WALK_UUENCODE, "begin", NULL},
		{WALK_UNKNOWN, "a", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *block = g_memdup2(cases[i].data, MAX(strlen(cases[i].data), 1));
		g_autoptr(GString) out = g_string_new(NULL);
		gboolean clear = exact_text_decode(block, strlen(cases[i].data), cases[i].encoding, out);

		if (clear != (cases[i].out != NULL))
			print_error("%s\n", cases[i].data);
		assert_int_equal(clear, cases[i].out != NULL);
		if (clear)
			assert_string_equal(out->str, cases[i].out);
	}
}

/* There and back; NULL for what is none of that charset, or cannot be written in it. */
static void test_charsets(void **state)
{
	static const struct {
		const char *charset, *bytes, *utf8;
		gboolean back;
	} cases[] = {
		{NULL, "a", "a", TRUE},
		{NULL, "h\xE9", NULL, FALSE},
		{"US-ASCII", "a", "a", TRUE},
		{"utf-8", "h\xC3\xA9", "h\xC3\xA9", TRUE},
		{"UTF8", "h\xE9", NULL, FALSE},
		{"iso-8859-1", "h\xE9", "h\xC3\xA9", TRUE},
		{"windows-1252", "\x80", "\xE2\x82\xAC", TRUE},
		{"windows-1252", "\x81", NULL, FALSE},
		{"koi8-r", "\xC1", "\xD0\xB0", TRUE},
		{"iso-2022-jp", "\x1B$B9g\x1B(B", "\xE5\x90\x88", TRUE},
		{"shift_jis", "\x8D\x87", "\xE5\x90\x88", TRUE},
		{"utf-7", "+AOk-", "\xC3\xA9", FALSE},
		{"utf-8//IGNORE", "h\xE9", NULL, FALSE},
		{"iso-8859-1//TRANSLIT", "a", NULL, FALSE},
		{"no-such-charset", "a", NULL, FALSE},
		{"", "a", NULL, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) text = g_string_new(NULL), again = g_string_new(NULL);
		gboolean read = exact_text_to_utf8(cases[i].bytes, strlen(cases[i].bytes), cases[i].charset, text);

		if (read != (cases[i].utf8 != NULL))
			print_error("%s\n", cases[i].charset);
		assert_int_equal(read, cases[i].utf8 != NULL);
		if (!read)
			continue;
		assert_string_equal(text->str, cases[i].utf8);
		assert_int_equal(exact_text_from_utf8(text->str, text->len, cases[i].charset, again), cases[i].back);
		if (cases[i].back)
			assert_string_equal(again->str, cases[i].bytes);
	}
	g_autoptr(GString) out = g_string_new(NULL);
	assert_false(exact_text_from_utf8("\xE5\x90\x88", 3, "iso-8859-1", out));
	assert_false(exact_text_to_utf8("a\0b", 3, "iso-8859-1", out));
	assert_false(exact_text_to_utf8("a\0b", 3, NULL, out));
}

static void test_encode(void **state)
{
	static const struct {
		const char *text, *encoding;
	} cases[] = {
		{"plain\r\n", "7bit"},
		{"mostly plain, h\xC3\xA9\r\n", "quoted-printable"},
		{"\xE5\x90\x88\xE5\x94\xB1\r\n", "base64"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL), again = g_string_new(NULL);

		assert_string_equal(exact_text_encode(cases[i].text, strlen(cases[i].text), out), cases[i].encoding);
		assert_true(exact_text_decode(out->str, out->len, i == 0 ? WALK_7BIT : i == 1 ? WALK_QUOTED_PRINTABLE : WALK_BASE64, again));
		assert_string_equal(again->str, cases[i].text);
	}
	g_autofree char *word = help_repeat("x", 1200);
	g_autoptr(GString) out = g_string_new(NULL);
	assert_string_equal(exact_text_encode(word, strlen(word), out), "quoted-printable");
	assert_string_equal(exact_text_charset("a", 1), "us-ascii");
	assert_string_equal(exact_text_charset("\xC3\xA9", 2), "utf-8");
}

static void test_edits(void **state)
{
	struct edits edits = {0};
	static const char data[] = "0123456789";

	edits_put(&edits, 6, 8, NULL);
	edits_put(&edits, 2, 5, g_string_new("ab"));
	edits_put(&edits, 3, 4, g_string_new("inside of what goes"));
	edits_put(&edits, 1, 1, g_string_new("x"));
	edits_put(&edits, 1, 1, g_string_new("y"));
	g_autoptr(GString) all = edits_apply(&edits, data, 0, 10);
	assert_string_equal(all->str, "0xy1ab589");
	g_autoptr(GString) some = edits_apply(&edits, data, 2, 7);
	assert_string_equal(some->str, "ab56");
	edits_clear(&edits);
	g_autoptr(GString) none = edits_apply(&edits, data, 1, 3);
	assert_string_equal(none->str, "12");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode), cmocka_unit_test(test_charsets), cmocka_unit_test(test_encode), cmocka_unit_test(test_edits),
	};

	g_free(mail_warm_up());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
