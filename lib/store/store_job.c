/*
 * Jobs; see store_job.h. The order is lock, then look, as with K: whoever comes second finds the lock taken, or the job put off.
 */
#include "lib/store/store_job.h"

#include <errno.h>

#include "lib/store/store_internal.h"

void store_job_free(struct store_job *job)
{
	if (!job)
		return;
	g_free(job->list);
	g_free(job->kind);
	g_variant_unref(job->fields);
	g_free(job);
}

/* ---- adding ---- */

gboolean store_job_write(struct store *store, const char *list, gint64 held, const struct store_job_plan *plan,
	GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_JOB_ADD);

	sqlite3_bind_int64(add, 1, held);
	sqlite3_bind_text(add, 2, list, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 3, plan->kind, -1, SQLITE_STATIC);
	store_bind_fields(add, 4, plan->fields);
	return store_run(store, add, "adding a job", error);
}

static gboolean held_exists(struct store *store, gint64 held, GError **error)
{
	struct store_decision decision;

	if (held == 0)
		return TRUE;
	switch (store_held_look(store, held, &decision, error)) {
	case STORE_ORDER_GOOD:
	case STORE_ORDER_ALREADY:
		return TRUE;
	case STORE_ORDER_UNKNOWN:
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "a job about a held post that is not there");
		return FALSE;
	case STORE_ORDER_DECIDED:
	case STORE_ORDER_EXPIRED:
	case STORE_ORDER_WRONG_PERSON:
	case STORE_ORDER_MISSING:
	case STORE_ORDER_TROUBLE:
		return FALSE;
	}
	return FALSE;
}

static gboolean mark_done(struct store *store, const guint8 *key, GError **error)
{
	g_autofree char *as = g_strdup_printf("job %" G_GINT64_FORMAT, (gint64)sqlite3_last_insert_rowid(store->db));

	return !key || store_done(store, key, as, error);
}

gboolean store_job_add(struct store *store, const guint8 *key, const char *list, gint64 held,
	const struct store_job_plan *plan, GError **error)
{
	if (!store_begin(store, STORE_DURABLE, error))
		return FALSE;
	gboolean good = held_exists(store, held, error) && store_job_write(store, list, held, plan, error) &&
		mark_done(store, key, error);
	return store_end(store, good, error);
}

/* ---- looking ---- */

gboolean store_job_due(struct store *store, guint most, GArray *ids, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_JOB_DUE);

	sqlite3_bind_int64(read, 1, most);
	return store_read_numbers(store, read, ids, "looking for jobs", error);
}

/* ---- in hand ---- */

/* A number beyond what SQLite gives out has no place, and no row either. */
static off_t lock_place(gint64 id)
{
	return STORE_JOBS + (id & (STORE_JOBS - 1));
}

static enum store_take read_job(struct store *store, gint64 id, struct store_job **job, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_JOB_READ);

	sqlite3_bind_int64(read, 1, id);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return STORE_TAKE_GONE;
	if (result != SQLITE_ROW) {
		store_fail(store->db, "reading a job", error);
		return STORE_TAKE_TROUBLE;
	}
	if (!sqlite3_column_int(read, 7))
		return STORE_TAKE_EARLY;
	*job = g_new0(struct store_job, 1);
	**job = (struct store_job){
		.id = sqlite3_column_int64(read, 0),
		.held = sqlite3_column_int64(read, 1),
		.list = store_column_text(read, 2),
		.kind = store_column_text(read, 3),
		.fields = store_column_fields(read, 4),
		.attempts = (guint)sqlite3_column_int(read, 5) + 1,
		.made_at = sqlite3_column_int64(read, 6),
	};
	return STORE_TAKE_TAKEN;
}

static gboolean put_off(struct store *store, enum store_statement how, gint64 id, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, how);

	sqlite3_bind_int64(write, 1, id);
	return store_run_one(store, write, "putting a job off", "such job", error);
}

enum store_take store_job_take(struct store *store, gint64 id, struct store_job **job, GError **error)
{
	store_job_auto struct store_job *read = NULL;

	*job = NULL;
	if (store->job == id && id != 0)
		return STORE_TAKE_BUSY;
	if (store->job != 0) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "another job is in hand");
		return STORE_TAKE_TROUBLE;
	}
	if (id <= 0 || id >= STORE_JOBS)
		return STORE_TAKE_GONE;
	if (!store_lock_byte(store->claims, lock_place(id))) {
		if (errno == EAGAIN || errno == EACCES)
			return STORE_TAKE_BUSY;
		store_fail_errno(errno, "locking a job", error);
		return STORE_TAKE_TROUBLE;
	}
	store->job = id;
	enum store_take taken = read_job(store, id, &read, error);
	if (taken == STORE_TAKE_TAKEN && !put_off(store, STATEMENT_JOB_TAKE, id, error))
		taken = STORE_TAKE_TROUBLE;
	if (taken == STORE_TAKE_TAKEN)
		*job = g_steal_pointer(&read);
	else
		store_job_release(store);
	return taken;
}

void store_job_release(struct store *store)
{
	if (store->job != 0)
		store_unlock_byte(store->claims, lock_place(store->job));
	store->job = 0;
}

static gboolean check_in_hand(const struct store *store, gint64 id, GError **error)
{
	gboolean in_hand = id != 0 && store->job == id;

	if (!in_hand)
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "the job is not in hand");
	return in_hand;
}

gboolean store_job_remove(struct store *store, gint64 id, GError **error)
{
	store_statement_auto sqlite3_stmt *remove = store_statement(store, STATEMENT_JOB_REMOVE);
	gint64 held = 0;

	if (!check_in_hand(store, id, error))
		return FALSE;
	sqlite3_bind_int64(remove, 1, id);
	int result = sqlite3_step(remove);
	if (result == SQLITE_ROW) {
		held = sqlite3_column_int64(remove, 0);
		result = sqlite3_step(remove);
	}
	/* No second try: some errors have ended the transaction, and what ran then would stay. */
	if (result != SQLITE_DONE)
		return store_fail(store->db, "removing a job", error);
	return held == 0 || store_held_bury(store, held, error);
}

gboolean store_job_done(struct store *store, gint64 id, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error) || !store_end(store, store_job_remove(store, id, error), error))
		return FALSE;
	store_job_release(store);
	return TRUE;
}

gboolean store_job_retry(struct store *store, gint64 id, GError **error)
{
	if (!check_in_hand(store, id, error) || !put_off(store, STATEMENT_JOB_RETRY, id, error))
		return FALSE;
	store_job_release(store);
	return TRUE;
}

gboolean store_job_hasten(struct store *store, const char *kind, const char *list, const char *author, GError **error)
{
	store_statement_auto sqlite3_stmt *hasten = store_statement(store, STATEMENT_JOB_HASTEN);

	sqlite3_bind_text(hasten, 1, kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(hasten, 2, list, -1, SQLITE_STATIC);
	sqlite3_bind_text(hasten, 3, author, -1, SQLITE_STATIC);
	return store_run(store, hasten, "making a job due", error);
}
