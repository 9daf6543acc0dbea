/*
 * The archiver: a process of its own beside the workers and the clock, which takes kept posts to their lists' archives, list by list in the order in which
 * they went out. So a slow archive delays neither mail nor digests, and one that is down only its own list: each list has its own pause, a
 * minute that doubles up to an hour, with an ALARM at each fifth failure. A post that an archive refuses as such is set aside.
 * Only one archiver works at a time, also while a reload has two generations of us: it holds archive.lock in the state directory.
 */
#ifndef ROLLCALL_DISPATCH_ARCHIVER_H
#define ROLLCALL_DISPATCH_ARCHIVER_H

#include "lib/store/store.h"
#include "lmtpd/dispatch/pool.h"

/** Runs until `*stop` becomes non-zero (set by a signal handler). */
void archiver_run(struct store *store, const struct pool_setup *setup, const volatile gint *stop);

#endif
