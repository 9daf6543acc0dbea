/* lib/mail/address_form.h: what Postfix would rewrite after us, and all that it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/address_form.h"

static const struct {
	const char *value, *settled; /* NULL: stays */
} cases[] = {
	{"\"member\"@x.example", "member@x.example"},
	{"\"a.b\"@x.example, c@d.example", "a.b@x.example, c@d.example"},
	{"Name <\"member\"@x.example>", "Name <member@x.example>"},
	{"\"Name\" <\"member\"@x.example>", "\"Name\" <member@x.example>"},
	{"a@x.example.", "a@x.example"},
	{"<a@x.example.>, b@c.example.\r\n\t(comment.) , d@e.example.;", "<a@x.example>, b@c.example\r\n\t(comment.) , d@e.example;"},
	{"\"a b\"@x.example.", "\"a b\"@x.example"},
	{"<@a.example,@b.example:c@d.example>", "<c@d.example>"},
	{"<@a.example:c@d.example>", "<c@d.example>"},
	{"a..b@c.example", "\"a..b\"@c.example"},
	{".a@c.example", "\".a\"@c.example"},
	{"X <a.@c.example>", "X <\"a.\"@c.example>"},
	{"a@b@c.example", "\"a@b\"@c.example"},
	{"bob", "bob:;"},
	{" bob \r\n", " bob:; \r\n"},
	{" a!b, c%d , e@f.example", " a!b:;, c%d:; , e@f.example"},
	{"Bob <bob>", "Bob  bob:;"},
	{"bob (Bob)", "bob (Bob):;"},
	{"\"bob\"", "\"bob\":;"},
	{"Friends: bob, a@b.example, \"c d\" (x);, bob", "Friends: (bob), a@b.example, (\"c d\" (x));, bob:;"},
	{"a@[IPv6:::1], bob", "a@[IPv6:::1], bob:;"},
	{"bob, Friends:;, alice", "bob:;, Friends:;, alice:;"},
	{"member@x.example", NULL},
	{"\"a b\"@x.example", NULL},
	{"\"a..b\"@x.example", NULL},
	{"\".a\"@x.example", NULL},
	{"\"\"@x.example", NULL},
	{"\"a\\b\"@x.example", NULL},
	{"\"Jan.\" <jan@x.example>", NULL},
	{"Jan P. <jan@x.example>", NULL},
	{"Mr. X. <jan@x.example>", NULL},
	{"(\"a\"@b. <@c:d>) jan@x.example", NULL},
	{"\"\\\"a\\\"@b.\" <jan@x.example>", NULL},
	{"undisclosed-recipients:;", NULL},
	{"Group: a@b.example,c@d.example;", NULL},
	{"a@[192.0.2.1]", NULL},
	{"a@[IPv6:2001:db8::1]", NULL},
	{"a@ex_ample", NULL},
	{"a @ b.example", NULL},
	{"<>", NULL},
	{"Name <>", NULL},
	{",, a@b.example", NULL},
	{"a@b.example;c@d.example", NULL},
	{"(only a comment)", NULL},
	{"(open\\", NULL},
	{"\"open, bob", NULL},
	{"a@b.c., open), bob", NULL},
	{"G: bob\\;", NULL},
	{"a@b.c.>, bob", NULL},
	{"<@", NULL},
	{"<", NULL},
	{"", NULL},
	/* each look finds something else */
	{":\")\",[\":\")\",[\"<\"a\">@@]", NULL},
	{"caf\xc3\xa9 <jan@x.example>", NULL},
	{"=?utf-8?q?J=C3=B6rg?= <j@x.example>", NULL},
};

static void test_values(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].value);
		char *copy = g_memdup2(cases[i].value, MAX(length, 1));
		g_autofree char *settled = address_form_value(copy, length);

		g_free(copy);
		if (g_strcmp0(settled, cases[i].settled) != 0)
			fail_msg("\"%s\" became %s", cases[i].value, settled ? settled : "(itself)");
		/* Once is enough. */
		g_autofree char *again = settled ? address_form_value(settled, strlen(settled)) : NULL;
		assert_null(again);
	}
}

static void test_only_address_fields(void **state)
{
	static const char text[] = "Subject: \"a\"@b.example.\r\nCc: \"a\"@b.example\r\nX-To: \"a\"@b.example\r\n\r\n";
	struct header header = {0};
	size_t body;
	g_autoptr(GString) out = g_string_new(NULL);

	assert_int_equal(header_parse(text, sizeof(text) - 1, &header, &body), HEADER_OK);
	address_form_settle(&header);
	header_render(&header, out);
	assert_string_equal(out->str, "Subject: \"a\"@b.example.\r\nCc: a@b.example\r\nX-To: \"a\"@b.example\r\n");
	header_clear(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_only_address_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
