/* lib/mail/subject.h: one tag, whatever stands in front (HOSTILE M20, M21). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <gmime/gmime.h>

#include "lib/mail/encoded_word.h"
#include "lib/mail/subject.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *field, *tag, *expected;
} cases[] = {
	/* none there */
	{"Subject: Hello\r\n", "[choir]", "Subject: [choir] Hello\r\n"},
	{"Subject: Hello\r\n", " [choir] ", "Subject: [choir] Hello\r\n"},
	{"Subject: Hello\r\n", "", "Subject: Hello\r\n"},
	{"subject:Hello\r\n", "[choir]", "Subject: [choir] Hello\r\n"},
	{"Subject:\r\n", "[choir]", "Subject: [choir]\r\n"},
	{"Subject: \r\n \r\n", "[choir]", "Subject: [choir]\r\n"},
	{"", "[choir]", "Subject: [choir]\r\n"},
	{"Subject: Re: Hello\r\n", "[choir]", "Subject: [choir] Re: Hello\r\n"},
	{"Subject: Hello [choir] again\r\n", "[choir]", "Subject: [choir] Hello [choir] again\r\n"},
	{"Subject: a\r\n b\r\n\tc\r\n", "[choir]", "Subject: [choir] a b\tc\r\n"},
	/* there: byte for byte, folds and all */
	{"Subject: [choir] Hello\r\n", "[choir]", "Subject: [choir] Hello\r\n"},
	{"SUBJECT:  Re:   [choir]   Hello \r\n", "[choir]", "SUBJECT:  Re:   [choir]   Hello \r\n"},
	{"Subject: Re: AW: Antw:\r\n Fwd: [CHOIR]Hello\r\n", "[choir]", "Subject: Re: AW: Antw:\r\n Fwd: [CHOIR]Hello\r\n"},
	{"Subject: Sv: SV: Re[2]: Re^3: Re (4) : [choir] x\r\n", "[choir]",
		"Subject: Sv: SV: Re[2]: Re^3: Re (4) : [choir] x\r\n"},
	{"Subject: Odp: Ynt: [choir] x\r\n", "[choir]", "Subject: Odp: Ynt: [choir] x\r\n"},
	{"Subject: \xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9A[choir] x\r\n", "[choir]",
		"Subject: \xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9A[choir] x\r\n"},
	{"Subject: [my\r\n list] x\r\n", "[my list]", "Subject: [my\r\n list] x\r\n"},
	{"Subject: [choir]\r\n", "[choir]", "Subject: [choir]\r\n"},
	/* there, inside encoded words */
	{"Subject: =?utf-8?Q?Re=3A_=5Bchoir=5D_Gr=C3=BC=C3=9Fe?=\r\n", "[choir]",
		"Subject: =?utf-8?Q?Re=3A_=5Bchoir=5D_Gr=C3=BC=C3=9Fe?=\r\n"},
	{"Subject: Re: =?utf-8?B?W2Nob2lyXSBHcsO8w59l?=\r\n", "[choir]", "Subject: Re: =?utf-8?B?W2Nob2lyXSBHcsO8w59l?=\r\n"},
	{"Subject: =?utf-8?Q?Re=3A?= [choir] x\r\n", "[choir]", "Subject: =?utf-8?Q?Re=3A?= [choir] x\r\n"},
	{"Subject: =?utf-8?Q?Re=3A_=5Bcho?=\r\n =?utf-8?Q?ir=5D_x?=\r\n", "[choir]",
		"Subject: =?utf-8?Q?Re=3A_=5Bcho?=\r\n =?utf-8?Q?ir=5D_x?=\r\n"},
	{"Subject: =?x-nobody?Q?=5Bchoir=5D=FF?=\r\n", "[choir]", "Subject: =?x-nobody?Q?=5Bchoir=5D=FF?=\r\n"},
	/* too many */
	{"Subject: [choir] [choir] Re: [choir] x\r\n", "[choir]", "Subject: [choir] Re: x\r\n"},
	{"Subject: Re: [choir] Re: [choir] x [choir]\r\n", "[choir]", "Subject: Re: [choir] Re: x [choir]\r\n"},
	{"Subject: [choir] [choir]\r\n", "[choir]", "Subject: [choir] \r\n"},
	{"Subject: [choir] =?utf-8?Q?Re=3A_=5Bchoir=5D_Gr=C3=BC=C3=9Fe?=\r\n", "[choir]",
		"Subject: [choir] =?utf-8?Q?Re=3A_Gr=C3=BC=C3=9Fe?=\r\n"},
	{"Subject: [choir] =?utf-8?Q?=5Bchoir=5D?= x\r\n", "[choir]", "Subject: [choir]  x\r\n"},
	/* words that we cannot read without loss stay as they are */
	{"Subject: [choir] =?x-nobody?Q?=5Bchoir=5D=FF?=\r\n", "[choir]", "Subject: [choir] =?x-nobody?Q?=5Bchoir=5D=FF?=\r\n"},
	/* before encoded words, and tags that must be encoded themselves */
	{"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n", "[choir]", "Subject: [choir] =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"},
	{"Subject: Hello\r\n", "[Ch\xC3\xB6r]", "Subject: =?utf-8?Q?=5BCh=C3=B6r=5D?= Hello\r\n"},
	{"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n", "[Ch\xC3\xB6r]",
		"Subject: =?utf-8?Q?=5BCh=C3=B6r=5D_?= =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"},
	{"Subject: =?iso-8859-1?Q?Re:_[Ch=F6r]_x?=\r\n", "[Ch\xC3\xB6r]", "Subject: =?iso-8859-1?Q?Re:_[Ch=F6r]_x?=\r\n"},
	{"Subject: [Ch\xC3\xB6r] raw\r\n", "[Ch\xC3\xB6r]", "Subject: [Ch\xC3\xB6r] raw\r\n"},
	{"Subject: x\r\n", "=?utf-8?q?x?=", "Subject: =?utf-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= x\r\n"},
	/* no new header line, whatever is decoded */
	{"Subject: =?utf-8?q?a=0D=0ABcc:_victim@example.org=00?=\r\n", "[choir]",
		"Subject: [choir] =?utf-8?q?a=0D=0ABcc:_victim@example.org=00?=\r\n"},
	{"Subject: [choir] =?utf-8?q?[choir]_a=0D=0ABcc:_x=0D=0A=0D=0Abody?=\r\n", "[choir]",
		"Subject: [choir] =?utf-8?Q?a=0D=0ABcc=3A_x=0D=0A=0D=0Abody?=\r\n"},
	{"Subject: =?utf-8?q?=E2=80=AEdetrever?=\r\n", "[choir]", "Subject: [choir] =?utf-8?q?=E2=80=AEdetrever?=\r\n"},
	{"Subject: =?utf-8?q?=C3?= x\r\n", "[choir]", "Subject: [choir] =?utf-8?q?=C3?= x\r\n"},
	{"Subject: Re\r\n", "[choir]", "Subject: [choir] Re\r\n"},
	{"Subject: Re[2\r\n", "[choir]", "Subject: [choir] Re[2\r\n"},
	{"Subject: Re[\r\n", "[choir]", "Subject: [choir] Re[\r\n"},
	{"Subject: [choi\r\n", "[choir]", "Subject: [choir] [choi\r\n"},
};

static void test_table(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strdup_printf("%sTo: x\r\n", cases[i].field);
		struct help_message message = help_message(text);

		subject_put_tag(&message.header, cases[i].tag);
		g_autofree char *rendered = help_render(&message.header);
		/* A field that was not there comes last. */
		g_autofree char *expected = *cases[i].field ? g_strdup_printf("%sTo: x\r\n", cases[i].expected)
							      : g_strdup_printf("To: x\r\n%s", cases[i].expected);
		assert_string_equal(rendered, expected);
		help_clear(&message);
	}
}

/* Whatever came, doing it again changes nothing, and the result is a header with exactly one Subject. */
static void test_idempotent(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct help_message message = help_message(*cases[i].field ? cases[i].field : "Subject: x\r\n");

		subject_put_tag(&message.header, cases[i].tag);
		g_autofree char *once = help_render(&message.header);
		subject_put_tag(&message.header, cases[i].tag);
		g_autofree char *twice = help_render(&message.header);
		assert_string_equal(once, twice);
		struct help_message again = help_message(once);
		assert_int_equal(again.header.fields->len, 1);
		help_clear(&again);
		help_clear(&message);
	}
}

/* A list's members answer each other for a year, each with a mailer of another language. */
static void test_reply_chain(void **state)
{
	static const char *const prefixes[] = {"Re: ", "AW: ", "Antw: ", "SV: ", "Fwd: ", "Odp: ", "R: ", "TR: ", "Re[2]: "};
	g_autofree char *value = g_strdup("Hello");

	for (guint i = 0; i < 100; i++) {
		g_autofree char *field = g_strdup_printf("Subject: %s%s\r\n", i ? prefixes[i % G_N_ELEMENTS(prefixes)] : "", value);
		struct help_message message = help_message(field);
		guint tags = 0;

		subject_put_tag(&message.header, "[choir]");
		g_free(value);
		value = header_value(&message.header, "Subject", 0);
		for (const char *place = value; (place = strstr(place, "[choir]")); place++)
			tags++;
		assert_int_equal(tags, 1);
		help_clear(&message);
	}
}

static guint longest_line(const char *text)
{
	guint longest = 0;

	for (const char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2)
		longest = MAX(longest, (guint)(end - line));
	return longest;
}

static void test_fifty_tags(void **state)
{
	g_autofree char *tags = help_repeat("[choir] ", 50);
	g_autofree char *field = g_strdup_printf("Subject: Re: %sx\r\n", tags);
	struct help_message message = help_message(field);

	subject_put_tag(&message.header, "[choir]");
	g_autofree char *rendered = help_render(&message.header);
	assert_string_equal(rendered, "Subject: Re: [choir] x\r\n");
	help_clear(&message);
}

static void test_long(void **state)
{
	/* 10 kB of words: folded; 900 bytes without a blank: left whole; both valid. */
	g_autofree char *words = help_repeat("word ", 2000), *run = help_repeat("x", 900);
	g_autofree char *first = g_strdup_printf("Subject: %s\r\n", words);
	g_autofree char *second = g_strdup_printf("Subject: a %s\r\n", run);
	struct help_message message = help_message(first);

	subject_put_tag(&message.header, "[choir]");
	g_autofree char *rendered = help_render(&message.header);
	assert_true(g_str_has_prefix(rendered, "Subject: [choir] word word"));
	assert_true(longest_line(rendered) <= 78);
	g_autofree char *value = header_value(&message.header, "Subject", 0);
	assert_int_equal(strlen(value), strlen("[choir] ") + 2000 * 5 - 1);
	help_clear(&message);

	message = help_message(second);
	subject_put_tag(&message.header, "[choir]");
	g_free(rendered);
	rendered = help_render(&message.header);
	assert_true(longest_line(rendered) <= 998);
	help_clear(&message);
}

/* As many encoded words as a field may hold; and the same with a tag too many, so that they are written anew. */
static void test_many_words(void **state)
{
	g_autofree char *words = help_repeat("=?utf-8?q?a?=\r\n ", 4000);
	g_autofree char *one = g_strdup_printf("Subject: %sx\r\n", words);
	g_autofree char *two = g_strdup_printf("Subject: [choir] =?utf-8?q?[choir]?=\r\n %sx\r\n", words);
	struct help_message message = help_message(one);

	subject_put_tag(&message.header, "[choir]");
	g_autofree char *rendered = help_render(&message.header);
	assert_true(g_str_has_prefix(rendered, "Subject: [choir] =?utf-8?q?a?="));
	help_clear(&message);

	message = help_message(two);
	subject_put_tag(&message.header, "[choir]");
	g_free(rendered);
	rendered = help_render(&message.header);
	assert_true(g_str_has_prefix(rendered, "Subject: [choir]\r\n =?utf-8?Q?aaaa"));
	assert_true(longest_line(rendered) <= 78);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *value = header_value(&message.header, "Subject", 0);
	assert_true(encoded_word_decode(value + 8, encoded_word_run(value + 8, strlen(value + 8)), text));
	assert_int_equal(text->len, 4000);
	help_clear(&message);
}

static int setup(void **state)
{
	g_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_idempotent),
		cmocka_unit_test(test_reply_chain),
		cmocka_unit_test(test_fifty_tags),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_many_words),
	};

	return cmocka_run_group_tests_name("subject", tests, setup, NULL);
}
