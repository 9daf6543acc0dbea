/* room: intake. lib/mail/html_text.h: what the text of HTML looks like, and that no HTML takes long, or says what nobody sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/html_text.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *html, *text;
} cases[] = {
	{"", ""},
	{"plain", "plain\r\n"},
	{"  a \n\t b  ", "a b\r\n"},
	{"<p>one<p>two", "one\r\n\r\ntwo\r\n"},
	{"<html><body><p>one</p>\n<p>two</p></body></html>", "one\r\n\r\ntwo\r\n"},
	{"a<br>b<br/>c<br><br>d", "a\r\nb\r\nc\r\n\r\nd\r\n"},
	{"<div>a</div><div>b</div>", "a\r\nb\r\n"},
	{"<h1>Head</h1>text", "Head\r\n\r\ntext\r\n"},
	{"caf&eacute; &amp; &lt;b&gt; &#8364; &nbsp;x", "caf\xC3\xA9 & <b> \xE2\x82\xAC x\r\n"},
	{"caf\xC3\xA9", "caf\xC3\xA9\r\n"},
	/* the document's own word about its charset is nobody's */
	{"<head><meta charset=\"iso-8859-1\"></head><body>caf\xC3\xA9</body>", "caf\xC3\xA9\r\n"},
	{"<meta http-equiv=Content-Type content=\"text/html; charset=utf-16\">caf\xC3\xA9", "caf\xC3\xA9\r\n"},
	/* links */
	{"<a href=\"https://a.example/x?y=1&amp;z=2\">here</a>", "here <https://a.example/x?y=1&z=2>\r\n"},
	{"<a href=\"https://a.example/\">https://a.example</a>", "https://a.example\r\n"},
	{"<a href=\"https://a.example/\">a.example</a>", "a.example\r\n"},
	{"<a href=\"mailto:a@b.example\">write</a> <a href=\"mailto:a@b.example\">a@b.example</a>", "write <a@b.example> a@b.example\r\n"},
	{"<a href=\"javascript:alert(1)\">x</a>", "x\r\n"},
	{"<a href=\"https://a.example/&#10;b <c>\">x</a>", "x <https://a.example/bc>\r\n"},
	{"<a href=\"https://a.example/\"><img src=x></a>", "<https://a.example/>\r\n"},
	{"<a name=top>x</a>", "x\r\n"},
	{"<img src=x alt=\"A  cat\"><img src=y alt=\"\">", "[A cat]\r\n"},
	/* lists */
	{"<ul><li>a<li>b</ul>c", "- a\r\n- b\r\n\r\nc\r\n"},
	{"<ol><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ol>", "1. a\r\n2. b\r\n  - c\r\n3. d\r\n"},
	{"<li>lonely", "- lonely\r\n"},
	/* tables */
	{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a  b\r\nc  d\r\n"},
	{"<table><tr><th>Name<th>Price<tr><td>Tea<td>2</table>after", "Name  Price\r\nTea  2\r\n\r\nafter\r\n"},
	/* quotes and rules */
	{"a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\r\n\r\n> b\r\n>\r\n> > c\r\n\r\nd\r\n"},
	{"a<hr>b", "a\r\n\r\n----------------------------------------\r\n\r\nb\r\n"},
	{"<pre>a\n  b\n\nc</pre>", "a\r\n  b\r\n\r\nc\r\n"},
	/* what is not for reading */
	{"a<script>b<p>c</script>d", "ad\r\n"},
	{"<style>p { color: red }</style>a<!-- b -->c", "ac\r\n"},
	{"<head><title>t</title></head><body>a", "a\r\n"},
	{"<div style=\"color:red; DISPLAY : none\">b<p>c</p></div>a", "a\r\n"},
	{"<p hidden>b</p>a", "a\r\n"},
	{"<svg><text>b</text></svg>a", "a\r\n"},
	{"x\xE2\x80\x8B\xC2\xADy\xE2\x80\xAEz&#8238;", "xyz\r\n"},
	{"a&#0;&#1;&#27;b", "ab\r\n"},
	/* broken */
	{"</p></div></ul></blockquote></pre>a", "a\r\n"},
	{"<p <b>a", "a\r\n"},
	{"a < b & c", "a < b & c\r\n"},
	{"<?php echo 1 ?>a", "a\r\n"},
	{"<!DOCTYPE html [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><p>&x;a</p>", "]>\r\n\r\n&x;a\r\n"},
};

static char *convert(const char *html, size_t length, gboolean *good)
{
	g_autofree char *block = g_memdup2(length ? html : "", MAX(length, 1));
	GString *out = g_string_new("before");

	*good = html_text_append(block, length, out);
	assert_true(g_str_has_prefix(out->str, "before"));
	assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
	assert_true(*good || out->len == 6);
	g_string_erase(out, 0, 6);
	return g_string_free(out, FALSE);
}

static void test_cases(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		gboolean good;
		g_autofree char *text = convert(cases[i].html, strlen(cases[i].html), &good);

		assert_true(good);
		if (strcmp(text, cases[i].text) != 0)
			print_error("%s\n", cases[i].html);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_long_paragraphs_are_broken(void **state)
{
	g_autofree char *words = help_repeat("word ", 100), *html = g_strdup_printf("<blockquote><ul><li>%s</ul></blockquote>", words);
	gboolean good;
	g_autofree char *text = convert(html, strlen(html), &good);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

	assert_true(good && g_str_has_prefix(text, "> - word"));
	for (guint i = 1; lines[i] && *lines[i]; i++)
		assert_true(strlen(lines[i]) <= 76 && g_str_has_prefix(lines[i], ">   word"));
}

/* Each of these is bounded: it is refused, or it is done at once. */
static void test_hostile(void **state)
{
	static const struct {
		const char *piece;
		guint count;
		gboolean good;
	} hostile[] = {
		{"<div>", 499, TRUE},
		{"<div>", 200000, FALSE},
		{"<b>", 200000, FALSE},
		{"</b>", 200000, TRUE},
		{"<!", 200000, TRUE},
		{"<!--", 200000, TRUE},
		{"<a ", 50000, FALSE},
		{"<", 200000, TRUE},
		{"&", 200000, TRUE},
		{"&#", 200000, TRUE},
		{"<p>", 200000, TRUE},
		{"<li>", 200000, TRUE},
		{"<td>", 200000, TRUE},
		{"<blockquote>", 80000, FALSE},
		{"x", 1024 * 1024, TRUE},
		{"x", 1024 * 1024 + 1, FALSE},
		{"a ", 39999, TRUE},
		{"a ", 40001, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autofree char *html = help_repeat(hostile[i].piece, hostile[i].count);
		gint64 start = g_get_monotonic_time();
		gboolean good;
		g_autofree char *text = convert(html, strlen(html), &good);

		if (good != hostile[i].good || g_get_monotonic_time() - start > 4 * G_USEC_PER_SEC)
			print_error("%s: %d, %.1f s\n", hostile[i].piece, good, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
		assert_int_equal(good, hostile[i].good);
		/* Sanitizers take their time, too. */
		assert_true(g_get_monotonic_time() - start < 20 * G_USEC_PER_SEC);
	}
}

/* The worst that the limit on blanks lets through: one tag of attributes that all differ. */
static void test_many_attributes(void **state)
{
	g_autoptr(GString) html = g_string_new("<a");
	gint64 start = g_get_monotonic_time();
	gboolean good;

	for (guint i = 0; i < 39000; i++)
		g_string_append_printf(html, " a%x", i);
	g_string_append(html, ">text");
	g_autofree char *text = convert(html->str, html->len, &good);
	assert_true(good);
	assert_string_equal(text, "text\r\n");
	assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
}

static void test_nul_is_no_html(void **state)
{
	gboolean good;
	g_autofree char *text = convert("a\0b", 3, &good);

	assert_false(good);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_paragraphs_are_broken),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many_attributes),
		cmocka_unit_test(test_nul_is_no_html),
	};

	html_text_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
