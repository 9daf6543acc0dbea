/*
 * The prefork pool: a fixed number of workers, the clock and the archiver, each replaced when it dies, with a pause so that a broken
 * start cannot spin.
 */
#ifndef ROLLCALL_DISPATCH_POOL_H
#define ROLLCALL_DISPATCH_POOL_H

#include "lib/archive/archive_keys.h"
#include "lib/crm/crm.h"
#include "lib/keys/keys.h"
#include "lmtpd/dispatch/worker.h"

struct pool_setup {
	const struct settings *settings;
	const struct keys *keys;
	const struct archive_keys *archive_keys;
	struct relay_way *way;       /**< NULL when dry; each worker has its own copy by fork */
	struct crm_breaker *breaker; /**< in memory that all workers share */
	int tickets;
	int jobs;    /**< where job tickets go */
	int pulse;   /**< where the master asks, see process_answer(); -1: it does not */
	int signals; /**< from process_signals() */
};

/**
 * Runs the workers until SIGTERM; then lets each finish the phase in hand (30 seconds at most) and returns.
 */
void pool_run(const struct pool_setup *setup);

/** A worker as the pool has them, `store` its own; its `silent_until` is still to be set. The caller ends its doors with pool_worker_clear(). */
struct worker pool_worker(const struct pool_setup *setup, struct store *store);
void pool_worker_clear(struct worker *worker);

#endif
