/*
 * Dates and durations of older() and newer(), in Sympa's forms: an epoch number, "2026y11m21d10h5min3sec" in local time, or
 * "execution_date", each with an optional "+" or "-" and a duration "1y2m3w4d5h6min7sec". A year of a duration has 365 days,
 * a month as many as the calendar's month at its place has, counted onwards from the date also for "-"; no leap years.
 * What cannot be read is now.
 */
#include <string.h>
#include <time.h>

#include "lib/rules/rules_internal.h"

enum { DIGITS = 15, UNITS = 7, YEAR = 0, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND };

static const char *const duration_units[UNITS] = {"y", "m", "w", "d", "h", "min", "sec"};

/* "NUMBER UNIT" at `*place`, which is then moved on. The unit ends before a digit or at the end: "5min" is no "5m". */
static gboolean read_part(const char **place, const char *unit, gint64 *number)
{
	const char *digits = *place, *end = digits;
	gsize length = strlen(unit);

	while (g_ascii_isdigit(*end))
		end++;
	if (end == digits || end - digits > DIGITS || g_ascii_strncasecmp(end, unit, length) != 0)
		return FALSE;
	if (end[length] && !g_ascii_isdigit(end[length]))
		return FALSE;
	*number = g_ascii_strtoll(digits, NULL, 10);
	*place = end + length;
	return TRUE;
}

/* Local time to epoch; FALSE for a day or an hour that does not exist. */
static gboolean from_calendar(const gint64 *parts, gint64 *date)
{
	GDate calendar;
	gint64 month = MAX(parts[MONTH], 1), day = MAX(parts[DAY], 1);

	if (month > 12 || day > 31 || parts[HOUR] > 23 || parts[MINUTE] > 59 || parts[SECOND] > 59)
		return FALSE;
	if (parts[YEAR] < 1 || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)parts[YEAR]))
		return FALSE;
	g_date_set_dmy(&calendar, (GDateDay)day, (GDateMonth)month, (GDateYear)parts[YEAR]);
	struct tm broken = {
		.tm_year = (int)parts[YEAR] - 1900,
		.tm_mon = (int)month - 1,
		.tm_mday = (int)day,
		.tm_hour = (int)parts[HOUR],
		.tm_min = (int)parts[MINUTE],
		.tm_sec = (int)parts[SECOND],
		.tm_isdst = -1,
	};
	*date = mktime(&broken);
	return TRUE;
}

/* A date without its duration. FALSE for a day that no calendar has. */
static gboolean read_date(const char *text, gint64 now, gint64 *date)
{
	gint64 parts[UNITS] = {0};
	const char *place = text;

	*date = now;
	if (*text && strspn(text, "0123456789") == strlen(text)) {
		if (strlen(text) <= DIGITS)
			*date = g_ascii_strtoll(text, NULL, 10);
		else
			*date = G_MAXINT64 / 4;
		return TRUE;
	}
	/* A date's units are lower case, a duration's need not be. */
	if (strpbrk(text, "YMDHINSEC") || strspn(text, "0123456789") != 4 || !read_part(&place, "y", &parts[YEAR]))
		return TRUE;
	for (guint unit = MONTH; unit < UNITS; unit++)
		if (unit != WEEK)
			(void)read_part(&place, duration_units[unit], &parts[unit]);
	return *place ? TRUE : from_calendar(parts, date);
}

static gint64 months(gint64 count, gint64 date)
{
	static const guint8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	time_t start = (time_t)date;
	struct tm broken = {0};
	gint64 sum = 0;

	(void)localtime_r(&start, &broken);
	/* Sympa's own table ends after two years. */
	for (gint64 i = 0; i < count && broken.tm_mon + i < 24; i++)
		sum += days[(broken.tm_mon + i) % 12];
	return sum * 24 * 60 * 60;
}

/* The longest end of `text` that is a duration; 0 when there is none. */
static gint64 read_duration(const char *text, gint64 date)
{
	for (; *text; text++) {
		gint64 parts[UNITS] = {0};
		const char *place = text;

		for (guint unit = 0; unit < UNITS; unit++)
			(void)read_part(&place, duration_units[unit], &parts[unit]);
		if (*place)
			continue;
		/* No sum of these can leave 64 bits: a part is below 1e8 by then. */
		for (guint unit = 0; unit < UNITS; unit++)
			parts[unit] = MIN(parts[unit], 100000000);
		gint64 days = parts[DAY] + 7 * parts[WEEK] + 365 * parts[YEAR];
		return parts[SECOND] + 60 * (parts[MINUTE] + 60 * (parts[HOUR] + 24 * days)) + months(parts[MONTH], date);
	}
	return 0;
}

gboolean rules_date(const char *text, gint64 now, gint64 *date)
{
	const char *sign = NULL;

	/* The last sign that has something on both sides. */
	for (const char *place = text; *place; place++)
		if (place > text && (*place == '+' || *place == '-') && place[1])
			sign = place;
	g_autofree char *day = sign ? g_strndup(text, (gsize)(sign - text)) : g_strdup(text);
	if (strcmp(day, "execution_date") == 0)
		*date = now;
	else if (!read_date(day, now, date))
		return FALSE;
	if (sign)
		*date += *sign == '+' ? read_duration(sign + 1, *date) : -read_duration(sign + 1, *date);
	return TRUE;
}

static enum rules_truth compare(struct rules_run *run, const struct rules_node *term, gboolean newer)
{
	gint64 dates[2];

	for (guint i = 0; i < 2; i++) {
		rules_value_auto struct rules_value value = {0};

		if (!rules_evaluate(run, rules_term_argument(term, i), &value))
			return RULES_TRUTH_TROUBLE;
		if (!rules_date(rules_value_text(&value), run->facts->now, &dates[i]))
			return rules_trouble(run, "a date that no calendar has");
	}
	return (dates[0] > dates[1]) == newer ? RULES_TRUE : RULES_FALSE;
}

enum rules_truth rules_condition_older(struct rules_run *run, const struct rules_node *term)
{
	return compare(run, term, FALSE);
}

enum rules_truth rules_condition_newer(struct rules_run *run, const struct rules_node *term)
{
	return compare(run, term, TRUE);
}

void rules_warm_up(void)
{
	tzset();
}
