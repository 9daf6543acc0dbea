/* What was found about an author, put into a held post's facts and taken out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/authentication_variant.h"

static void fill(struct authentication *found, guint signatures)
{
	authentication_init(found);
	for (guint i = 0; i < signatures; i++) {
		struct authentication_dkim *dkim = authentication_add_dkim(found);

		g_free(dkim->domain);
		dkim->domain = g_strdup_printf("d%u.test", i);
		dkim->result = i ? "fail" : "pass";
		dkim->aligned = i == 0;
		dkim->reason = g_strdup("it's \"odd\" \\ \303\274");
	}
	found->spf.result = "softfail";
	found->spf.domain = g_strdup("a.test");
	found->spf.aligned = TRUE;
	found->dmarc.result = "pass";
	found->dmarc.policy = "reject";
	found->dmarc.domain = g_strdup("a.test");
	found->dmarc.organisation = g_strdup("a.test");
	found->dmarc.testing = TRUE;
	found->arc.cv = "pass";
	found->arc.instances = 2;
	found->arc.sealers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(found->arc.sealers, g_strdup("one.test"));
	g_ptr_array_add(found->arc.sealers, g_strdup("two.test"));
	found->smime.result = "pass";
	found->smime.signer = g_strdup("jan@a.test");
	found->sasl.login = g_strdup("jan");
	found->sasl.matches = TRUE;
}

static char *print(const struct authentication *found)
{
	g_autoptr(GVariant) variant = g_variant_ref_sink(authentication_to_variant(found, "dkim"));

	return g_variant_print(variant, TRUE);
}

static void test_there_and_back(void **state)
{
	struct authentication found, again;

	fill(&found, 3);
	authentication_init(&again);
	g_autofree char *text = authentication_to_text(&found, 4000);
	authentication_from_text(text, &again);
	g_autofree char *before = print(&found), *after = print(&again);
	assert_string_equal(before, after);
	assert_non_null(strstr(before, "'organisational_domain': <'a.test'>"));
	assert_non_null(strstr(before, "'method': <'dkim'>"));
	authentication_clear(&found);
	authentication_clear(&again);
}

static void test_nothing_found(void **state)
{
	struct authentication found, again;

	authentication_init(&found);
	authentication_init(&again);
	g_autofree char *text = authentication_to_text(&found, 4000);
	authentication_from_text(text, &again);
	g_autofree char *before = print(&found), *after = print(&again);
	assert_string_equal(before, after);
	assert_null(again.dkim);
	assert_null(again.arc.sealers);
	authentication_clear(&again);
}

static void test_limit_leaves_out_the_last_signatures(void **state)
{
	struct authentication found, again;

	fill(&found, LIMIT_SIGNATURES + 5);
	authentication_init(&again);
	g_autofree char *text = authentication_to_text(&found, 1500);
	assert_true(strlen(text) <= 1500);
	authentication_from_text(text, &again);
	assert_in_range(again.dkim->len, 1, 10);
	const struct authentication_dkim *first = g_ptr_array_index(again.dkim, 0);
	assert_string_equal(first->domain, "d0.test");
	assert_true(first->aligned);
	assert_null(authentication_to_text(&found, 100));
	authentication_clear(&found);
	authentication_clear(&again);
}

/* A store that somebody has written into, or one of an earlier version. */
static void test_odd_texts(void **state)
{
	static const char *const texts[] = {NULL, "", "{", "1", "{'dkim': <1>}", "{'dkim': <[<1>, <'x'>]>}", "{'spf': <{'result': <'great'>, 'domain': <7>}>}",
		"{'arc': <{'instances': <int64 -5>, 'sealers': <[<1>]>}>}", "{'dmarc': <@a{sv} {}>}", "@a{sv} {}"};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct authentication found;

		authentication_init(&found);
		authentication_from_text(texts[i], &found);
		assert_string_equal(found.spf.result, "none");
		assert_string_equal(found.dmarc.result, "none");
		assert_int_equal(found.arc.instances, 0);
		assert_null(found.dkim);
		authentication_clear(&found);
	}
}

static void test_foreign_bytes(void **state)
{
	struct authentication found;

	authentication_init(&found);
	struct authentication_dkim *dkim = authentication_add_dkim(&found);
	g_free(dkim->selector);
	dkim->selector = g_strnfill(5000, '\377');
	g_autofree char *text = print(&found);
	assert_true(g_utf8_validate(text, -1, NULL));
	assert_true(strlen(text) < 4000);
	authentication_clear(&found);
}

static void test_disowned(void **state)
{
	struct authentication found;

	authentication_init(&found);
	assert_false(authentication_is_disowned(&found, "smtp"));
	found.dmarc.result = "fail";
	assert_true(authentication_is_disowned(&found, "smtp"));
	assert_true(authentication_is_disowned(&found, NULL));
	assert_false(authentication_is_disowned(&found, "md5"));
	/* A login counts by its method, and where the site says that it counts for nothing, so it is. */
	found.sasl.matches = TRUE;
	assert_true(authentication_is_disowned(&found, "smtp"));
	authentication_clear(&found);
}

static void test_signed_and_strict(void **state)
{
	struct authentication found;

	fill(&found, 2);
	assert_true(authentication_is_signed(&found));
	found.dmarc.result = "fail";
	assert_false(authentication_is_signed(&found));
	authentication_clear(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_nothing_found),
		cmocka_unit_test(test_limit_leaves_out_the_last_signatures),
		cmocka_unit_test(test_odd_texts),
		cmocka_unit_test(test_foreign_bytes),
		cmocka_unit_test(test_disowned),
		cmocka_unit_test(test_signed_and_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
