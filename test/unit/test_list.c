/* lib/list/list.h: what an address of ours can mean (HOSTILE L9, L10, D17, B2's shape). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/list/list.h"

static struct settings *settings;

static int setup(void **state)
{
	static const char text[] = "[domain lists.example.org]\n[domain b.org]\n";

	settings = settings_parse(text, strlen(text), "t", NULL);
	return settings ? 0 : -1;
}

static int teardown(void **state)
{
	settings_free(settings);
	return 0;
}

static void test_readings(void **state)
{
	/* The readings as "role:name+extension", in order. */
	static const struct {
		const char *address, *expected;
	} cases[] = {
		{"choir@lists.example.org", "post:choir"},
		{"Choir@b.org", "post:choir"},
		{"choir-owner@b.org", "post:choir-owner owner:choir"},
		{"choir-OWNER@b.org", "post:choir-owner owner:choir"},
		{"choir-editor@b.org", "post:choir-editor editor:choir"},
		{"choir-request@b.org", "post:choir-request request:choir"},
		{"choir-subscribe@b.org", "post:choir-subscribe subscribe:choir"},
		{"choir-unsubscribe@b.org", "post:choir-unsubscribe unsubscribe:choir"},
		{"choir-bounces@b.org", "post:choir-bounces bounces:choir"},
		{"choir-bounces+Jan=x.org@b.org", "bounces:choir+Jan=x.org"},
		{"choir-bounces+a-owner=x.org@b.org", "bounces:choir+a-owner=x.org"},
		{"choir-confirm+0aB@b.org", "post:choir-confirm+0ab confirm:choir+0aB"},
		{"choir-owner+x@b.org", "post:choir-owner+x"},
		{"-owner@b.org", ""},
		{"choir@elsewhere.org", ""},
		{"choir@sub.b.org", ""},
		{"choir", ""},
		{"../../etc/passwd@b.org", ""},
		{"|cmd@b.org", ""},
		{"\"a b\"@b.org", ""},
		{"a'b@b.org", ""},
		{"a%@b.org", ""},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@b.org", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) readings = list_readings(settings, cases[i].address);
		g_autoptr(GString) text = g_string_new(NULL);

		for (guint j = 0; j < readings->len; j++) {
			const struct list_reading *reading = &g_array_index(readings, struct list_reading, j);

			g_string_append_printf(text, "%s%s:%s%s%s", j ? " " : "", list_role_word(reading->role), reading->name,
				reading->extension ? "+" : "", reading->extension ? reading->extension : "");
		}
		assert_string_equal(text->str, cases[i].expected);
	}
}

static void test_column(void **state)
{
	static const struct {
		const char *value, *address;
	} cases[] = {
		{"choir", "choir@lists.example.org"},
		{"Choir", "choir@lists.example.org"},
		{"choir@b.org", "choir@b.org"},
		{"choir@B.ORG", "choir@b.org"},
		{"a.b-c_d+e", "a.b-c_d+e@lists.example.org"},
		{"choir@elsewhere.org", NULL},
		{"", NULL},
		{"@b.org", NULL},
		{"choir@", NULL},
		{"choir@b.org@b.org", NULL},
		{"a/b", NULL},
		{"..", NULL},
		{"a..b", NULL},
		{"a.", NULL},
		{"a b", NULL},
		{"a'b", NULL},
		{"a\"b", NULL},
		{"-a", NULL},
		{"caf\xc3\xa9", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *copy = g_memdup2(cases[i].value, MAX(strlen(cases[i].value), 1));
		g_autofree char *address = list_address_from_column(settings, copy, strlen(cases[i].value));

		if (g_strcmp0(address, cases[i].address) != 0)
			fail_msg("\"%s\" became %s", cases[i].value, address ? address : "(none)");
	}
}

static void test_role_address(void **state)
{
	g_autofree char *owner = list_role_address("choir@b.org", "owner");

	assert_string_equal(owner, "choir-owner@b.org");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_column),
		cmocka_unit_test(test_role_address),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
