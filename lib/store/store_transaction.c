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

static gboolean run(struct store *store, const char *sql, GError **error)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	return store_fail(store->db, sql, error);
}

/* Setting a level needs neither disk nor memory of account, and failing would cost time only. */
static void lower(struct store *store)
{
	sqlite3_exec(store->db, normal, NULL, NULL, NULL);
}

gboolean store_begin(struct store *store, enum store_promise promise, GError **error)
{
	if (!sqlite3_get_autocommit(store->db))
		log_panic("a transaction of the store inside another");
	if (promise == STORE_DURABLE && !run(store, full, error))
		return FALSE;
	if (run(store, "BEGIN IMMEDIATE", error)) {
		FAULT_POINT("begun");
		return TRUE;
	}
	lower(store);
	return FALSE;
}

gboolean store_end(struct store *store, gboolean good, GError **error)
{
	FAULT_POINT("before-commit");
	if (good)
		good = run(store, "COMMIT", error);
	FAULT_POINT("after-commit");
	/* After some errors (full disk) SQLite has taken it back by itself. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	lower(store);
	return good;
}
