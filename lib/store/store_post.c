/*
 * The idempotency records and the hold on a post; see store.h.
 *
 * The order is lock, then look: whoever comes second either finds the lock taken, or what the first one wrote.
 * Two different K whose first 62 bits are equal would share a lock byte: the second is then deferred once, nothing worse.
 */
#include "lib/store/store_distributed.h"

#include <errno.h>
#include <string.h>

#include "lib/store/store_internal.h"

off_t store_lock_place(const guint8 *key)
{
	guint64 head;

	memcpy(&head, key, sizeof(head));
	return (off_t)(GUINT64_FROM_BE(head) >> 2) + STORE_OPENING + 1;
}

static gboolean in_hand(const struct store *store, const guint8 *key)
{
	return store->holding && (memcmp(store->held, key, STORE_KEY_SIZE) == 0 ||
								(store->has_part && memcmp(store->part, key, STORE_KEY_SIZE) == 0));
}

static enum store_state read_state(struct store *store, const guint8 *key, GString *queue_id, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_POST_READ);

	sqlite3_bind_blob(read, 1, key, STORE_KEY_SIZE, SQLITE_STATIC);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return STORE_NEW;
	if (result != SQLITE_ROW) {
		store_fail(store->db, "looking a post up", error);
		return STORE_TROUBLE;
	}
	if (queue_id)
		g_string_assign(queue_id, (const char *)sqlite3_column_text(read, 1));
	return sqlite3_column_int(read, 0) == POST_INTENT ? STORE_UNCLEAR : STORE_DONE;
}

enum store_state store_claim(struct store *store, const guint8 key[STORE_KEY_SIZE], GString *queue_id, GError **error)
{
	return store_claim_held(store, key, NULL, queue_id, error);
}

enum store_state store_claim_held(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *as, GString *queue_id,
	GError **error)
{
	g_autoptr(GString) done_as = g_string_new(NULL);

	if (in_hand(store, key))
		return STORE_IN_PROGRESS;
	/* Not a panic: the parser's room decides what is claimed, and it may be owned. */
	if (store->holding) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "another post is in hand");
		return STORE_TROUBLE;
	}
	if (!store_lock_byte(store->claims, store_lock_place(key))) {
		if (errno == EAGAIN || errno == EACCES)
			return STORE_IN_PROGRESS;
		store_fail_errno(errno, "locking a post", error);
		return STORE_TROUBLE;
	}
	store->holding = TRUE;
	memcpy(store->held, key, STORE_KEY_SIZE);
	enum store_state state = read_state(store, key, done_as, error);
	if (state == STORE_DONE && as && strcmp(as, done_as->str) == 0)
		return STORE_NEW;
	if (queue_id)
		g_string_assign(queue_id, done_as->str);
	if (state != STORE_NEW && state != STORE_UNCLEAR)
		store_release(store);
	return state;
}

enum store_state store_claim_part(struct store *store, const char *name, guint8 part[STORE_KEY_SIZE], GString *queue_id,
	GError **error)
{
	gsize length = STORE_KEY_SIZE;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	if (!store->holding) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "a part of a post that is not in hand");
		return STORE_TROUBLE;
	}
	g_checksum_update(sum, store->held, STORE_KEY_SIZE);
	g_checksum_update(sum, (const guint8 *)name, -1);
	g_checksum_get_digest(sum, part, &length);
	store->has_part = TRUE;
	memcpy(store->part, part, STORE_KEY_SIZE);
	return read_state(store, part, queue_id, error);
}

void store_release(struct store *store)
{
	store->has_part = FALSE;
	store_distributed_drop(store);
	if (store->holding)
		store_unlock_byte(store->claims, store_lock_place(store->held));
	store->holding = FALSE;
}

static gboolean check_in_hand(const struct store *store, const guint8 *key, GError **error)
{
	if (!in_hand(store, key))
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "the post is not in hand");
	return in_hand(store, key);
}

static gboolean write_post(struct store *store, const guint8 *key, int state, const char *queue_id, GError **error)
{
	if (!check_in_hand(store, key, error))
		return FALSE;
	store_statement_auto sqlite3_stmt *post = store_statement(store, STATEMENT_POST_WRITE);
	sqlite3_bind_blob(post, 1, key, STORE_KEY_SIZE, SQLITE_STATIC);
	sqlite3_bind_int(post, 2, state);
	sqlite3_bind_text(post, 3, queue_id, -1, SQLITE_STATIC);
	return store_run(store, post, "recording a post", error);
}

gboolean store_intent(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *by, GError **error)
{
	return write_post(store, key, POST_INTENT, by, error);
}

/* With the first variant a distribution has begun: both or none, so that no copy by another path slips in between. */
gboolean store_done(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *queue_id, GError **error)
{
	/* Inside of a transaction somebody else says what it is. */
	gboolean begins = store->has_content && store->has_part && memcmp(key, store->part, STORE_KEY_SIZE) == 0 &&
		sqlite3_get_autocommit(store->db);

	if (!begins)
		return write_post(store, key, POST_DONE, queue_id, error);
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	return store_end(store, write_post(store, key, POST_DONE, queue_id, error) && store_distributed_write(store, POST_INTENT, error), error);
}

gboolean store_done_whole(struct store *store, const guint8 part[STORE_KEY_SIZE], const char *queue_id, GError **error)
{
	if (!check_in_hand(store, part, error) || !store_begin(store, STORE_CHEAP, error))
		return FALSE;
	gboolean good = write_post(store, part, POST_DONE, queue_id, error) && write_post(store, store->held, POST_DONE, queue_id, error) &&
		store_distributed_write(store, POST_DONE, error);
	return store_end(store, good, error);
}

gboolean store_forget(struct store *store, const guint8 key[STORE_KEY_SIZE], GError **error)
{
	if (!check_in_hand(store, key, error))
		return FALSE;
	store_statement_auto sqlite3_stmt *forget = store_statement(store, STATEMENT_POST_FORGET);
	sqlite3_bind_blob(forget, 1, key, STORE_KEY_SIZE, SQLITE_STATIC);
	return store_run(store, forget, "forgetting a post", error);
}
