/* room: both. lib/list/digest_plan.h: each way to be due, alone and not at all; settings that mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/list/digest_plan.h"

#define LIST "choir@lists.example.org"
enum { NEVER = -1 };
#define NOON 1795262400 /* Saturday, 2026-11-21 12:00 UTC */

static struct settings *with(const char *lines)
{
	g_autofree char *text = g_strconcat("[domain lists.example.org]\n", strstr(lines, "timezone") ? "" : "digest_timezone = UTC\n", lines, NULL);
	g_autoptr(GError) error = NULL;
	struct settings *settings = settings_parse(text, strlen(text), "test", &error);

	if (!settings)
		print_error("%s\n", error->message);
	assert_non_null(settings);
	return settings;
}

static const struct {
	const char *settings;
	guint posts;
	guint64 bytes;
	gint64 age; /* seconds before noon */
	const char *due;
	gint64 next; /* seconds after noon; NEVER */
} cases[] = {
	{"", 0, 0, 0, NULL, NEVER},
	/* 18:00 of the day before is the last time. */
	{"", 1, 1, 3600, NULL, 6 * 3600},
	{"", 1, 1, 18 * 3600 + 1, "time", 0},
	{"", 1, 1, 18 * 3600, NULL, 6 * 3600},
	{"digest_days = wed\n", 1, 1, 24 * 3600, NULL, 4 * 86400 + 6 * 3600},
	{"digest_days = wed\n", 1, 1, 4 * 86400, "time", 0},
	{"digest_timezone = Asia/Tokyo\n", 1, 1, 4 * 3600, "time", 0},
	{"digest_at =\n", 1, 1, 90 * 86400, NULL, NEVER},
	{"digest_posts = 3\n", 2, 1, 60, NULL, 6 * 3600},
	{"digest_posts = 3\n", 3, 1, 60, "posts", 0},
	{"digest_size = 10k\n", 3, 10239, 60, NULL, 6 * 3600},
	{"digest_size = 10k\n", 3, 10240, 60, "size", 0},
	{"digest_age = 2h\n", 1, 1, 7199, NULL, 1},
	{"digest_age = 2h\n", 1, 1, 7200, "age", 0},
	/* A clock that went back: nothing is due before it was added. */
	{"digest_age = 2h\n", 1, 1, -80000, NULL, 80000 + 7200},
	/* By more than a day: it was wrong, and nobody waits for it to come round. */
	{"digest_at =\n", 1, 1, -86401, "clock", 0},
	{"", 1, 1, -400 * 86400, "clock", 0},
	{"digest_at =\n", 0, 0, -400 * 86400, NULL, NEVER},
};

static void test_due(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		settings_auto struct settings *settings = with(cases[i].settings);
		const struct digest_waiting waiting = {.posts = cases[i].posts, .bytes = cases[i].bytes, .since = NOON - cases[i].age};
		const char *due = digest_plan_due(settings, LIST, &waiting, NOON);

		if (g_strcmp0(due, cases[i].due) != 0)
			print_error("%zu: %s\n", i, due);
		assert_true(g_strcmp0(due, cases[i].due) == 0);
		gint64 next = digest_plan_next(settings, LIST, &waiting, NOON);
		assert_int_equal(next, cases[i].next == NEVER ? 0 : NOON + cases[i].next);
	}
}

static void test_check(void **state)
{
	static const struct {
		const char *settings, *wrong;
	} all[] = {
		{"", NULL},
		{"digest_at = 25:00\n", "[lists.example.org] digest_at"},
		{"digest_days = mon;funday\n", "[lists.example.org] digest_at or digest_days"},
		{"digest_timezone = Mars/Olympus\n", "[lists.example.org] digest_timezone: \"Mars/Olympus\""},
		{"[list " LIST "]\ndigest_at = noon\n", "[" LIST "] digest_at"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *text = g_strconcat("[domain lists.example.org]\n", all[i].settings, NULL);
		settings_auto struct settings *settings = settings_parse(text, strlen(text), "test", NULL);
		g_autofree char *wrong = digest_plan_check(settings);

		assert_true(all[i].wrong ? wrong && g_str_has_prefix(wrong, all[i].wrong) : !wrong);
	}
}

/* The volume is of the year where the list is. */
static void test_volume(void **state)
{
	settings_auto struct settings *utc = with(""), *tokyo = with("digest_timezone = Asia/Tokyo\n");

	assert_int_equal(digest_plan_volume(utc, LIST, 1798761540), 26);
	assert_int_equal(digest_plan_volume(tokyo, LIST, 1798761540), 27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
