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

/* AddressSanitizer's malloc has its heap elsewhere, and would call what is never given back a leak. */
#if defined(__SANITIZE_ADDRESS__)
void heap_fill_holes(void)
{
}
#else
void heap_fill_holes(void)
{
	const char *end = sbrk(0);
	guint holes = 0;

	/* The top grows by that much at once, and does not shrink again in a child. */
	(void)mallopt(M_TOP_PAD, ROOM);
	(void)mallopt(M_TRIM_THRESHOLD, 16 * ROOM);
	for (gsize size = LARGEST_HOLE; size > 0; size -= STEP) {
		char *hole;

		/* Never given back. What comes from behind the old end says that no hole of this size is left. */
		while ((hole = malloc(size)) && hole < end && holes < MOST_HOLES)
			holes++;
		if (size > KEPT)
			free(hole);
	}
}
#endif
