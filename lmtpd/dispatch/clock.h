/*
 * The clock: a process of its own beside the workers, which sends tickets for due jobs each second, lets held posts expire each
 * minute, and each hour keeps the store tidy and looks at our keys in DNS. Not the pool's parent, because that one forks: SQLite must not be open
 * where a worker is forked from (the child would think that it has locks which it has not), and the parent must never wait for a disk.
 */
#ifndef ROLLCALL_DISPATCH_CLOCK_H
#define ROLLCALL_DISPATCH_CLOCK_H

#include "lib/store/store.h"
#include "lmtpd/dispatch/pool.h"

/** Runs until `*stop` becomes non-zero (set by a signal handler). Tickets go to `setup->jobs`. */
void clock_run(struct store *store, const struct pool_setup *setup, const volatile gint *stop);

#endif
