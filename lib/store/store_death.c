/* Deaths; see store_death.h. */
#include "lib/store/store_death.h"

#include "lib/store/store_internal.h"

static gboolean run(struct store *store, enum store_statement statement, const guint8 *key, guint *count, GError **error)
{
	store_statement_auto sqlite3_stmt *row = store_statement(store, statement);

	*count = 0;
	sqlite3_bind_blob(row, 1, key, STORE_KEY_SIZE, SQLITE_STATIC);
	int result = sqlite3_step(row);
	if (result == SQLITE_ROW) {
		*count = (guint)sqlite3_column_int64(row, 0);
		result = sqlite3_step(row);
	}
	return result == SQLITE_DONE || store_fail(store->db, "counting deaths", error);
}

gboolean store_death_count(struct store *store, const guint8 key[STORE_KEY_SIZE], guint *count, GError **error)
{
	return run(store, STATEMENT_DEATH_READ, key, count, error);
}

gboolean store_death_add(struct store *store, const guint8 key[STORE_KEY_SIZE], guint *count, GError **error)
{
	return run(store, STATEMENT_DEATH_ADD, key, count, error);
}
