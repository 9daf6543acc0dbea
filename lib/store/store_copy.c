/*
 * A store for questions of "what if": a copy in memory, on which all of lib/store works and of which nothing stays. See store.h.
 *
 * The real one is opened for reading only, by SQLite's own word, and let go before anything is written. Left out are what was delivered before (the
 * question is what the post itself would meet), jobs (the daemon does them), what is kept for them, and the messages of held posts: an empty one
 * stands for each.
 * Without a log (store.db-wal) no process has it open, so it cannot change, and it is read without locks: else SQLite would make the log and leave it.
 */
#include "lib/store/store_internal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/text.h"
#include "lib/store/store_schema.h"

static gboolean run(struct store *store, const char *sql, const char *doing, GError **error)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store->db, doing, error);
}

static gboolean attach(struct store *store, const char *database, GError **error)
{
	g_autofree char *log = g_strconcat(database, "-wal", NULL);
	g_autofree char *path = g_uri_escape_string(database, "/", FALSE);
	g_autofree char *uri = g_strdup_printf("file:%s?mode=ro%s", path, access(log, F_OK) == 0 ? "" : "&immutable=1");
	char *sql = sqlite3_mprintf("ATTACH %Q AS disk", uri);
	gboolean good = run(store, sql, database, error);

	sqlite3_free(sql);
	return good;
}

/* Whatever tables there are, but those that are left out: who adds one need not think of this file. The table age has a row from the start. */
static char *copy_statements(struct store *store, GError **error)
{
	g_autoptr(GString) sql = g_string_new("BEGIN;");
	sqlite3_stmt *tables = NULL;

	if (sqlite3_prepare_v2(store->db,
			"SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
			"AND name NOT LIKE '%message' AND name NOT IN ('death', 'post', 'job', 'kept')", -1, &tables, NULL) != SQLITE_OK) {
		store_fail(store->db, "looking for tables", error);
		return NULL;
	}
	while (sqlite3_step(tables) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(tables, 0);

		g_string_append_printf(sql, "INSERT OR REPLACE INTO main.\"%s\" SELECT * FROM disk.\"%s\";", name, name);
	}
	if (sqlite3_finalize(tables) == SQLITE_OK)
		return g_string_free(g_steal_pointer(&sql), FALSE);
	store_fail(store->db, "looking for tables", error);
	return NULL;
}

static gboolean copy(struct store *store, GError **error)
{
	guint8 hash[EVP_MAX_MD_SIZE];
	g_autofree char *sql = copy_statements(store, error);
	g_autoptr(GString) all = g_string_new(sql);

	if (!sql || EVP_Digest("", 0, hash, NULL, EVP_sha256(), NULL) != 1)
		return FALSE;
	g_autofree char *hex = text_write_hex(hash, STORE_KEY_SIZE);
	g_string_append_printf(all, "INSERT INTO main.held_message SELECT held, x'%s', x'' FROM disk.held_message; COMMIT; DETACH disk", hex);
	return run(store, all->str, "copying the store", error);
}

static gboolean fill(struct store *store, const char *database, GError **error)
{
	if (access(database, R_OK) != 0)
		return errno == ENOENT || store_fail_errno(errno, database, error);
	if (!attach(store, database, error))
		return FALSE;
	if (store_schema_is_ours(store->db, "disk"))
		return copy(store, error);
	g_set_error(error, STORE_ERROR, STORE_ERROR_SCHEMA, "%s is of another version: the daemon brings an older one up to date when it starts",
		database);
	return FALSE;
}

struct store *store_open_copy(const char *directory, GError **error)
{
	store_auto struct store *store = g_new0(struct store, 1);
	g_autofree char *database = g_build_filename(directory, "store.db", NULL);
	g_autofree char *key = g_build_filename(directory, "person.key", NULL);

	store->owner = getpid();
	store->claims = io_memory_file("claims");
	if (store->claims < 0)
		return store_fail_errno(errno, "a memory file", error), NULL;
	if (sqlite3_open_v2(":memory:", &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) !=
		SQLITE_OK)
		return store_fail(store->db, "memory", error), NULL;
	sqlite3_busy_timeout(store->db, STORE_BUSY_PATIENCE);
	if (!store_schema_migrate(store->db, error) || !fill(store, database, error) || !store_person_borrow_key(store, key, error) ||
		!store_prepare(store, error))
		return NULL;
	store->copied = sqlite3_total_changes(store->db);
	return g_steal_pointer(&store);
}

gboolean store_is_untouched(const struct store *store)
{
	return sqlite3_total_changes(store->db) == store->copied;
}
