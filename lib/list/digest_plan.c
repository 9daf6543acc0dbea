/* When digests are due; see digest_plan.h. */
#include "lib/list/digest_plan.h"

#include "lib/base/log.h"
#include "lib/base/schedule.h"

enum { CLOCK_SLACK = 86400 }; /* seconds by which a clock may be put back without a word */

/* NULL for a name that the system does not know. The caller unrefs. */
static GTimeZone *zone_of(const struct settings *settings, const char *where)
{
	const char *name = settings_text(settings, SET_digest_timezone, where);

	return *name ? g_time_zone_new_identifier(name) : g_time_zone_new_local();
}

static gboolean read_schedule(const struct settings *settings, const char *where, struct schedule *schedule)
{
	return schedule_read(settings_text(settings, SET_digest_at, where), settings_strings(settings, SET_digest_days, where), schedule);
}

static gboolean is_time(const struct settings *settings, const char *list, gint64 since, gint64 now)
{
	g_autoptr(GTimeZone) zone = zone_of(settings, list);
	struct schedule schedule = {.zone = zone};

	if (*settings_text(settings, SET_digest_at, list) == '\0')
		return FALSE;
	/* Checked at the start; a time zone may go with an update of the system. */
	if (!zone || !read_schedule(settings, list, &schedule)) {
		log_warning("ALARM list=<%s>: digest_at, digest_days or digest_timezone mean nothing: no digest goes out", list);
		return FALSE;
	}
	return since < schedule_last(&schedule, now);
}

const char *digest_plan_due(const struct settings *settings, const char *list, const struct digest_waiting *waiting, gint64 now)
{
	gint64 age = settings_number(settings, SET_digest_age, list);
	gint64 size = settings_number(settings, SET_digest_size, list);
	gint64 posts = settings_number(settings, SET_digest_posts, list);

	if (waiting->posts == 0)
		return NULL;
	/* Added under a clock that was wrong: better early than in a year. */
	if (waiting->since > now + CLOCK_SLACK)
		return "clock";
	if (posts > 0 && waiting->posts >= posts)
		return "posts";
	if (size > 0 && waiting->bytes >= (guint64)size)
		return "size";
	if (age > 0 && now - waiting->since >= age)
		return "age";
	return is_time(settings, list, waiting->since, now) ? "time" : NULL;
}

gint64 digest_plan_next(const struct settings *settings, const char *list, const struct digest_waiting *waiting, gint64 now)
{
	gint64 age = settings_number(settings, SET_digest_age, list);
	gint64 next = age > 0 ? waiting->since + age : 0;
	g_autoptr(GTimeZone) zone = zone_of(settings, list);
	struct schedule schedule = {.zone = zone};

	if (waiting->posts == 0)
		return 0;
	if (digest_plan_due(settings, list, waiting, now))
		return now;
	if (!zone || !read_schedule(settings, list, &schedule))
		return next;
	/* A post of the future, by a clock that went back, waits for a time behind it. */
	gint64 time = schedule_next(&schedule, MAX(now, waiting->since));
	return next == 0 ? time : MIN(time, next);
}

static char *check_at(const struct settings *settings, const char *where)
{
	g_autoptr(GTimeZone) zone = zone_of(settings, where);
	struct schedule schedule = {.zone = zone};

	if (!zone)
		return g_strdup_printf("[%s] digest_timezone: \"%s\" is no time zone that this system knows", where,
			settings_text(settings, SET_digest_timezone, where));
	if (*settings_text(settings, SET_digest_at, where) != '\0' && !read_schedule(settings, where, &schedule))
		return g_strdup_printf("[%s] digest_at or digest_days: expected a time such as 18:00, and days such as mon;wed;fri", where);
	return NULL;
}

char *digest_plan_check(const struct settings *settings)
{
	const char *const *all[] = {settings_domains(settings), settings_lists(settings)};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		for (const char *const *where = all[i]; *where; where++) {
			char *wrong = check_at(settings, *where);

			if (wrong)
				return wrong;
		}
	return NULL;
}

guint digest_plan_volume(const struct settings *settings, const char *list, gint64 now)
{
	g_autoptr(GTimeZone) zone = zone_of(settings, list);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now);
	g_autoptr(GDateTime) local = zone ? g_date_time_to_timezone(utc, zone) : NULL;

	return (guint)(g_date_time_get_year(local ? local : utc) % 100);
}
