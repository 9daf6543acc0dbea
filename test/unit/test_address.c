/* lib/list/address.h: one normal form for both rooms (HOSTILE M5, L10, D1 to D4's address half). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/list/address.h"

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

struct example {
	const char *data;
	size_t length;
	enum address_result result;
	const char *normal;
};
#define GOOD(text, normal) {text, sizeof(text) - 1, ADDRESS_OK, normal}
#define BAD(text, result) {text, sizeof(text) - 1, result, ""}

static const struct example examples[] = {
	GOOD("a@example.org", "a@example.org"),
	GOOD("Jan.de.Vries+tag@EXAMPLE.org", "Jan.de.Vries+tag@example.org"),
	GOOD("\"a\"@x.org", "a@x.org"),
	GOOD("\"a.b\"@x.org", "a.b@x.org"),
	GOOD("\"a\\b\"@x.org", "ab@x.org"),
	GOOD("\"a b\"@x.org", "\"a b\"@x.org"),
	GOOD("\"a\\\"b\"@x.org", "\"a\\\"b\"@x.org"),
	GOOD("\"a@b\"@x.org", "\"a@b\"@x.org"),
	GOOD("\"\"@x.org", "\"\"@x.org"),
	GOOD("!#$%&'*+-/=?^_`{|}~@x.org", "!#$%&'*+-/=?^_`{|}~@x.org"),
	GOOD("a@b\xc3\xbc" "cher.example", "a@xn--bcher-kva.example"),
	GOOD("a@BU\xcc\x88" "CHER.example", "a@xn--bcher-kva.example"), /* decomposed, upper case */
	GOOD("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
	GOOD("a@\xe2\x84\xaa.org", "a@k.org"), /* Kelvin sign */
	GOOD("u\xcc\x88@x.org", "\xc3\xbc@x.org"), /* NFD local part becomes NFC */
	GOOD("a@123.org", "a@123.org"),
	GOOD("a@localhost", "a@localhost"),
	GOOD(X60 "xxxx@x.org", X60 "xxxx@x.org"),
	BAD("", ADDRESS_EMPTY),
	BAD("a", ADDRESS_SYNTAX),
	BAD("@", ADDRESS_SYNTAX),
	BAD("a@", ADDRESS_DOMAIN),
	BAD("@b", ADDRESS_SYNTAX),
	BAD("a@b@c", ADDRESS_SYNTAX),
	BAD("a@@b", ADDRESS_SYNTAX),
	BAD(".a@x.org", ADDRESS_SYNTAX),
	BAD("a.@x.org", ADDRESS_SYNTAX),
	BAD("a..b@x.org", ADDRESS_SYNTAX),
	BAD(" a@x.org", ADDRESS_SYNTAX),
	BAD("a@x.org ", ADDRESS_DOMAIN),
	BAD("a b@x.org", ADDRESS_SYNTAX),
	BAD("a\t@x.org", ADDRESS_SYNTAX),
	BAD("a\r\n@x.org", ADDRESS_SYNTAX),
	BAD("a@x.org\r\n", ADDRESS_DOMAIN),
	BAD("a@x\0.org", ADDRESS_SYNTAX),
	BAD("<a@x.org>", ADDRESS_SYNTAX),
	BAD("a,b@x.org", ADDRESS_SYNTAX),
	BAD("a(c)@x.org", ADDRESS_SYNTAX),
	BAD("\"a@x.org", ADDRESS_SYNTAX),
	BAD("\"a\"b@x.org", ADDRESS_SYNTAX),
	BAD("\"a\\\"@x.org", ADDRESS_SYNTAX),
	BAD("\"a\nb\"@x.org", ADDRESS_SYNTAX),
	BAD("a@[127.0.0.1]", ADDRESS_LITERAL),
	BAD("a@127.0.0.1", ADDRESS_DOMAIN),
	BAD("a@x.org.", ADDRESS_DOMAIN),
	BAD("a@.x.org", ADDRESS_DOMAIN),
	BAD("a@x..org", ADDRESS_DOMAIN),
	BAD("a@-x.org", ADDRESS_DOMAIN),
	BAD("a@x-.org", ADDRESS_DOMAIN),
	BAD("a@x_y.org", ADDRESS_DOMAIN),
	BAD("a@xn--zzzzzzz99999.org", ADDRESS_DOMAIN),
	BAD("a@" X60 "xxxx.org", ADDRESS_DOMAIN), /* label of 64 */
	BAD(X60 "xxxxx@x.org", ADDRESS_LENGTH),
	BAD("a@" X60 "." X60 "." X60 "." X60 "." X60 ".org", ADDRESS_DOMAIN),
	BAD(X60 "@" X60 "." X60 "." X60 "." X10 ".org", ADDRESS_LENGTH),
	BAD("a\xff@x.org", ADDRESS_ENCODING),
	BAD("a\xc3@x.org", ADDRESS_ENCODING),
	BAD("\xef\xbb\xbf" "a@x.org", ADDRESS_ENCODING),       /* byte order mark */
	BAD("a\xe2\x80\x8b" "b@x.org", ADDRESS_ENCODING),      /* zero-width space */
	BAD("a\xe2\x80\xae" "b@x.org", ADDRESS_ENCODING),      /* right-to-left override */
	BAD("a\xc2\xa0" "b@x.org", ADDRESS_ENCODING),          /* no-break space */
	BAD("a@x\xe2\x80\x8b.org", ADDRESS_DOMAIN),
	BAD("a@\xff.org", ADDRESS_DOMAIN),
};

static void test_normal_form(void **state)
{
	g_autoptr(GString) out = g_string_new("left over");

	for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
		char *copy = g_memdup2(examples[i].data, examples[i].length);
		enum address_result result = address_normalise(copy, examples[i].length, TRUE, out);

		g_free(copy);
		if (result != examples[i].result)
			fail_msg("case %zu (%s): %s", i, examples[i].data, address_word(result));
		assert_string_equal(out->str, examples[i].normal);
	}
}

/* What comes out goes in again and stays the same: there is no second normal form. */
static void test_normal_form_is_stable(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
		if (examples[i].result != ADDRESS_OK)
			continue;
		assert_int_equal(address_normalise(examples[i].normal, strlen(examples[i].normal), TRUE, out), ADDRESS_OK);
		assert_string_equal(out->str, examples[i].normal);
	}
}

static void test_utf8_wants_permission(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);

	assert_int_equal(address_normalise("j\xc3\xbcrgen@x.org", 13, FALSE, out), ADDRESS_NEEDS_UTF8);
	assert_string_equal(out->str, "");
	assert_int_equal(address_normalise("j\xc3\xbcrgen@x.org", 13, TRUE, out), ADDRESS_OK);
	/* A domain never needs it: it becomes A-labels. */
	assert_int_equal(address_normalise("a@b\xc3\xbc" "cher.example", 16, FALSE, out), ADDRESS_OK);
}

static void test_same_person(void **state)
{
	assert_true(address_same("Jan@x.org", "jan@x.org"));
	assert_false(address_same("jan@x.org", "jan+tag@x.org"));
	assert_false(address_same("jan@x.org", "jan@x.orgx"));
	g_autofree char *key = address_key("Jan@x.org");
	assert_string_equal(key, "jan@x.org");
}

static void test_spellings(void **state)
{
	g_auto(GStrv) plain = address_spellings("jan@x.org");
	g_auto(GStrv) mixed = address_spellings("Jan@xn--bcher-kva.example");

	assert_int_equal(g_strv_length(plain), 1);
	assert_int_equal(g_strv_length(mixed), 3);
	assert_string_equal(mixed[0], "Jan@xn--bcher-kva.example");
	assert_string_equal(mixed[1], "jan@xn--bcher-kva.example");
	assert_string_equal(mixed[2], "Jan@b\xc3\xbc" "cher.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_normal_form_is_stable),
		cmocka_unit_test(test_utf8_wants_permission),
		cmocka_unit_test(test_same_person),
		cmocka_unit_test(test_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
