/*
 * How many processes a message has killed, under a key that says nothing about it. A record grows old with those of deliveries (store_expire()), and
 * there are never more than STORE_DEATHS for long, so that somebody who has found a way to crash a parser fills no disk with it.
 */
#ifndef ROLLCALL_STORE_STORE_DEATH_H
#define ROLLCALL_STORE_STORE_DEATH_H

#include "lib/store/store.h"

enum { STORE_DEATHS = 10000 }; /* records; the oldest go first */

/** Reads the number; 0 when none is known. */
gboolean store_death_count(struct store *store, const guint8 key[STORE_KEY_SIZE], guint *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/** One more; `*count` is the number then. Not waited for until it is on the disk. */
gboolean store_death_add(struct store *store, const guint8 key[STORE_KEY_SIZE], guint *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
