/* The heap of a child; see heap.h. */
#include "lmtpd/intake/heap.h"

#include <glib.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	ROOM = 512 * 1024,      /* bytes from the first to the last that a post of usual size has */
	LARGEST_HOLE = 64 * 1024,
	STEP = 16,              /* malloc's sizes */
	KEPT = 1040,            /* and up to that it keeps what is freed: that would be holes again */
	MOST_HOLES = 1 << 16,   /* so that it ends with any malloc; we have seen some thousands */
};

/* What fills a hole, chained so that nobody takes it for a leak. */
struct hole {
	struct hole *before;
};

static struct hole *last_hole;

static void keep(struct hole *hole)
{
	hole->before = last_hole;
	last_hole = hole;
}

void heap_fill_holes(void)
{
	const char *end = sbrk(0);
	guint holes = 0;

	/* The top grows by that much at once, and does not shrink again in a child. */
	(void)mallopt(M_TOP_PAD, ROOM);
	(void)mallopt(M_TRIM_THRESHOLD, 16 * ROOM);
	for (gsize size = LARGEST_HOLE; size > 0; size -= STEP) {
		struct hole *hole = malloc(size);

		for (; hole && (const char *)hole < end && holes < MOST_HOLES; holes++) {
			keep(hole);
			hole = malloc(size);
		}
		/* What comes from behind the old end says that no hole of this size is left. */
		if (hole && size <= KEPT)
			keep(hole);
		else
			free(hole);
	}
}
