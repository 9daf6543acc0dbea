/*
 * Held posts and their decisions; see store_held.h. Their messages: store_message.c.
 *
 * A decision is looked up before its transaction as well as in it: the second click of many costs no write and no disk, and only
 * what is found inside counts. A message is read through before the transaction, because 50 MB would keep all other writers
 * waiting; what happens to it in between shows when the release reads it again.
 */
#include "lib/store/store_held.h"

#include <errno.h>

#include "lib/base/log.h"
#include "lib/store/store_internal.h"

const char *store_held_word(enum store_held_state state)
{
	switch (state) {
	case STORE_HELD_WAITING:
		return "waiting";
	case STORE_HELD_ACCEPTED:
		return "accepted";
	case STORE_HELD_REJECTED:
		return "rejected";
	case STORE_HELD_DISCARDED:
		return "discarded";
	case STORE_HELD_EXPIRED:
		return "expired";
	case STORE_HELD_WITHDRAWN:
		return "withdrawn";
	case STORE_HELD_CONFIRMED:
		return "confirmed";
	}
	log_panic("store_held_word: state %d", (int)state);
}

void store_held_free(struct store_held *held)
{
	if (!held)
		return;
	g_free(held->list);
	g_free(held->author);
	g_free(held->sender);
	g_free(held->reason);
	g_variant_unref(held->facts);
	g_free(held);
}

/* ---- holding ---- */

static gboolean add_row(struct store *store, const struct store_held_plan *plan, size_t size, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_HELD_ADD);

	sqlite3_bind_int(add, 1, plan->kind);
	sqlite3_bind_text(add, 2, plan->list, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 3, plan->author, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 4, plan->sender, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 5, plan->reason, -1, SQLITE_STATIC);
	store_bind_fields(add, 6, plan->facts);
	sqlite3_bind_int64(add, 7, (gint64)size);
	sqlite3_bind_int64(add, 8, plan->life);
	return store_run(store, add, "holding a post", error);
}

static gboolean add_all(struct store *store, const guint8 *key, const struct store_held_plan *plan,
	const struct io_mapping *message, GError **error)
{
	if (!add_row(store, plan, message->length, error))
		return FALSE;
	gint64 id = sqlite3_last_insert_rowid(store->db);
	g_autofree char *as = g_strdup_printf("held as %" G_GINT64_FORMAT, id);
	if (!store_done(store, key, as, error) || !store_message_write(store, STORE_MESSAGE_HELD, id, message, error))
		return FALSE;
	for (gsize i = 0; i < plan->job_count; i++)
		if (!store_job_write(store, plan->list, id, &plan->jobs[i], error))
			return FALSE;
	/* The jobs have numbers of their own; the caller asks for this one. */
	sqlite3_set_last_insert_rowid(store->db, id);
	return TRUE;
}

gboolean store_held_add(struct store *store, const guint8 key[STORE_KEY_SIZE], const struct store_held_plan *plan,
	gint64 *id, GError **error)
{
	struct io_mapping message;

	if (!io_map(plan->message, TRUE, &message))
		return store_fail_errno(errno, "a message to be held", error);
	if (message.length == 0) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "a message to be held is empty");
		return FALSE;
	}
	gboolean good = store_begin(store, STORE_DURABLE, error) &&
		store_end(store, add_all(store, key, plan, &message, error), error);
	if (good)
		*id = sqlite3_last_insert_rowid(store->db);
	io_unmap(&message);
	return good;
}

/* ---- reading ---- */

static struct store_held *from_row(sqlite3_stmt *row)
{
	struct store_held *held = g_new0(struct store_held, 1);

	held->id = sqlite3_column_int64(row, 0);
	held->kind = (enum store_held_kind)sqlite3_column_int(row, 1);
	held->list = store_column_text(row, 2);
	held->author = store_column_text(row, 3);
	held->sender = store_column_text(row, 4);
	held->reason = store_column_text(row, 5);
	held->facts = store_column_fields(row, 6);
	held->message_size = (guint64)sqlite3_column_int64(row, 7);
	held->held_at = sqlite3_column_int64(row, 8);
	held->expires_at = sqlite3_column_int64(row, 9);
	store_column_decision(row, 10, &held->decision);
	return held;
}

gboolean store_held_get(struct store *store, gint64 id, struct store_held **held, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_HELD_READ);

	*held = NULL;
	sqlite3_bind_int64(read, 1, id);
	int result = sqlite3_step(read);
	if (result == SQLITE_ROW)
		*held = from_row(read);
	return result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store->db, "reading a held post", error);
}

static void free_held(gpointer held)
{
	store_held_free(held);
}

GPtrArray *store_held_list(struct store *store, const struct store_held_query *query, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_HELD_LIST);
	g_autoptr(GPtrArray) posts = g_ptr_array_new_with_free_func(free_held);
	int result;

	sqlite3_bind_int64(read, 1, query->after);
	if (query->list)
		sqlite3_bind_text(read, 2, query->list, -1, SQLITE_STATIC);
	sqlite3_bind_int(read, 3, query->waiting);
	sqlite3_bind_int64(read, 4, query->most);
	while ((result = sqlite3_step(read)) == SQLITE_ROW)
		g_ptr_array_add(posts, from_row(read));
	if (result == SQLITE_DONE)
		return g_steal_pointer(&posts);
	store_fail(store->db, "listing held posts", error);
	return NULL;
}

gboolean store_held_due(struct store *store, guint most, GArray *ids, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_HELD_DUE);

	sqlite3_bind_int64(read, 1, most);
	return store_read_numbers(store, read, ids, "looking for held posts that expire", error);
}

/* ---- deciding ---- */

enum store_order store_held_look(struct store *store, gint64 id, struct store_decision *decision, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_HELD_DECISION);

	*decision = (struct store_decision){.state = STORE_HELD_WAITING};
	sqlite3_bind_int64(read, 1, id);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return STORE_ORDER_UNKNOWN;
	if (result != SQLITE_ROW) {
		store_fail(store->db, "looking a held post up", error);
		return STORE_ORDER_TROUBLE;
	}
	store_column_decision(read, 0, decision);
	return decision->state == STORE_HELD_WAITING ? STORE_ORDER_GOOD : STORE_ORDER_ALREADY;
}

enum store_order store_held_ready(struct store *store, gint64 id, enum store_held_state state, GError **error)
{
	if (state != STORE_HELD_ACCEPTED && state != STORE_HELD_CONFIRMED)
		return STORE_ORDER_GOOD;
	switch (store_message_read(store, STORE_MESSAGE_HELD, id, -1, error)) {
	case STORE_MESSAGE_WHOLE:
		return STORE_ORDER_GOOD;
	case STORE_MESSAGE_MISSING:
		return STORE_ORDER_MISSING;
	case STORE_MESSAGE_TROUBLE:
		return STORE_ORDER_TROUBLE;
	}
	log_panic("store_held_ready: unknown outcome");
}

gboolean store_held_bury(struct store *store, gint64 id, GError **error)
{
	store_statement_auto sqlite3_stmt *bury = store_statement(store, STATEMENT_HELD_BURY);
	store_statement_auto sqlite3_stmt *remove = store_statement(store, STATEMENT_HELD_MESSAGE_REMOVE);

	sqlite3_bind_int64(bury, 1, id);
	sqlite3_bind_int64(remove, 1, id);
	if (!store_run(store, bury, "ending a held post", error))
		return FALSE;
	return sqlite3_changes(store->db) == 0 || store_run(store, remove, "removing a message", error);
}

static char *read_list(struct store *store, gint64 id, GError **error)
{
	store_held_auto struct store_held *held = NULL;

	if (!store_held_get(store, id, &held, error))
		return NULL;
	if (!held)
		log_panic("a held post went inside a transaction");
	return g_steal_pointer(&held->list);
}

gboolean store_held_write(struct store *store, gint64 id, const struct store_verdict *verdict,
	struct store_decision *decision, GError **error)
{
	store_statement_auto sqlite3_stmt *decide = store_statement(store, STATEMENT_HELD_DECIDE);
	g_autofree char *list = read_list(store, id, error);

	if (!list)
		return FALSE;
	sqlite3_bind_int64(decide, 1, id);
	sqlite3_bind_int(decide, 2, verdict->state);
	if (verdict->decider)
		sqlite3_bind_blob(decide, 3, verdict->decider, STORE_PERSON_SIZE, SQLITE_STATIC);
	if (!store_run_one(store, decide, "deciding a held post", "waiting post", error))
		return FALSE;
	for (gsize i = 0; i < verdict->job_count; i++)
		if (!store_job_write(store, list, id, &verdict->jobs[i], error))
			return FALSE;
	return store_held_look(store, id, decision, error) == STORE_ORDER_ALREADY && store_held_bury(store, id, error);
}

enum store_order store_order_end(struct store *store, enum store_order order, struct store_decision *decision,
	GError **error)
{
	gboolean decided = order == STORE_ORDER_DECIDED;

	if (store_end(store, decided, error) != decided)
		order = STORE_ORDER_TROUBLE;
	if (order == STORE_ORDER_TROUBLE)
		*decision = (struct store_decision){.state = STORE_HELD_WAITING};
	return order;
}

enum store_order store_held_decide(struct store *store, gint64 id, const struct store_verdict *verdict,
	struct store_decision *decision, GError **error)
{
	enum store_order order = store_held_look(store, id, decision, error);

	if (verdict->state == STORE_HELD_WAITING)
		log_panic("store_held_decide: to wait is no decision");
	if (order == STORE_ORDER_GOOD)
		order = store_held_ready(store, id, verdict->state, error);
	if (order != STORE_ORDER_GOOD)
		return order;
	if (!store_begin(store, STORE_DURABLE, error))
		return STORE_ORDER_TROUBLE;
	order = store_held_look(store, id, decision, error);
	if (order == STORE_ORDER_GOOD)
		order = store_held_write(store, id, verdict, decision, error) ? STORE_ORDER_DECIDED : STORE_ORDER_TROUBLE;
	return store_order_end(store, order, decision, error);
}
