/*
 * Which posts a list has distributed lately, by a hash of what their authors wrote: the same post by another path, with another K, is known by it.
 * Beside K and not instead of it: K tells a retry from everything else, for as long as Postfix may retry; this is policy, and per list.
 *
 * A record is written in the transaction that says that a variant is DONE ("begun"), and again in that which says it of the whole post. Posts that
 * are held, discarded or refused have none. It names the post's K, so that a retry does not take itself for a copy. Nothing but hashes.
 */
#ifndef ROLLCALL_STORE_STORE_DISTRIBUTED_H
#define ROLLCALL_STORE_STORE_DISTRIBUTED_H

#include "lib/store/store.h"

enum store_copy {
	STORE_COPY_NONE,        /**< no other was distributed; from now on it is in hand, with K, until store_release() */
	STORE_COPY_IN_PROGRESS, /**< another is being delivered, or some of its variants are out and the others are not: defer */
	STORE_COPY_DISTRIBUTED, /**< another was, at `*at` */
	STORE_COPY_TROUBLE,     /**< the store did not answer, or no K is in hand: `error` says why */
};

/**
 * Looks whether a post of this content was distributed in the last `life` seconds (of the time of day), by another K than the one in hand. On
 * NONE what store_done() and store_kept_add() record counts as its distribution, for `life` seconds.
 */
enum store_copy store_distributed_claim(struct store *store, const guint8 content[STORE_KEY_SIZE], gint64 life, gint64 *at,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Records that are kept of all lists: some 30 MB. A record more costs nothing worse than a copy that goes out. */
enum { STORE_DISTRIBUTED_MOST = 200000 };
/** Removes the oldest beyond `most`, with all of the same second; `*count` is how many went. What has grown old is store_expire()'s. */
gboolean store_distributed_cut(struct store *store, guint most, guint *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** What is in hand is no distribution after all: it goes to a role address. Nothing happens when there is none. */
void store_distributed_drop(struct store *store);

#endif
