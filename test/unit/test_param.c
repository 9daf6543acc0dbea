/* room: intake. lib/mail/param.h: parameters of MIME fields (HOSTILE M18, M19, M33). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/mail/param.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *text, *head;
	size_t behind;
} heads[] = {
	{"text/plain", "text/plain", 10},
	{" TEXT/Plain ; charset=x", "text/plain", 11},
	{"(a)text(b) / (c)plain(d);", "text/plain", 21},
	{"\r\n text/plain", "text/plain", 13},
	{"attachment; filename=x", "attachment", 10},
	{"text", "text", 4},
	{"text/", "", 5},
	{"text/;x", "", 7},
	{"/plain", "", 0},
	{"", "", 0},
	{"(unclosed text/plain", "", 20},
	{"text (unclosed /plain", "text", 4},
	{"text/plain;x", "text/plain", 10},
	{"te\303\251xt/plain", "te", 2},
};

static void test_heads(void **state)
{
	g_autoptr(GString) head = g_string_new("old");

	for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
		size_t length = strlen(heads[i].text);
		char *exact = g_malloc(MAX(length, 1));

		memcpy(exact, heads[i].text, length);
		size_t behind = param_head(exact, length, head);
		g_free(exact);
		assert_string_equal(head->str, heads[i].head);
		assert_int_equal(behind, heads[i].behind);
	}
}

enum { F = PARAM_FOUND, U = PARAM_UNSURE, X = PARAM_EXTENDED };

static const struct {
	const char *text, *value;
	guint flags;
} values[] = {
	/* plain */
	{"a/b; name=x", "x", F},
	{"a/b;NAME=\"x y\"", "x y", F},
	{"a/b ; name = x ; other=y", "x", F},
	{"a/b;\r\n\tname=x\r\n", "x", F},
	{"a/b; name=\"a\\\"b\\\\c\"", "a\"b\\c", F},
	{"a/b; name=\"\"", "", F},
	{"a/b;; ;name=x;", "x", F},
	{"a/b; (name=y) name=x", "x", F},
	{"a/b; names=x; nam=y", "", 0},
	{"a/b", "", 0},
	{"", "", 0},
	{"a/b;", "", 0},
	{"attachment; name=x", "x", F},
	{"a/b; name=\"caf\303\251\"", "caf\303\251", F},
	/* without the quotes that it needs, but clear to everybody */
	{"a/b; name=----=_Part/1:2?3", "----=_Part/1:2?3", F},
	{"a/b; name=<x@y>; z=1", "<x@y>", F},
	/* read in more than one way */
	{"a/b; name=x; name=y", "x", F | U},
	{"a/b; name=x; name=x", "x", F | U},
	{"a/b; name=two words.pdf; z=1", "two words.pdf", F | U},
	{"a/b; name=x (comment)", "x", F | U},
	{"a/b; name=", "", F | U},
	{"a/b; name=;z=1", "", F | U},
	{"a/b; name=\"cut", "", U},
	{"a/b; name=\"x\"y", "x", F | U},
	{"a/b; name=\"x\" y=z", "x", F | U},
	{"a/b; name=\"x\" (c) ;y=z", "x", F},
	{"a/b; name=\"x\" y; name=z", "x", F | U},
	{"a/b; name", "", U},
	{"a/b name=x", "", U},
	{"a/b; =y; name=x", "", U},
	{"a/b; z; name=x", "", U},
	{"a/b; z=\"q\" name=x", "", U},
	{"a/b; z=1 (name=x", "", U},
	{"a/b; name=\"a\r\n b\"", "a b", F | U},
	{"a/b; name=\"a\tb\"", "a?b", F | U},
	{"a/b; name=\"a\177\"", "a?", F | U},
	{"a/b; name=\"caf\351\"", "caf\357\277\275", F | U},
	{"a/b; z=q\"; name=x; y=\"", "x", F | U},
	{"a/b; z=q (; name=x)", "", U},
	/* M19, and what is wrong but says nothing of this name */
	{"a/b; multipart/mixed", "", 0},
	{"a/b; z=two words; name=x", "x", F},
	{"a/b; name=x; z", "x", F},
	{"a/b; name=x; multipart/mixed", "x", F},
	/* RFC 2231 */
	{"a/b; name*=utf-8''caf%C3%A9%20x", "caf\303\251 x", F | X},
	{"a/b; name*=UTF-8'fr'caf%c3%a9", "caf\303\251", F | X},
	{"a/b; name*=iso-8859-1'en'%A3", "\302\243", F | X},
	{"a/b; name*0=\"one \"; name*1=two; name*2=\"; x\"", "one two; x", F | X},
	{"a/b; name*1=two; name*0=one", "onetwo", F | X},
	{"a/b; name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; name*2=\"isn't it!\"",
		"This is even more ***fun*** isn't it!", F | X},
	{"a/b; name=old; name*=utf-8''new", "new", F | X},
	{"a/b; name*=utf-8''new; name=old", "new", F | X},
	/* M18: gaps, both forms, strange numbers, unknown charsets, bad escapes */
	{"a/b; name*0=one; name*2=three", "one", F | U | X},
	{"a/b; name*1=two", "", U},
	{"a/b; name*0=one; name*0=two", "one", F | U | X},
	{"a/b; name*0=one; name*01=two", "one", F | U | X},
	{"a/b; name*0=one; name*99999999999=two", "one", F | U | X},
	{"a/b; name*x=one", "one", F | U},
	{"a/b; name*-1=one", "one", F | U},
	{"a/b; name*=utf-8''whole; name*0=part", "whole", F | U | X},
	{"a/b; name*=koi8-r''%C1", "\357\277\275", F | U | X},
	{"a/b; name*=koi8-r''abc", "abc", F | U | X},
	{"a/b; name*=no-quotes", "no-quotes", F | U | X},
	{"a/b; name*=utf-8''%4", "%4", F | U | X},
	{"a/b; name*=utf-8''%zz%41", "%zzA", F | U | X},
	{"a/b; name*=utf-8''a%00b%0d%0a", "a?b??", F | U | X},
	{"a/b; name*=utf-8''%ff", "\357\277\275", F | U | X},
};

static void test_values(void **state)
{
	g_autoptr(GString) value = g_string_new("old");

	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		size_t length = strlen(values[i].text);
		char *exact = g_malloc(MAX(length, 1));

		memcpy(exact, values[i].text, length);
		guint flags = param_value(exact, length, "name", value);
		g_free(exact);
		if (flags != values[i].flags || strcmp(value->str, values[i].value) != 0)
			print_error("%s: \"%s\", flags %u\n", values[i].text, value->str, flags);
		assert_string_equal(value->str, values[i].value);
		assert_int_equal(flags, values[i].flags);
	}
}

/* M18: all the segments that a field has room for, and a value that nobody wants. */
static void test_bounds(void **state)
{
	g_autoptr(GString) text = g_string_new("a/b"), value = g_string_new(NULL), expected = g_string_new(NULL);

	for (guint i = 0; i < PARAM_SEGMENTS; i++) {
		g_string_append_printf(text, "; name*%u=%u.", i, i);
		g_string_append_printf(expected, "%u.", i);
	}
	assert_int_equal(param_value(text->str, text->len, "name", value), F | X);
	assert_string_equal(value->str, expected->str);
	for (guint i = PARAM_SEGMENTS; i < 50000; i++)
		g_string_append_printf(text, "; name*%u=%u.", i, i);
	assert_int_equal(param_value(text->str, text->len, "name", value), F | X | U);
	assert_string_equal(value->str, expected->str);

	g_autofree char *name = help_repeat("\303\251", 10000);
	g_autofree char *length = g_strconcat("a/b; name=\"x", name, "\"", NULL);
	assert_int_equal(param_value(length, strlen(length), "name", value), F | U);
	assert_true(value->len <= PARAM_VALUE && value->len > PARAM_VALUE - 3);
	assert_true(text_is_utf8(value->str, value->len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
