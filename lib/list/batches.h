/*
 * A list that goes out in several batches. Who is in which depends on his address and the post alone, not on who else is on the list: a retry reads the members
 * anew, and with places in a row one who left would move all behind him into batches that were sent, or out of one that was.
 */
#ifndef ROLLCALL_LIST_BATCHES_H
#define ROLLCALL_LIST_BATCHES_H

#include "lib/list/recipients.h"

enum { BATCHES_SEED_SIZE = 32 };

/** In which of `count` batches an address is, from 0 on. */
guint batches_place(const guint8 seed[BATCHES_SEED_SIZE], const char *address, guint count);

/**
 * Into how many batches these are to be divided so that none has more than `largest` (above 0), with room for a tenth more: members may join between
 * two attempts. For a `largest` under 20 or so some may have more all the same.
 */
guint batches_count(const guint8 seed[BATCHES_SEED_SIZE], const struct recipients *recipients, guint largest);

/** Those of batch `number`, sealed; the caller ends it with recipients_free(). */
struct recipients *batches_pick(const guint8 seed[BATCHES_SEED_SIZE], const struct recipients *recipients, guint number, guint count)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
