/* room: both. lib/base/schedule.h: days, time zones, the two nights of daylight saving, and clocks that jump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/schedule.h"

static gint64 at(const char *iso)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, utc);

	assert_non_null(time);
	return g_date_time_to_unix(time);
}

/* Times with a zone of their own; 2026-11-21 is a Saturday. */
static const struct {
	const char *zone, *time, *days, *now, *last;
} cases[] = {
	{"Europe/Amsterdam", "18:00", "", "2026-11-21T18:00:00+01:00", "2026-11-21T18:00:00+01:00"},
	{"Europe/Amsterdam", "18:00", "", "2026-11-21T17:59:59+01:00", "2026-11-20T18:00:00+01:00"},
	{"Europe/Amsterdam", "18:00", "mon", "2026-11-21T20:00:00+01:00", "2026-11-16T18:00:00+01:00"},
	{"Europe/Amsterdam", "18:00", "sat", "2026-11-21T17:00:00+01:00", "2026-11-14T18:00:00+01:00"},
	{"Europe/Amsterdam", "18:00", "Sat;wed", "2026-11-21T17:00:00+01:00", "2026-11-18T18:00:00+01:00"},
	{"Pacific/Auckland", "00:00", "", "2026-11-21T12:00:00Z", "2026-11-21T11:00:00Z"},
	{"America/New_York", "23:30", "fri", "2026-11-21T04:29:00Z", "2026-11-14T04:30:00Z"},
	{"UTC", "06:00", "", "2027-01-01T00:00:00Z", "2026-12-31T06:00:00Z"},
	/* Days that only some years have, and what 32 bits have not. */
	{"UTC", "18:00", "tue", "2028-02-29T19:00:00Z", "2028-02-29T18:00:00Z"},
	{"Europe/Amsterdam", "06:00", "", "2040-01-01T00:00:00Z", "2039-12-31T05:00:00Z"},
	/* 02:30 is not there on 2026-03-29, and twice on 2026-10-25. */
	{"Europe/Amsterdam", "02:30", "", "2026-03-29T12:00:00+02:00", "2026-03-29T03:00:00+02:00"},
	{"Europe/Amsterdam", "02:30", "", "2026-03-29T01:59:59+01:00", "2026-03-28T02:30:00+01:00"},
	{"Europe/Amsterdam", "02:30", "", "2026-10-25T12:00:00+01:00", "2026-10-25T02:30:00+01:00"},
	{"Europe/Amsterdam", "18:00", "", "2026-03-29T17:00:00+02:00", "2026-03-28T18:00:00+01:00"},
};

static void test_moments(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(cases[i].zone);
		g_auto(GStrv) days = g_strsplit(cases[i].days, ";", -1);
		struct schedule schedule = {.zone = zone};

		assert_non_null(zone);
		assert_true(schedule_read(cases[i].time, (const char *const *)days, &schedule));
		gint64 last = schedule_last(&schedule, at(cases[i].now));
		if (last != at(cases[i].last))
			print_error("%zu: %ld, wanted %ld\n", i, (long)last, (long)at(cases[i].last));
		assert_int_equal(last, at(cases[i].last));
	}
}

/* Through a year, minute by quarter of an hour: it never goes back, and each day has one moment. */
static void test_a_year(void **state)
{
	g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Amsterdam");
	const struct schedule schedule = {.hour = 2, .minute = 30, .days = 127, .zone = zone};
	gint64 start = at("2026-01-01T00:00:00Z"), before = schedule_last(&schedule, start);
	guint moments = 0;

	for (gint64 now = start; now < start + 365 * 86400; now += 900) {
		gint64 last = schedule_last(&schedule, now);

		assert_true(last >= before && last <= now && now - last <= 25 * 3600);
		moments += last != before;
		before = last;
	}
	assert_int_equal(moments, 365);
}

/* What is next is last once it has come, and nothing is between the two. */
static void test_next(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(cases[i].zone);
		g_auto(GStrv) days = g_strsplit(cases[i].days, ";", -1);
		struct schedule schedule = {.zone = zone};
		gint64 now = at(cases[i].now);

		assert_true(schedule_read(cases[i].time, (const char *const *)days, &schedule));
		gint64 next = schedule_next(&schedule, now);
		assert_true(next > now && next <= now + 7 * 86400 + 3600);
		assert_int_equal(schedule_last(&schedule, next), next);
		assert_int_equal(schedule_last(&schedule, next - 1), at(cases[i].last));
	}
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {"", "18", "24:00", "18:60", "18:00:00", "-1:00", "six", "18:", ":30"};
	static const char *const none[] = {NULL}, *const unknown[] = {"mon", "funday", NULL};
	struct schedule schedule = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_false(schedule_read(wrong[i], none, &schedule));
	assert_false(schedule_read("18:00", unknown, &schedule));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_a_year),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
