/* room: trusted. The circuit breaker that all workers share (HOSTILE D16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "lib/crm/crm_private.h"

static struct settings *settings_with(const char *lines)
{
	g_autofree char *text = g_strconcat("[crm]\n", lines, NULL);

	return settings_parse(text, strlen(text), "test", NULL);
}

static void test_opens_after_the_failures_in_a_row(void **state)
{
	settings_auto struct settings *settings = settings_with("breaker_failures = 3\nbreaker_pause = 60\n");
	struct crm_breaker breaker = {0};

	for (int round = 0; round < 3; round++) {
		crm_breaker_failed(&breaker, settings);
		crm_breaker_failed(&breaker, settings);
		assert_true(crm_breaker_admits(&breaker, settings));
		crm_breaker_worked(&breaker);
	}
	for (int i = 0; i < 3; i++) {
		assert_true(crm_breaker_admits(&breaker, settings));
		crm_breaker_failed(&breaker, settings);
	}
	assert_false(crm_breaker_admits(&breaker, settings));
	/* Somebody with an open connection gets through: it is not dead. */
	crm_breaker_worked(&breaker);
	assert_true(crm_breaker_admits(&breaker, settings));
}

static void test_one_probe_after_the_pause(void **state)
{
	settings_auto struct settings *settings = settings_with("breaker_failures = 1\nbreaker_pause = 1\n");
	struct crm_breaker breaker = {0};

	crm_breaker_failed(&breaker, settings);
	assert_false(crm_breaker_admits(&breaker, settings));
	usleep(1100 * 1000);
	assert_true(crm_breaker_admits(&breaker, settings));
	assert_false(crm_breaker_admits(&breaker, settings));
	/* The probe failed: the next pause. A probe that never reports back (its worker died) costs one pause. */
	crm_breaker_failed(&breaker, settings);
	assert_false(crm_breaker_admits(&breaker, settings));
	usleep(1100 * 1000);
	assert_true(crm_breaker_admits(&breaker, settings));
	crm_breaker_worked(&breaker);
	assert_true(crm_breaker_admits(&breaker, settings));
	assert_true(crm_breaker_admits(&breaker, settings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_after_the_failures_in_a_row),
		cmocka_unit_test(test_one_probe_after_the_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
