/* lib/mail/encoded_word.h: RFC 2047 both ways (HOSTILE M20). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <gmime/gmime.h>

#include "lib/mail/encoded_word.h"

static char *exact(const char *text, size_t length)
{
	char *block = g_malloc(MAX(length, 1));

	memcpy(block, text, length);
	return block;
}

static void test_append(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"choir", "=?utf-8?Q?choir?="},
		{"[Ch\xC3\xB6r] ", "=?utf-8?Q?=5BCh=C3=B6r=5D_?="},
		{"a_b=c?d", "=?utf-8?Q?a=5Fb=3Dc=3Fd?="},
		{"\xFF\xFEx", "=?unknown-8bit?Q?=FF=FEx?="},
		{"a\r\nBcc: x", "=?utf-8?Q?a=0D=0ABcc=3A_x?="},
		/* 52 bytes fit; a character of three bytes is not cut. */
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "=?utf-8?Q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?="},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xE2\x82\xAC" "b",
			"=?utf-8?Q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?= =?utf-8?Q?=E2=82=ACb?="},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *block = exact(cases[i].text, strlen(cases[i].text));

		encoded_word_append(out, block, strlen(cases[i].text));
		assert_string_equal(out->str, cases[i].expected);
	}
}

static void test_measure(void **state)
{
	static const struct {
		const char *text;
		size_t length, run;
	} cases[] = {
		{"=?utf-8?q?a?=", 13, 13},
		{"=?utf-8?q?a?= b", 13, 13},
		{"=?utf-8?q?a?=  =?x?B?YQ==?= ", 13, 27},
		{"=?utf-8?q?a?==?utf-8?q?b?=", 13, 26},
		{"=?utf-8*en?q?a?=", 16, 16},
		{"=?utf-8?q?" "?=", 12, 12},
		{"=?utf-8?x?a?=", 0, 0},
		{"=?utf-8?q?a b?=", 0, 0},
		{"=?utf-8?q?a?", 0, 0},
		{"=?utf-8?q?a", 0, 0},
		{"=?utf-8?q?", 0, 0},
		{"=?utf-8", 0, 0},
		{"=?", 0, 0},
		{"=", 0, 0},
		{"", 0, 0},
		{"=?" "?q?a?=", 0, 0},
		{"=?*en?q?a?=", 11, 0},
		{"x=?utf-8?q?a?=", 0, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].text);
		g_autofree char *block = exact(cases[i].text, length);

		if (cases[i].run > 0 || cases[i].length == 0)
			assert_int_equal(encoded_word_length(block, length), cases[i].length);
		assert_int_equal(encoded_word_run(block, length), cases[i].run);
	}
}

static void test_decode(void **state)
{
	static const struct {
		const char *text;
		gboolean good;
		const char *expected;
		size_t length;
	} cases[] = {
		{"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", TRUE, "Gr\xC3\xBC\xC3\x9F" "e", 7},
		{"=?UTF-8?B?R3LDvMOfZQ==?=", TRUE, "Gr\xC3\xBC\xC3\x9F" "e", 7},
		{"=?iso-8859-1?Q?Gr=FC=DFe?=", TRUE, "Gr\xC3\xBC\xC3\x9F" "e", 7},
		{"=?windows-1252?Q?=80?=", TRUE, "\xE2\x82\xAC", 3},
		{"=?utf-8?q?a_b?=  =?utf-8?q?_c?=", TRUE, "a b c", 5},
		/* A character cut in two between words: what mailers do and the RFC forbids. */
		{"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", TRUE, "\xC3\xBC", 2},
		{"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", TRUE, "\xE2\x82\xAC", 3},
		{"=?utf-8*de?q?a?=", TRUE, "a", 1},
		/* Never lossless: a charset nobody knows, bytes that are not of it, half an escape, half a group. */
		{"=?x-nobody?q?[choir]_x?=", FALSE, "[choir] x", 9},
		{"=?utf-8?q?=FF[choir]?=", FALSE, "\xC3\xBF[choir]", 9},
		{"=?utf-8?q?=C3=B6=FF=00=C3=B6?=", FALSE, "\xC3\xB6\xC3\xBF\xC3\xB6", 6},
		{"=?utf-8?q?a=4?=", FALSE, "a=4", 3},
		{"=?utf-8?q?a=?=", FALSE, "a=", 2},
		{"=?utf-8?b?YWJjYWJ?=", FALSE, "abc", 3},
		/* Line ends and NUL are decoded, for whoever looks; nothing of it is ever put into a field. */
		{"=?utf-8?q?a=0D=0ABcc:_x=00?=", FALSE, "a\r\nBcc: x", 9},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].text);
		g_autofree char *block = exact(cases[i].text, length);
		g_autoptr(GString) out = g_string_new(NULL);

		assert_int_equal(encoded_word_run(block, length), length);
		assert_int_equal(encoded_word_decode(block, length, out), cases[i].good);
		assert_int_equal(out->len, cases[i].length);
		assert_memory_equal(out->str, cases[i].expected, out->len);
	}
}

/* What we write we read back, whatever it is. */
static void test_round_trip(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2047);

	for (guint i = 0; i < 2000; i++) {
		g_autoptr(GString) text = g_string_new(NULL), words = g_string_new(NULL), back = g_string_new(NULL);
		guint length = (guint)g_rand_int_range(random, 1, 90);

		while (length-- > 0)
			g_string_append_unichar(text, (gunichar)g_rand_int_range(random, 1, i % 2 ? 0x7ff : 0xd7ff));
		encoded_word_append(words, text->str, text->len);
		assert_int_equal(encoded_word_run(words->str, words->len), words->len);
		assert_true(encoded_word_decode(words->str, words->len, back));
		assert_string_equal(back->str, text->str);
		assert_true(encoded_word_is_plain(words->str + 2, words->len - 2) || strstr(words->str + 2, "=?"));
	}
}

static void test_plain(void **state)
{
	assert_true(encoded_word_is_plain("[choir] = ?", 11));
	assert_true(encoded_word_is_plain("", 0));
	assert_false(encoded_word_is_plain("=?x", 3));
	assert_true(encoded_word_is_plain("x=", 2));
	assert_false(encoded_word_is_plain("a\tb", 3));
	assert_false(encoded_word_is_plain("\xC3\xBC", 2));
}

static int setup(void **state)
{
	g_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests_name("encoded_word", tests, setup, NULL);
}
