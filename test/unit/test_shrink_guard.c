/* lmtpd/dispatch/shrink_guard.h on a real store: HOSTILE D8. Time is what the store was told that passed: no clock's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "lmtpd/dispatch/shrink_guard.h"

#define LIST "choir@b.org"
enum { HOUR = 3600, WAIT = 6 * HOUR };

struct step {
	guint rows;
	gint64 at; /* seconds since the store was made */
	gboolean waits;
};

static void remove_directory(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(directory))) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		assert_int_equal(g_remove(file), 0);
	}
	assert_int_equal(g_rmdir(path), 0);
}

/* Runs posts over one list in a store of its own. */
static void run(const char *config, const struct step *steps, size_t count)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *directory = g_dir_make_tmp("shrink-XXXXXX", NULL);
	settings_auto struct settings *settings = settings_parse(config, strlen(config), "t", NULL);
	struct store *store = store_open(directory, &error);

	assert_non_null(store);
	for (size_t i = 0; i < count; i++) {
		assert_true(store_age(store, steps[i].at - (i > 0 ? steps[i - 1].at : 0), NULL));
		struct verdict verdict = shrink_guard_check(settings, store, LIST, steps[i].rows);

		if ((verdict.class == VERDICT_DEFERRED) != steps[i].waits)
			fail_msg("step %zu: %s", i, verdict_word(verdict.class));
		assert_true(verdict.class == VERDICT_NONE || verdict.code == 451);
	}
	store_close(store);
	remove_directory(directory);
}

#define RUN(config, ...)                                                                                 \
	do {                                                                                             \
		const struct step steps[] = {__VA_ARGS__};                                               \
		run(config, steps, sizeof(steps) / sizeof(steps[0]));                                    \
	} while (0)

static const char plain[] = "[domain b.org]\n";

static void test_everyday_changes_pass(void **state)
{
	RUN(plain, {0, 0, FALSE}, {1, 1, FALSE}, {100, 2, FALSE}, {50, 3, FALSE}, {25, 4, FALSE}, {13, 5, FALSE}, {6, 6, FALSE},
		{1000000, 7, FALSE});
}

static void test_small_lists_may_halve(void **state)
{
	RUN(plain, {19, 0, FALSE}, {1, 1, FALSE});
	RUN(plain, {20, 0, FALSE}, {9, 1, TRUE});
	RUN(plain, {21, 0, FALSE}, {10, 1, TRUE});
	RUN(plain, {21, 0, FALSE}, {11, 1, FALSE});
}

static void test_none_where_there_were_some(void **state)
{
	RUN(plain, {1, 0, FALSE}, {0, 1, TRUE});
}

static void test_wait_ends(void **state)
{
	RUN(plain, {100, 0, FALSE}, {10, 10, TRUE}, {10, 10 + WAIT - 1, TRUE}, {10, 10 + WAIT, FALSE}, {10, 11 + WAIT, FALSE});
}

static void test_members_come_back(void **state)
{
	/* The wait is for one shrinking: after the members are back, the next one waits its whole time. */
	RUN(plain, {100, 0, FALSE}, {10, HOUR, TRUE}, {90, 2 * HOUR, FALSE}, {10, 3 * HOUR, TRUE}, {10, 8 * HOUR, TRUE},
		{10, 9 * HOUR, FALSE});
}

static void test_settings(void **state)
{
	RUN("[domain b.org]\nshrink_guard = 0\n", {100, 0, FALSE}, {0, 1, FALSE});
	RUN("[domain b.org]\n[list " LIST "]\nshrink_guard = 1h\n", {100, 0, FALSE}, {10, 1, TRUE}, {10, HOUR + 1, FALSE});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everyday_changes_pass),
		cmocka_unit_test(test_small_lists_may_halve),
		cmocka_unit_test(test_none_where_there_were_some),
		cmocka_unit_test(test_wait_ends),
		cmocka_unit_test(test_members_come_back),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
