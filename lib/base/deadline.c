/* Deadlines on the monotonic clock; see deadline.h. */
#include "lib/base/deadline.h"

#include <errno.h>
#include <poll.h>

struct deadline deadline_in(guint seconds)
{
	return (struct deadline){.at = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC};
}

struct deadline deadline_earlier(struct deadline a, struct deadline b)
{
	return a.at < b.at ? a : b;
}

int deadline_left(struct deadline deadline)
{
	gint64 left = deadline.at - g_get_monotonic_time();

	if (left <= 0)
		return 0;
	/* Rounded up, so that 0 only ever means "passed" and poll(2) cannot spin on the last fraction. */
	left = (left + 999) / 1000;
	return left > G_MAXINT ? G_MAXINT : (int)left;
}

gboolean deadline_poll(int fd, short events, struct deadline deadline)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = events};
		int left = deadline_left(deadline);
		int count = poll(&ready, 1, left);

		if (count > 0)
			return TRUE;
		if (count == 0 && left == 0)
			return FALSE;
		if (count < 0 && errno != EINTR)
			return TRUE;
	}
}
