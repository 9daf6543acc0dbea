/*
 * Deadlines on the monotonic clock: a clock that jumps neither ends nor prolongs a session.
 */
#ifndef ROLLCALL_BASE_DEADLINE_H
#define ROLLCALL_BASE_DEADLINE_H

#include <glib.h>

struct deadline {
	gint64 at; /**< microseconds of g_get_monotonic_time() */
};

/** `seconds` from now. */
struct deadline deadline_in(guint seconds);

/** The earlier of two. */
struct deadline deadline_earlier(struct deadline a, struct deadline b);

/** Milliseconds left, 0 when it has passed, never more than G_MAXINT: fit for poll(2). */
int deadline_left(struct deadline deadline);

static inline gboolean deadline_passed(struct deadline deadline)
{
	return deadline_left(deadline) == 0;
}

/**
 * Waits until `fd` is ready for `events` (poll(2) bits) or the deadline passes.
 * TRUE: ready, also on error or hang-up (the next read or write tells). FALSE: time is up.
 */
gboolean deadline_poll(int fd, short events, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

#endif
