/*
 * The worker of `rollcall explain`: it answers the same requests by the same code, on a copy of the store in memory and without a way into Postfix, so
 * that what it says is true and nothing comes of it.
 */
#ifndef ROLLCALL_DISPATCH_DRY_H
#define ROLLCALL_DISPATCH_DRY_H

#include "lmtpd/dispatch/pool.h"

/** Serves `setup->tickets` until the process is ended. A store that cannot be read is fatal. */
void dry_run(const struct pool_setup *setup) G_GNUC_NORETURN;

/** After a phase: what it wrote is forgotten, and the next sees the store as it is then. */
void dry_forget(struct worker *worker);

#endif
