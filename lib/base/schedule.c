/* Times of day on days of the week; see schedule.h. */
#include "lib/base/schedule.h"

#include "lib/base/log.h"

enum { WEEK = 7, ALL_DAYS = (1 << WEEK) - 1 };

static gboolean read_days(const char *const *names, guint *days)
{
	static const char *const week[WEEK] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	*days = 0;
	for (; names && *names; names++) {
		guint day = 0;

		while (day < WEEK && g_ascii_strcasecmp(*names, week[day]) != 0)
			day++;
		if (day == WEEK)
			return FALSE;
		*days |= 1u << day;
	}
	if (*days == 0)
		*days = ALL_DAYS;
	return TRUE;
}

gboolean schedule_read(const char *time, const char *const *names, struct schedule *schedule)
{
	guint64 hour, minute;
	guint days;
	g_auto(GStrv) parts = g_strsplit(time, ":", 3);

	if (g_strv_length(parts) != 2 || !g_ascii_string_to_unsigned(parts[0], 10, 0, 23, &hour, NULL) ||
		!g_ascii_string_to_unsigned(parts[1], 10, 0, 59, &minute, NULL) || !read_days(names, &days))
		return FALSE;
	*schedule = (struct schedule){.hour = (gint)hour, .minute = (gint)minute, .days = days, .zone = schedule->zone};
	return TRUE;
}

/* The moment of the day that is so many days from `now`. FALSE: it has none. */
static gboolean moment_of(const struct schedule *schedule, gint64 now, gint days, gint64 *moment)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, schedule->zone);
	g_autoptr(GDateTime) day = g_date_time_add_days(local, days);
	g_autoptr(GDateTime) time = g_date_time_new(schedule->zone, g_date_time_get_year(day), g_date_time_get_month(day),
		g_date_time_get_day_of_month(day), schedule->hour, schedule->minute, 0);

	if (!time || !(schedule->days & (1u << (g_date_time_get_day_of_week(day) - 1))))
		return FALSE;
	*moment = g_date_time_to_unix(time);
	return TRUE;
}

gint64 schedule_last(const struct schedule *schedule, gint64 now)
{
	gint64 moment;

	/* Today may still be to come: then it was on one of the seven days before. */
	for (gint back = 0; back <= WEEK; back++)
		if (moment_of(schedule, now, -back, &moment) && moment <= now)
			return moment;
	log_panic("schedule_last: no day of the week");
}

gint64 schedule_next(const struct schedule *schedule, gint64 now)
{
	gint64 moment;

	for (gint ahead = 0; ahead <= WEEK; ahead++)
		if (moment_of(schedule, now, ahead, &moment) && moment > now)
			return moment;
	log_panic("schedule_next: no day of the week");
}
