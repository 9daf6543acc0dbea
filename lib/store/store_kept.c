/*
 * Posts that are kept for digests and archives, and the issues that they become; see store_kept.h.
 *
 * Whoever is done with a post says so in its row, and the rows for which nobody waits are removed at once, with their messages, in the same transaction:
 * mail that has been sent is nobody's business any more.
 */
#include "lib/store/store_kept.h"

#include "lib/store/store_internal.h"

/* ---- keeping ---- */

static gboolean keep(struct store *store, const struct store_kept_plan *plan, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_KEPT_ADD);

	sqlite3_bind_text(add, 1, plan->list, -1, SQLITE_STATIC);
	if (plan->digest)
		sqlite3_bind_int64(add, 2, 0);
	sqlite3_bind_int(add, 3, plan->archive);
	sqlite3_bind_text(add, 4, plan->archived_at, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 5, (gint64)plan->message->length);
	if (plan->at != 0)
		sqlite3_bind_int64(add, 6, plan->at);
	return store_run(store, add, "keeping a post", error) &&
		store_message_write(store, STORE_MESSAGE_KEPT, sqlite3_last_insert_rowid(store->db), plan->message, error);
}

gboolean store_kept_add(struct store *store, const guint8 key[STORE_KEY_SIZE], const struct store_kept_plan *plan, GError **error)
{
	gboolean wanted = plan->digest || plan->archive;

	if (!store_begin(store, wanted ? STORE_DURABLE : STORE_CHEAP, error))
		return FALSE;
	gboolean good = store_done(store, key, plan->queue_id, error) && store_distributed_write(store, POST_DONE, error);
	return store_end(store, good && (!wanted || keep(store, plan, error)), error);
}

static gboolean bury(struct store *store, GError **error)
{
	store_statement_auto sqlite3_stmt *posts = store_statement(store, STATEMENT_KEPT_BURY);
	store_statement_auto sqlite3_stmt *messages = store_statement(store, STATEMENT_KEPT_MESSAGE_BURY);

	return store_run(store, messages, "removing messages", error) && store_run(store, posts, "removing posts", error);
}

/* ---- digests ---- */

static void free_open(gpointer data)
{
	struct store_digest_open *open = data;

	g_free(open->list);
	g_free(open);
}

static GPtrArray *read_digests(struct store *store, enum store_statement which, const char *doing, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, which);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_open);
	int result;

	while ((result = sqlite3_step(read)) == SQLITE_ROW) {
		struct store_digest_open *open = g_new0(struct store_digest_open, 1);

		open->list = store_column_text(read, 0);
		open->posts = (guint)sqlite3_column_int64(read, 1);
		open->bytes = (guint64)sqlite3_column_int64(read, 2);
		open->since = sqlite3_column_int64(read, 3);
		open->number = which == STATEMENT_DIGEST_CLOSED ? (guint)sqlite3_column_int64(read, 4) : 0;
		g_ptr_array_add(all, open);
	}
	if (result == SQLITE_DONE)
		return g_steal_pointer(&all);
	store_fail(store->db, doing, error);
	return NULL;
}

GPtrArray *store_digest_open(struct store *store, GError **error)
{
	return read_digests(store, STATEMENT_DIGEST_OPEN, "looking at open digests", error);
}

GPtrArray *store_digest_closed(struct store *store, GError **error)
{
	return read_digests(store, STATEMENT_DIGEST_CLOSED, "looking at closed digests", error);
}

/* The next number of the list; a volume never goes back, whatever the clock does. */
static gboolean take_number(struct store *store, const char *list, guint volume, struct store_digest_issue *issue, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, STATEMENT_DIGEST_NUMBER);

	sqlite3_bind_text(write, 1, list, -1, SQLITE_STATIC);
	sqlite3_bind_int64(write, 2, volume);
	if (sqlite3_step(write) != SQLITE_ROW)
		return store_fail(store->db, "numbering a digest", error);
	issue->volume = (guint)sqlite3_column_int64(write, 0);
	issue->number = (guint)sqlite3_column_int64(write, 1);
	return store_run(store, write, "numbering a digest", error);
}

static gboolean add_issue(struct store *store, const char *list, const struct store_digest_issue *issue, gint64 *id, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_DIGEST_ISSUE_ADD);

	sqlite3_bind_text(add, 1, list, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 2, issue->volume);
	sqlite3_bind_int64(add, 3, issue->number);
	if (!store_run(store, add, "closing a digest", error))
		return FALSE;
	*id = sqlite3_last_insert_rowid(store->db);
	return TRUE;
}

static gboolean fill(struct store *store, const struct store_digest_plan *plan, gint64 id, gboolean *filled, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, STATEMENT_DIGEST_FILL);

	sqlite3_bind_text(write, 1, plan->list, -1, SQLITE_STATIC);
	sqlite3_bind_int64(write, 2, id);
	sqlite3_bind_int64(write, 3, (gint64)MIN(plan->most, (guint64)G_MAXINT64));
	if (!store_run(store, write, "filling a digest", error))
		return FALSE;
	*filled = sqlite3_changes(store->db) > 0;
	return TRUE;
}

static gboolean add_job(struct store *store, const char *list, const char *kind, gint64 id, GError **error)
{
	g_autofree char *issue = g_strdup_printf("%" G_GINT64_FORMAT, id);
	GVariantBuilder fields;

	g_variant_builder_init(&fields, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&fields, "{ss}", "issue", issue);
	g_autoptr(GVariant) all = g_variant_ref_sink(g_variant_builder_end(&fields));
	const struct store_job_plan plan = {.kind = kind, .fields = all};
	return store_job_write(store, list, 0, &plan, error);
}

gboolean store_digest_close(struct store *store, const struct store_digest_plan *plan, gint64 *issue, GError **error)
{
	struct store_digest_issue numbers = {0};
	gboolean filled = FALSE;
	gint64 id = 0;

	*issue = 0;
	if (!store_begin(store, STORE_DURABLE, error))
		return FALSE;
	gboolean good = take_number(store, plan->list, plan->volume, &numbers, error) &&
		add_issue(store, plan->list, &numbers, &id, error) && fill(store, plan, id, &filled, error) &&
		(!filled || add_job(store, plan->list, plan->job, id, error));
	/* Somebody else closed it a moment ago: no number is used up for nothing. */
	if (!store_end(store, good && filled, error))
		return good && !filled;
	*issue = id;
	return TRUE;
}

gboolean store_digest_issue(struct store *store, gint64 issue, struct store_digest_issue *found, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_DIGEST_ISSUE_READ);

	*found = (struct store_digest_issue){0};
	sqlite3_bind_int64(read, 1, issue);
	int result = sqlite3_step(read);
	if (result == SQLITE_ROW)
		*found = (struct store_digest_issue){
			.volume = (guint)sqlite3_column_int64(read, 0),
			.number = (guint)sqlite3_column_int64(read, 1),
			.closed_at = sqlite3_column_int64(read, 2),
		};
	return result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store->db, "reading a digest", error);
}

static gboolean run_for(struct store *store, enum store_statement which, gint64 id, const char *doing, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, which);

	sqlite3_bind_int64(write, 1, id);
	return store_run(store, write, doing, error);
}

gboolean store_digest_done(struct store *store, gint64 issue, gint64 job, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	gboolean good = run_for(store, STATEMENT_DIGEST_LEAVE, issue, "ending a digest", error) &&
		run_for(store, STATEMENT_DIGEST_ISSUE_REMOVE, issue, "ending a digest", error) && bury(store, error) &&
		store_job_remove(store, job, error);
	if (!store_end(store, good, error))
		return FALSE;
	store_job_release(store);
	return TRUE;
}

gboolean store_digest_posts(struct store *store, gint64 issue, GArray *ids, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_DIGEST_POSTS);

	sqlite3_bind_int64(read, 1, issue);
	return store_read_numbers(store, read, ids, "reading a digest", error);
}

/* ---- the posts ---- */

void store_kept_clear(struct store_kept *kept)
{
	g_clear_pointer(&kept->list, g_free);
	g_clear_pointer(&kept->archived_at, g_free);
}

gboolean store_kept_get(struct store *store, gint64 id, struct store_kept *found, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_KEPT_READ);

	*found = (struct store_kept){0};
	sqlite3_bind_int64(read, 1, id);
	int result = sqlite3_step(read);
	if (result == SQLITE_ROW)
		*found = (struct store_kept){
			.list = store_column_text(read, 0),
			.archived_at = store_column_text(read, 1),
			.size = (guint64)sqlite3_column_int64(read, 2),
			.at = sqlite3_column_int64(read, 3),
		};
	return result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store->db, "reading a kept post", error);
}

enum store_message store_kept_write(struct store *store, gint64 id, int fd, GError **error)
{
	return store_message_read(store, STORE_MESSAGE_KEPT, id, fd, error);
}

/* ---- the archive ---- */

static void free_archive_list(gpointer data)
{
	struct store_archive_list *list = data;

	g_free(list->list);
	g_free(list);
}

GPtrArray *store_archive_lists(struct store *store, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_ARCHIVE_LISTS);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_archive_list);
	int result;

	while ((result = sqlite3_step(read)) == SQLITE_ROW) {
		struct store_archive_list *list = g_new0(struct store_archive_list, 1);

		list->list = store_column_text(read, 0);
		list->posts = (guint)sqlite3_column_int64(read, 1);
		list->aside = (guint)sqlite3_column_int64(read, 2);
		list->bytes = (guint64)sqlite3_column_int64(read, 3);
		list->since = sqlite3_column_int64(read, 4);
		g_ptr_array_add(all, list);
	}
	if (result == SQLITE_DONE)
		return g_steal_pointer(&all);
	store_fail(store->db, "looking for posts to archive", error);
	return NULL;
}

gboolean store_archive_due(struct store *store, const char *list, guint most, GArray *ids, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_ARCHIVE_DUE);

	sqlite3_bind_text(read, 1, list, -1, SQLITE_STATIC);
	sqlite3_bind_int64(read, 2, most);
	return store_read_numbers(store, read, ids, "looking for posts to archive", error);
}

gboolean store_archive_backlog(struct store *store, const char *list, guint *posts, guint64 *bytes, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_ARCHIVE_BACKLOG);

	sqlite3_bind_text(read, 1, list, -1, SQLITE_STATIC);
	if (sqlite3_step(read) != SQLITE_ROW)
		return store_fail(store->db, "counting posts for the archive", error);
	*posts = (guint)sqlite3_column_int64(read, 0);
	*bytes = (guint64)sqlite3_column_int64(read, 1);
	return TRUE;
}

gboolean store_archive_done(struct store *store, gint64 id, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	return store_end(store, run_for(store, STATEMENT_ARCHIVE_DONE, id, "archiving a post", error) && bury(store, error), error);
}

gboolean store_archive_aside(struct store *store, gint64 id, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	return store_end(store, run_for(store, STATEMENT_ARCHIVE_ASIDE, id, "setting a post aside", error), error);
}

static gboolean run_for_list(struct store *store, enum store_statement which, const char *list, guint *count, GError **error)
{
	store_statement_auto sqlite3_stmt *write = store_statement(store, which);

	sqlite3_bind_text(write, 1, list, -1, SQLITE_STATIC);
	if (!store_run(store, write, "changing what waits for the archive", error))
		return FALSE;
	*count = (guint)sqlite3_changes(store->db);
	return TRUE;
}

gboolean store_archive_again(struct store *store, const char *list, guint *count, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	return store_end(store, run_for_list(store, STATEMENT_ARCHIVE_AGAIN, list, count, error), error);
}

gboolean store_archive_forget(struct store *store, const char *list, guint *count, GError **error)
{
	if (!store_begin(store, STORE_CHEAP, error))
		return FALSE;
	return store_end(store, run_for_list(store, STATEMENT_ARCHIVE_FORGET, list, count, error) && bury(store, error), error);
}
