/*
 * The prefork pool: a fixed number of workers and the clock, each replaced when it dies, with a pause so that a broken start
 * cannot spin.
 */
#ifndef ROLLCALL_DISPATCH_POOL_H
#define ROLLCALL_DISPATCH_POOL_H

#include "lib/crm/crm.h"
#include "lib/keys/keys.h"

struct pool_setup {
	const struct settings *settings;
	const struct keys *keys;
	struct crm_breaker *breaker; /**< in memory that all workers share */
	int tickets;
	int jobs;    /**< where job tickets go */
	int signals; /**< from process_signals() */
};

/**
 * Runs the workers until SIGTERM; then lets each finish the phase in hand (30 seconds at most) and returns.
 */
void pool_run(const struct pool_setup *setup);

#endif
