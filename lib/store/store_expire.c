/*
 * Housekeeping: what nobody will ask for again; see store.h. Held posts whose time is over are no rubbish but work: store_held_due().
 */
#include "lib/store/store_death.h"
#include "lib/store/store_internal.h"

/*
 * In this order: a tombstone stays as long as a token could ask for it. A job that is put off further than any pause was so by a clock
 * that was ahead; it is due.
 */
static const enum store_statement others[] = {
	STATEMENT_DISTRIBUTED_EXPIRE,
	STATEMENT_TOKEN_EXPIRE,
	STATEMENT_HELD_EXPIRE,
	STATEMENT_BAD_EXPIRE,
	STATEMENT_ANSWER_EXPIRE,
	STATEMENT_JOB_REPAIR,
};

gboolean store_age(struct store *store, gint64 seconds, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_AGE_ADD);

	if (seconds <= 0)
		return TRUE;
	sqlite3_bind_int64(add, 1, seconds);
	return store_run_one(store, add, "growing older", "age", error);
}

gboolean store_expire(struct store *store, gint64 seconds, GError **error)
{
	store_statement_auto sqlite3_stmt *posts = store_statement(store, STATEMENT_POST_EXPIRE);
	store_statement_auto sqlite3_stmt *deaths = store_statement(store, STATEMENT_DEATH_EXPIRE);

	sqlite3_bind_int64(posts, 1, seconds);
	sqlite3_bind_int64(deaths, 1, seconds);
	sqlite3_bind_int64(deaths, 2, STORE_DEATHS);
	if (!store_run(store, posts, "removing old posts", error) || !store_run(store, deaths, "removing old deaths", error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		store_statement_auto sqlite3_stmt *expire = store_statement(store, others[i]);

		if (!store_run(store, expire, "removing what is over", error))
			return FALSE;
	}
	return TRUE;
}
