/*
 * Transactions of more than one statement, and how long they wait; see store_internal.h.
 *
 * Only what a 250 promises waits for the disk. The same connection is raised to synchronous=FULL for it and lowered again: that
 * takes 2 microseconds, and a second connection would have a second cache and a second set of statements to be kept. The log is one
 * file, so whoever waits for his end of it also waits for everything before: nothing can be lost out of the middle.
 */
#include "lib/store/store_internal.h"

#include "lib/base/fault.h"
#include "lib/base/log.h"

static const char full[] = "PRAGMA synchronous = FULL", normal[] = "PRAGMA synchronous = NORMAL";

static gboolean run(struct store *store, enum store_statement statement, const char *doing, GError **error)
{
	store_statement_auto sqlite3_stmt *word = store_statement(store, statement);

	return store_run(store, word, doing, error);
}

static gboolean raise_level(struct store *store, GError **error)
{
	if (sqlite3_exec(store->db, full, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(store->db, full, error);
	store->durable = TRUE;
	return TRUE;
}

/* Setting a level needs neither disk nor memory of account, and failing would cost time only. */
static void lower(struct store *store)
{
	if (store->durable)
		sqlite3_exec(store->db, normal, NULL, NULL, NULL);
	store->durable = FALSE;
}

gboolean store_begin(struct store *store, enum store_promise promise, GError **error)
{
	if (store->together)
		return TRUE;
	if (!sqlite3_get_autocommit(store->db))
		log_panic("a transaction of the store inside another");
	if (promise == STORE_DURABLE && !raise_level(store, error))
		return FALSE;
	if (run(store, STATEMENT_BEGIN, "BEGIN IMMEDIATE", error)) {
		FAULT_POINT("begun");
		return TRUE;
	}
	lower(store);
	return FALSE;
}

gboolean store_end(struct store *store, gboolean good, GError **error)
{
	if (store->together)
		return good;
	FAULT_POINT("before-commit");
	if (good)
		good = run(store, STATEMENT_COMMIT, "COMMIT", error);
	FAULT_POINT("after-commit");
	/* After some errors (full disk) SQLite has taken it back by itself. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	lower(store);
	return good;
}

gboolean store_together(struct store *store, GError **error)
{
	if (store->together)
		log_panic("store_together() inside another");
	store->together = store_begin(store, STORE_DURABLE, error);
	return store->together;
}

gboolean store_together_end(struct store *store, gboolean good, GError **error)
{
	store->together = FALSE;
	return store_end(store, good, error);
}
