/* lib/mail/url_template.h: pages from templates; nothing but URI characters comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/url_template.h"

static void test_table(void **state)
{
	static const struct {
		const char *template, *id, *expected;
	} cases[] = {
		{"https://crm.example.org/leave", NULL, "https://crm.example.org/leave"},
		/* A '+' of a list's name is escaped, since forms read it as a blank. */
		{"https://x/{list}/{domain}?l={list}", NULL, "https://x/choir%2Ba/lists.example.org?l=choir%2Ba"},
		{"https://x/{id}", "<a.b@c.org>", "https://x/a.b%40c.org"},
		{"https://x/{id}", "a/b c>d\r\n\xC3\xBC", "https://x/a%2Fb%20c%3Ed%0D%0A%C3%BC"},
		{"https://x/{id}", "<>", "https://x/"},
		/* HyperKitty's and mail-archive's name for <87myycy5eh.fsf@uwakimon.sk.tsukuba.ac.jp>, as in Mailman's documentation. */
		{"https://x/{hash}/", "<87myycy5eh.fsf@uwakimon.sk.tsukuba.ac.jp>",
			"https://x/JJIGKPKB6CVDX6B2CUG4IHAJRIQIOUTP/"},
		/* not about one post; unknown names; broken braces */
		{"https://x/{id}{hash}", NULL, "https://x/%7Bid%7D%7Bhash%7D"},
		{"https://x/{name}{", "<a@b>", "https://x/%7Bname%7D%7B"},
		{"{}{list", NULL, "%7B%7D%7Blist"},
		{"https://x/<b> \"c\"|\xC3\xBC%41", NULL, "https://x/%3Cb%3E%20%22c%22%7C%C3%BC%41"},
		{"", NULL, ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *list = g_strdup("choir+a@lists.example.org");
		g_autofree char *got = url_template_fill(cases[i].template, list, cases[i].id);

		assert_string_equal(got, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests_name("url_template", tests, NULL, NULL);
}
