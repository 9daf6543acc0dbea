/* lib/base/verdict.h: what constructors make, and what the wire may not smuggle in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/verdict.h"

static void test_constructors(void **state)
{
	static const struct {
		struct verdict (*make)(const char *status, const char *format, ...) G_GNUC_PRINTF(2, 3);
		const char *status;
		enum verdict_class class;
		unsigned code;
	} cases[] = {
		{verdict_deferred, "4.3.0", VERDICT_DEFERRED, 451},
		{verdict_deferred, "4.3.1", VERDICT_DEFERRED, 452},
		{verdict_refused, "5.7.1", VERDICT_REFUSED, 550},
		{verdict_refused, "5.3.4", VERDICT_REFUSED, 552},
		{verdict_refused, "5.5.4", VERDICT_REFUSED, 501},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict verdict = cases[i].make(cases[i].status, "%s", "why");

		assert_int_equal(verdict.class, cases[i].class);
		assert_int_equal(verdict.code, cases[i].code);
		assert_string_equal(verdict.status, cases[i].status);
		assert_string_equal(verdict.text, "why");
	}
	struct verdict sent = verdict_sent("queued as %s", "4XYZ");
	assert_int_equal(sent.code, 250);
	assert_string_equal(sent.status, "2.0.0");
	assert_int_equal(verdict_discarded("x").class, VERDICT_DISCARDED);
	assert_int_equal(verdict_held("x").class, VERDICT_HELD);
	/* Forgotten somewhere, it is a refusal and no 250. */
	assert_int_equal(verdict_unclear("5.6.0", "x").class, VERDICT_UNCLEAR);
	assert_int_equal(verdict_unclear("5.6.0", "x").code, 550);
}

static void test_text_is_one_printable_line(void **state)
{
	char longer[1000];
	struct verdict verdict = verdict_refused("5.7.1", "%s", "a\r\n250 ok\x01\x7f\xc3\xa9");

	assert_string_equal(verdict.text, "a??250 ok????");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	verdict = verdict_refused("5.7.1", "%s", longer);
	assert_int_equal(strlen(verdict.text), VERDICT_TEXT_SIZE - 1);
	assert_string_equal(verdict.text + VERDICT_TEXT_SIZE - 4, "...");
}

static void test_wire(void **state)
{
	static const struct {
		guint class, code;
		const char *status;
		gboolean good;
	} cases[] = {
		{VERDICT_SENT, 250, "2.0.0", TRUE},
		{VERDICT_DISCARDED, 250, "2.0.0", TRUE},
		{VERDICT_DEFERRED, 451, "4.3.0", TRUE},
		{VERDICT_HELD, 250, "2.0.0", TRUE},
		{VERDICT_HELD, 451, "4.3.0", FALSE},
		{VERDICT_REFUSED, 550, "5.7.1", TRUE},
		{VERDICT_REFUSED, 550, "5.7.123", TRUE},
		{VERDICT_SENT, 550, "5.7.1", FALSE},   /* class and code disagree */
		{VERDICT_REFUSED, 250, "2.0.0", FALSE},
		{VERDICT_DEFERRED, 451, "5.3.0", FALSE},
		{VERDICT_DEFERRED, 451, "4.3", FALSE},
		{VERDICT_DEFERRED, 451, "4.3.0.1", FALSE},
		{VERDICT_DEFERRED, 451, "4.3.1234", FALSE},
		{VERDICT_DEFERRED, 451, "4..0", FALSE},
		{VERDICT_DEFERRED, 451, "", FALSE},
		{VERDICT_DEFERRED, 4510, "4.3.0", FALSE},
		{VERDICT_REFUSED, 650, "5.7.1", FALSE},
		{VERDICT_NONE, 0, "", FALSE},
		{VERDICT_UNCLEAR, 550, "5.6.0", FALSE},
		{99, 250, "2.0.0", FALSE},
		{G_MAXUINT, 250, "2.0.0", FALSE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict verdict = verdict_from_wire(cases[i].class, cases[i].code, cases[i].status, "t\r\nx");

		if (cases[i].good) {
			assert_int_equal(verdict.class, cases[i].class);
			assert_int_equal(verdict.code, cases[i].code);
			assert_string_equal(verdict.text, "t??x");
		} else {
			assert_int_equal(verdict.class, VERDICT_DEFERRED);
			assert_string_equal(verdict.status, "4.3.0");
		}
	}
}

static void test_words(void **state)
{
	assert_string_equal(verdict_word(VERDICT_NONE), "none");
	assert_string_equal(verdict_word(VERDICT_SENT), "sent");
	assert_string_equal(verdict_word(VERDICT_DISCARDED), "discarded");
	assert_string_equal(verdict_word(VERDICT_DEFERRED), "deferred");
	assert_string_equal(verdict_word(VERDICT_REFUSED), "refused");
	assert_string_equal(verdict_word(VERDICT_HELD), "held");
	assert_string_equal(verdict_word(VERDICT_UNCLEAR), "unclear");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constructors),
		cmocka_unit_test(test_text_is_one_printable_line),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
