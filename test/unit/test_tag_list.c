/* room: intake. lib/mail/tag_list.h: the grammar of DKIM, ARC and DMARC (RFC 6376 section 3.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/tag_list.h"
#include "test/unit/mail_help.h"

/* "name=value|name=value", or NULL where it is no tag list. */
static const struct {
	const char *text, *tags;
} lists[] = {
	{"a=b", "a=b"},
	{"v=1; a=rsa-sha256;d=example.org;", "v=1|a=rsa-sha256|d=example.org"},
	{" \t v \t= \t1 \t; \t", "v=1"},
	{"\r\n v=\r\n 1\r\n\t;\r\n a\r\n =\r\n b\r\n\tc\r\n ", "v=1|a=b\r\n\tc"},
	{"n=some words: with = and \"quotes\"; t=y", "n=some words: with = and \"quotes\"|t=y"},
	{"p=", "p="},
	{"p=;s= ;", "p=|s="},
	{"a1_2=x", "a1_2=x"},
	{"D=upper;d=lower", "D=upper|d=lower"},
	{"d=b\303\274cher.example", "d=b\303\274cher.example"},
	{"v=DMARC1;p=none;rua=mailto:a@b.example!10m,mailto:c@d.example", "v=DMARC1|p=none|rua=mailto:a@b.example!10m,mailto:c@d.example"},
	/* none */
	{"", NULL},
	{" ", NULL},
	{";", NULL},
	{"v", NULL},
	{"v;", NULL},
	{"=1", NULL},
	{"v=1;;", NULL},
	{"v=1; ;a=b", NULL},
	{";v=1", NULL},
	{"v=1;a", NULL},
	{"v=1;v=1", NULL},
	{"v=1;a=b; v =2", NULL},
	{"1v=1", NULL},
	{"_v=1", NULL},
	{"v-a=1", NULL},
	{"v a=1", NULL},
	{"v=1\r\n", NULL},
	{"v=1\r\na=2", NULL},
	{"v=1\n a=2", NULL},
	{"v=1\r a=2", NULL},
	{"v=\001", NULL},
	{"v=a\177b", NULL},
	{"v=a\013b", NULL},
	{"v=\377", NULL},
	{"v=\303", NULL},
	{"\303\274=1", NULL},
};

static void test_lists(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autoptr(GString) seen = g_string_new(NULL);
		size_t length = strlen(lists[i].text);
		char *exact = g_malloc(MAX(length, 1));
		struct tag_list list;

		memcpy(exact, lists[i].text, length);
		gboolean good = tag_list_parse(exact, length, &list);
		for (guint j = 0; j < list.count; j++)
			g_string_append_printf(seen, "%s%.*s=%.*s", j ? "|" : "", (int)list.tags[j].name_length, list.tags[j].name,
				(int)list.tags[j].length, list.tags[j].value);
		g_free(exact);
		if (good != (lists[i].tags != NULL))
			fail_msg("\"%s\": %d", lists[i].text, good);
		assert_string_equal(seen->str, lists[i].tags ? lists[i].tags : "");
	}
}

static void test_limit(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct tag_list list;

	for (guint i = 0; i < TAG_LIST_TAGS; i++)
		g_string_append_printf(text, "t%u=x;", i);
	assert_true(tag_list_parse(text->str, text->len, &list));
	assert_int_equal(list.count, TAG_LIST_TAGS);
	g_string_append(text, "more=x");
	assert_false(tag_list_parse(text->str, text->len, &list));
	assert_int_equal(list.count, 0);
	assert_null(tag_list_find(&list, "t0"));
}

static void test_values(void **state)
{
	static const char text[] = "a=RSA-sha256; h=from : to\r\n :subject; b=AAEC\r\n\t Aw==; p= ; x=1795257320; y=0123456789012; z=-1; w= 7 ;e=;q=AA=A";
	struct tag_list list;
	gint64 number = 5;

	assert_true(tag_list_parse(text, strlen(text), &list));
	g_autofree char *h = tag_list_text(&list, "h");
	assert_string_equal(h, "from:to:subject");
	g_autofree char *p = tag_list_text(&list, "p");
	assert_string_equal(p, "");
	assert_null(tag_list_text(&list, "none"));
	assert_true(tag_list_is(&list, "a", "rsa-sha256", TRUE));
	assert_false(tag_list_is(&list, "a", "rsa-sha256", FALSE));
	assert_true(tag_list_is(&list, "a", "RSA-sha256", FALSE));
	assert_false(tag_list_is(&list, "c", "", TRUE));
	assert_true(tag_list_has(&list, "h", "To"));
	assert_true(tag_list_has(&list, "h", "subject"));
	assert_false(tag_list_has(&list, "h", "sub"));
	assert_false(tag_list_has(&list, "none", "x"));
	g_autoptr(GBytes) b = tag_list_base64(&list, "b");
	gsize length;
	assert_memory_equal(g_bytes_get_data(b, &length), "\0\1\2\3", 4);
	assert_int_equal(length, 4);
	assert_null(tag_list_base64(&list, "p"));
	assert_null(tag_list_base64(&list, "h"));
	assert_null(tag_list_base64(&list, "q"));
	assert_true(tag_list_number(&list, "x", &number) && number == 1795257320);
	assert_true(tag_list_number(&list, "w", &number) && number == 7);
	assert_false(tag_list_number(&list, "y", &number));
	assert_false(tag_list_number(&list, "z", &number));
	assert_false(tag_list_number(&list, "e", &number));
	assert_false(tag_list_number(&list, "none", &number));
	assert_int_equal(number, 7);
	/* What a hash leaves out: all between '=' and ';'. */
	const struct tag *tag = tag_list_find(&list, "b");
	assert_memory_equal(tag->start, "AAEC\r\n\t Aw==", 12);
	assert_int_equal(tag->whole, 12);
	assert_int_equal(tag_list_find(&list, "p")->whole, 1);
	assert_int_equal(tag_list_find(&list, "w")->whole, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
