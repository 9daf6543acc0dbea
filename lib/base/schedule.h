/*
 * When something is due that happens at a time of day on some days of the week, in some time zone. There is no timer to be kept: whoever
 * asks learns the last such moment, and compares it with what he has. So a clock that jumps, a machine that slept and a daemon that was
 * down need no care, and nothing is due twice. A local time that daylight saving skips is taken at the first moment after it; one that
 * comes twice is taken once.
 */
#ifndef ROLLCALL_BASE_SCHEDULE_H
#define ROLLCALL_BASE_SCHEDULE_H

#include <glib.h>

struct schedule {
	gint hour, minute;
	guint days;      /**< bit 0: Monday … bit 6: Sunday; at least one */
	GTimeZone *zone; /**< borrowed */
};

/** Reads "18:00" and, as names, "mon;wed;fri" (none: every day). FALSE with nothing changed when one is neither. */
gboolean schedule_read(const char *time, const char *const *names, struct schedule *schedule) G_GNUC_WARN_UNUSED_RESULT;

/** The last moment of the schedule that is not after `now`; both seconds of Unix time. */
gint64 schedule_last(const struct schedule *schedule, gint64 now);

/** The first one after `now`: for whoever wants to be told. */
gint64 schedule_next(const struct schedule *schedule, gint64 now);

#endif
