/* The records of what was distributed; see store_distributed.h. As with K: lock, then look. */
#include "lib/store/store_distributed.h"

#include <errno.h>
#include <string.h>

#include "lib/store/store_internal.h"

static enum store_copy read_record(struct store *store, gint64 *at, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_DISTRIBUTED_READ);

	sqlite3_bind_blob(read, 1, store->content, STORE_KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(read, 2, store->content_life);
	sqlite3_bind_blob(read, 3, store->held, STORE_KEY_SIZE, SQLITE_STATIC);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return STORE_COPY_NONE;
	if (result != SQLITE_ROW) {
		store_fail(store->db, "looking for a copy of a post", error);
		return STORE_COPY_TROUBLE;
	}
	*at = sqlite3_column_int64(read, 1);
	return sqlite3_column_int(read, 0) == POST_DONE ? STORE_COPY_DISTRIBUTED : STORE_COPY_IN_PROGRESS;
}

enum store_copy store_distributed_claim(struct store *store, const guint8 content[STORE_KEY_SIZE], gint64 life, gint64 *at,
	GError **error)
{
	if (!store->holding || store->has_content) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "no post is in hand, or its content is already");
		return STORE_COPY_TROUBLE;
	}
	if (!store_lock_byte(store->claims, store_lock_place(content))) {
		if (errno == EAGAIN || errno == EACCES)
			return STORE_COPY_IN_PROGRESS;
		store_fail_errno(errno, "locking a post's content", error);
		return STORE_COPY_TROUBLE;
	}
	store->has_content = TRUE;
	store->content_life = life;
	memcpy(store->content, content, STORE_KEY_SIZE);
	enum store_copy copy = read_record(store, at, error);
	if (copy != STORE_COPY_NONE)
		store_distributed_drop(store);
	return copy;
}

void store_distributed_drop(struct store *store)
{
	if (store->has_content)
		store_unlock_byte(store->claims, store_lock_place(store->content));
	store->has_content = FALSE;
}

gboolean store_distributed_write(struct store *store, int state, GError **error)
{
	if (!store->has_content)
		return TRUE;
	store_statement_auto sqlite3_stmt *write = store_statement(store, STATEMENT_DISTRIBUTED_WRITE);
	sqlite3_bind_blob(write, 1, store->content, STORE_KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(write, 2, store->held, STORE_KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_int(write, 3, state);
	sqlite3_bind_int64(write, 4, store->content_life);
	return store_run(store, write, "recording a distribution", error);
}

gboolean store_distributed_cut(struct store *store, guint most, guint *count, GError **error)
{
	store_statement_auto sqlite3_stmt *cut = store_statement(store, STATEMENT_DISTRIBUTED_CUT_EXPIRE);

	sqlite3_bind_int64(cut, 1, most);
	if (!store_run(store, cut, "removing records of distributed posts", error))
		return FALSE;
	*count = (guint)sqlite3_changes(store->db);
	return TRUE;
}
