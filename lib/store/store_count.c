/* Member counts of lists; see store.h. What is done with them is the shrink guard's business (dispatch). */
#include "lib/store/store_internal.h"

gboolean store_count_get(struct store *store, const char *list, struct store_count *count, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_COUNT_READ);

	*count = (struct store_count){0};
	sqlite3_bind_text(read, 1, list, -1, SQLITE_STATIC);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return TRUE;
	if (result != SQLITE_ROW)
		return store_fail(store->db, "reading a list's count", error);
	count->members = (guint)sqlite3_column_int64(read, 0);
	count->shrunk_since = sqlite3_column_int64(read, 1);
	count->age = sqlite3_column_int64(read, 2);
	return TRUE;
}

gboolean store_count_set(struct store *store, const char *list, const struct store_count *count, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, STATEMENT_COUNT_WRITE);

	sqlite3_bind_text(write, 1, list, -1, SQLITE_STATIC);
	sqlite3_bind_int64(write, 2, count->members);
	sqlite3_bind_int64(write, 3, count->shrunk_since);
	return store_run(store, write, "recording a list's count", error);
}
