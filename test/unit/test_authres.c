/* Authentication-Results, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/authres.h"
#include "lib/mail/authres_write.h"

/* "ID | method=result type.name=value … | …"; NULL when it says nothing. From a block of exactly its size. */
static char *read_it(const char *text, size_t length)
{
	struct authres authres;
	char *block = g_memdup2(text, MAX(length, 1));
	gboolean good = authres_parse(block, length, &authres);

	g_free(block);
	if (!good)
		return NULL;
	GString *out = g_string_new(authres.id);
	for (guint i = 0; i < authres.results->len; i++) {
		const struct authres_result *result = g_ptr_array_index(authres.results, i);

		g_string_append_printf(out, " | %s=%s", result->method, result->result);
		for (guint k = 0; k < result->properties->len; k++) {
			const struct authres_property *property = g_ptr_array_index(result->properties, k);

			g_string_append_printf(out, " %s.%s=%s", property->type, property->name, property->value);
		}
	}
	authres_clear(&authres);
	return g_string_free(out, FALSE);
}

static const struct {
	const char *text, *expected;
} cases[] = {
	/* As the standard's appendix and common software write it. */
	{"example.com; none", "example.com"},
	{"example.com 1; none", "example.com"},
	{"example.com; spf=pass smtp.mailfrom=example.net", "example.com | spf=pass smtp.mailfrom=example.net"},
	{"example.com;\r\n\tauth=pass (cram-md5) smtp.auth=sender@example.net;\r\n\tspf=pass smtp.mailfrom=example.net",
		"example.com | auth=pass smtp.auth=sender@example.net | spf=pass smtp.mailfrom=example.net"},
	{"foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) "
	 "expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
		"foo.example.net | dkim=fail policy.expired=1362471462"},
	{"mx.example.org; dkim=pass (2048-bit key; unprotected) header.d=a.test header.i=@a.test header.b=\"abc/=\"; dmarc=pass (p=none dis=none) header.from=a.test",
		"mx.example.org | dkim=pass header.d=a.test header.i=@a.test header.b=abc/= | dmarc=pass header.from=a.test"},
	{"mx; spf=Pass (sender SPF authorized) smtp.mailfrom=a.test (client-ip=192.0.2.1; helo=x; envelope-from=a@a.test; receiver=<UNKNOWN>)",
		"mx | spf=pass smtp.mailfrom=a.test"},
	{"mx; dkim=pass header.b=Ab/+c= header.s=s1; spf=none smtp.mailfrom=", "mx | dkim=pass header.b=Ab/+c= header.s=s1 | spf=none smtp.mailfrom="},
	{"mx; dmarc=pass action=none header.from=a.test;compauth=pass reason=100", "mx | dmarc=pass .action=none header.from=a.test | compauth=pass"},
	{"mx; dkim=fail reason=\"bad; signature\" header.d=a.test", "mx | dkim=fail header.d=a.test"},
	{"mx; spf=pass smtp.mailfrom=\"a b\"@c.test", "mx | spf=pass smtp.mailfrom=a b@c.test"},
	{"\"mx; spf=pass\"; none", "mx; spf=pass"},
	{"\"m\\\"x\"; none", "m\"x"},
	{"b\303\274cher.test; spf=pass smtp.mailfrom=b\303\274cher.test", "b\303\274cher.test | spf=pass smtp.mailfrom=b\303\274cher.test"},
	{"mx; spf=pass;", "mx | spf=pass"},
	{"mx;spf=pass;dkim=none", "mx | spf=pass | dkim=none"},
	{" (a (nested) \\) comment) mx ; spf = pass", "mx | spf=pass"},
	/* Not to be understood, so nothing of it. */
	{"", NULL},
	{"mx", NULL},
	{";", NULL},
	{"mx;", NULL},
	{"; spf=pass", NULL},
	{"mx 2; spf=pass", NULL},
	{"mx 1x; spf=pass", NULL},
	{"mx other; spf=pass", NULL},
	{"mx; none; spf=pass", NULL},
	{"mx; spf=pass; none", NULL},
	{"mx; spf", NULL},
	{"mx; spf=", NULL},
	{"mx; =pass", NULL},
	{"mx; spf=pass smtp", NULL},
	{"mx; spf=pass smtp.", NULL},
	{"mx; spf=pass smtp.mailfrom", NULL},
	{"mx; spf=passsmtp.mailfrom=a", NULL},
	{"mx; spf=pass.mailfrom=a", NULL},
	{"mx; spf=pass, dkim=pass", NULL},
	{"mx; spf/2=pass", NULL},
	{"mx; spf=pass (open", NULL},
	{"mx; spf=pass )", NULL},
	{"mx; spf=pass smtp.mailfrom=\"open", NULL},
	{"mx; spf=pass smtp.mailfrom=\"a\\", NULL},
	{"mx (open; spf=pass", NULL},
	{"mx; spf=pass smtp.mailfrom=a\\b", NULL},
	{"mx; spf=pass smtp.mailfrom=\377", NULL},
	{"mx; spf=pass smtp.mailfrom=\"a\001b\"", NULL},
	{"m@x; spf=pass", NULL},
	{"m<x; spf=pass", NULL},
};

static void test_reading(void **state)
{
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = read_it(cases[i].text, strlen(cases[i].text));

		if (g_strcmp0(got, cases[i].expected) != 0) {
			print_error("%s: %s, expected %s\n", cases[i].text, got ? got : "nothing", cases[i].expected ? cases[i].expected : "nothing");
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void test_cut_anywhere(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (size_t length = 0; length < strlen(cases[i].text); length++) {
			g_autofree char *got = read_it(cases[i].text, length);
			char *block = g_memdup2(cases[i].text, MAX(length, 1));
			g_autofree char *id = authres_id(block, length);

			/* What can be read has an id that can be read. */
			assert_true(!got || id);
			g_free(block);
		}
	}
}

/* A value of `length` bytes that is fine but for its length. */
static char *long_value(size_t length)
{
	GString *text = g_string_new("mx; spf=pass smtp.mailfrom=a.test (");

	while (text->len < length - 1)
		g_string_append_c(text, 'x');
	g_string_append_c(text, ')');
	return g_string_free(text, FALSE);
}

static void test_m6_bounds(void **state)
{
	static const struct {
		const char *head, *piece, *tail;
		guint count;
		gboolean good;
	} bounds[] = {
		{"mx", "; spf=pass", "", AUTHRES_RESULTS, TRUE},
		{"mx", "; spf=pass", "", AUTHRES_RESULTS + 1, FALSE},
		{"mx; spf=pass", " a.b=c", "", AUTHRES_PROPERTIES, TRUE},
		{"mx; spf=pass", " a.b=c", "", AUTHRES_PROPERTIES + 1, FALSE},
		{"mx; spf=pass ", "(", "))))))))))))))))))))", AUTHRES_NESTING, TRUE},
		{"mx; spf=pass ", "(", ")))))))))))))))))))))", AUTHRES_NESTING + 1, FALSE},
	};
	g_autofree char *fits = long_value(AUTHRES_BYTES);
	g_autofree char *too_long = long_value(AUTHRES_BYTES + 1);
	g_autofree char *got = read_it(fits, strlen(fits));

	assert_string_equal(got, "mx | spf=pass smtp.mailfrom=a.test");
	assert_null(read_it(too_long, strlen(too_long)));
	/* Who strips fields in his own name sees it also there. */
	g_autofree char *id = authres_id(too_long, strlen(too_long));
	assert_string_equal(id, "mx");
	for (gsize i = 0; i < G_N_ELEMENTS(bounds); i++) {
		g_autoptr(GString) text = g_string_new(bounds[i].head);

		for (guint k = 0; k < bounds[i].count; k++)
			g_string_append(text, bounds[i].piece);
		g_string_append(text, bounds[i].tail);
		g_autofree char *read = read_it(text->str, text->len);
		assert_int_equal(read != NULL, bounds[i].good);
	}
}

static void add_signature(struct authentication *found, const char *domain, const char *selector)
{
	struct authentication_dkim *dkim = authentication_add_dkim(found);

	g_free(dkim->domain);
	g_free(dkim->selector);
	dkim->domain = g_strdup(domain);
	dkim->selector = g_strdup(selector);
	dkim->result = "pass";
}

static void test_writing(void **state)
{
	struct authentication found;

	authentication_init(&found);
	g_autofree char *nothing = authres_write("lists.test", &found, NULL);
	assert_string_equal(nothing, "lists.test; dkim=none; dmarc=none");

	add_signature(&found, "a.test", "s1");
	add_signature(&found, "evil\"; dmarc=pass \\", "\303\274");
	found.spf.result = "fail";
	found.spf.domain = g_strdup("a.test");
	found.dmarc.result = "fail";
	found.dmarc.policy = "quarantine";
	found.dmarc.testing = TRUE;
	found.arc.cv = "pass";
	found.arc.instances = 2;
	found.smime.result = "pass";
	found.sasl.login = g_strdup("jan");
	g_autofree char *all = authres_write("lists.test", &found, "a.test");
	assert_string_equal(all,
		"lists.test; dkim=pass header.d=a.test header.s=s1; dkim=pass header.d=\"evil\\\"; dmarc=pass \\\\\" header.s=\"??\"; "
		"spf=fail smtp.mailfrom=a.test; dmarc=fail (p=quarantine, testing) header.from=a.test; arc=pass; smime=pass");
	/* Our own reader gets back what was found, and no more. */
	g_autofree char *again = read_it(all, strlen(all));
	assert_string_equal(again,
		"lists.test | dkim=pass header.d=a.test header.s=s1 | dkim=pass header.d=evil\"; dmarc=pass \\ header.s=?? | "
		"spf=fail smtp.mailfrom=a.test | dmarc=fail header.from=a.test | arc=pass | smime=pass");
	authentication_clear(&found);
}

static void test_long_domains_stay_whole(void **state)
{
	struct authentication found;
	g_autofree char *label = g_strnfill(56, 'x');
	g_autofree char *domain = g_strdup_printf("%s.bank.example.%s.%s.%s.test", label, label, label, label);
	g_autofree char *expected = g_strdup_printf("lists.test; dkim=pass header.d=%s header.s=s1; dmarc=none header.from=%s", domain, domain);

	assert_in_range(strlen(domain), 240, 253);
	authentication_init(&found);
	add_signature(&found, domain, "s1");
	g_autofree char *text = authres_write("lists.test", &found, domain);
	assert_string_equal(text, expected);
	authentication_clear(&found);
}

static void test_writing_is_bounded(void **state)
{
	struct authentication found;
	g_autofree char *odd = g_strnfill(250, '"');
	g_autofree char *name = g_strnfill(1000, 'x');

	for (int named = FALSE; named <= TRUE; named++) {
		authentication_init(&found);
		for (guint i = 0; i < 1000; i++)
			add_signature(&found, named ? name : odd, named ? name : odd);
		g_autofree char *text = authres_write("lists.test", &found, "a.test");
		assert_true(strlen(text) < 12 * 1024);
		authentication_clear(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_m6_bounds),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_long_domains_stay_whole),
		cmocka_unit_test(test_writing_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
