/*
 * The clock: a process of its own beside the workers, which sends tickets for due jobs each second, lets held posts expire each
 * minute and keeps the store tidy each hour. Not the pool's parent, because that one forks: SQLite must not be open
 * where a worker is forked from (the child would think that it has locks which it has not), and the parent must never wait for a disk.
 */
#ifndef ROLLCALL_DISPATCH_CLOCK_H
#define ROLLCALL_DISPATCH_CLOCK_H

#include "lib/store/store.h"

/** Runs until `*stop` becomes non-zero (set by a signal handler). `jobs` is the socket for tickets. */
void clock_run(struct store *store, int jobs, const volatile gint *stop);

#endif
