/* room: both. lib/list/reception.h: what the mode column may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/list/reception.h"

static const struct {
	const char *value;
	gboolean good;
	enum reception reception;
	gboolean not_me;
} cases[] = {
	{"mail", TRUE, RECEPTION_MAIL, FALSE},
	{"MAIL", TRUE, RECEPTION_MAIL, FALSE},
	{" digest ", TRUE, RECEPTION_DIGEST, FALSE},
	{"digestplain", TRUE, RECEPTION_DIGESTPLAIN, FALSE},
	{"summary", TRUE, RECEPTION_SUMMARY, FALSE},
	{"notice", TRUE, RECEPTION_NOTICE, FALSE},
	{"txt", TRUE, RECEPTION_TXT, FALSE},
	{"nomail", TRUE, RECEPTION_NOMAIL, FALSE},
	{"not_me", TRUE, RECEPTION_MAIL, TRUE},
	{"mail,not_me", TRUE, RECEPTION_MAIL, TRUE},
	{"not_me, txt", TRUE, RECEPTION_TXT, TRUE},
	{"Digest,\tNot_Me", TRUE, RECEPTION_DIGEST, TRUE},
	{",,digest,,", TRUE, RECEPTION_DIGEST, FALSE},
	{"", FALSE, RECEPTION_MAIL, FALSE},
	{" , ", FALSE, RECEPTION_MAIL, FALSE},
	{"digests", FALSE, RECEPTION_MAIL, FALSE},
	{"urlize", FALSE, RECEPTION_MAIL, FALSE},
	/* Half of it is known: mail, and his own wish is still kept. */
	{"nomail,really", FALSE, RECEPTION_MAIL, FALSE},
	{"html,not_me", FALSE, RECEPTION_MAIL, TRUE},
	{"mail\nnomail", FALSE, RECEPTION_MAIL, FALSE},
};

static void test_values(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize length = strlen(cases[i].value);
		g_autofree char *block = g_memdup2(cases[i].value, MAX(length, 1));
		enum reception reception;
		gboolean not_me;

		assert_int_equal(reception_read(block, length, &reception, &not_me), cases[i].good);
		assert_int_equal(reception, cases[i].reception);
		assert_int_equal(not_me, cases[i].not_me);
	}
}

static void test_words(void **state)
{
	enum reception reception;

	for (guint i = 0; i <= RECEPTION_NOMAIL; i++) {
		assert_true(reception_find(reception_word(i), &reception));
		assert_int_equal(reception, i);
	}
	assert_null(reception_word(RECEPTION_NOMAIL + 1));
	assert_false(reception_find("not_me", &reception));
	assert_false(reception_is_digest(RECEPTION_NOTICE));
	assert_true(reception_is_digest(RECEPTION_SUMMARY));
	assert_false(reception_is_digest(RECEPTION_NOMAIL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
