/*
 * Versions of the store; see store_schema.h. schema/store.sql shows the result, for people; this is how a store gets there
 * from any version before. A step is never changed once it was released: stores out there have gone through it.
 * There is no way back: an older program refuses a newer store, because it cannot know what it would break.
 */
#include "lib/store/store_schema.h"

#include "lib/store/store_internal.h"

enum { APPLICATION_ID = 0x526f4361 }; /* "RoCa" */

/* steps[i] takes version i to i + 1. */
static const char *const steps[] = {
	"CREATE TABLE post ("
	" key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),"
	" state INTEGER NOT NULL CHECK (state IN (1, 2)),"
	" queue_id TEXT NOT NULL,"
	" changed INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE list_count ("
	" list TEXT NOT NULL PRIMARY KEY,"
	" members INTEGER NOT NULL CHECK (members >= 0),"
	" shrunk_since INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;",
	"CREATE TABLE held ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL CHECK (kind IN (1, 2)),"
	" state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),"
	" list TEXT NOT NULL,"
	" author TEXT NOT NULL,"
	" sender TEXT NOT NULL,"
	" reason TEXT NOT NULL,"
	" facts BLOB NOT NULL,"
	" size INTEGER NOT NULL CHECK (size >= 0),"
	" held_at INTEGER NOT NULL,"
	" expires_at INTEGER NOT NULL,"
	" decided_at INTEGER NOT NULL CHECK ((decided_at = 0) = (state = 1)),"
	" decider BLOB CHECK (length(decider) = 32)"
	") STRICT;"
	"CREATE INDEX held_waiting ON held (expires_at) WHERE state = 1;"
	"CREATE TABLE held_message ("
	" held INTEGER PRIMARY KEY,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32),"
	" message BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE job ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" held INTEGER NOT NULL,"
	" list TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" fields BLOB NOT NULL,"
	" attempts INTEGER NOT NULL,"
	" made_at INTEGER NOT NULL,"
	" due_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX job_due ON job (due_at);"
	"CREATE INDEX job_held ON job (held);"
	"CREATE TABLE token ("
	" hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),"
	" held INTEGER NOT NULL,"
	" action INTEGER NOT NULL CHECK (action BETWEEN 1 AND 6),"
	" second INTEGER NOT NULL CHECK (second IN (0, 1)),"
	" person BLOB NOT NULL CHECK (length(person) = 32),"
	" expires_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX token_held ON token (held);"
	"CREATE TABLE token_bad ("
	" person BLOB NOT NULL CHECK (length(person) = 32),"
	" hour INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" PRIMARY KEY (person, hour)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE answer ("
	" person BLOB NOT NULL CHECK (length(person) = 32),"
	" list TEXT NOT NULL,"
	" answered_at INTEGER NOT NULL,"
	" PRIMARY KEY (person, list)"
	") STRICT, WITHOUT ROWID;",
	"CREATE TABLE kept ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" list TEXT NOT NULL,"
	" issue INTEGER,"
	" archive INTEGER NOT NULL CHECK (archive IN (0, 1)),"
	" archived_at TEXT NOT NULL,"
	" size INTEGER NOT NULL CHECK (size > 0),"
	" kept_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX kept_issue ON kept (issue, list);"
	"CREATE INDEX kept_archive ON kept (id) WHERE archive = 1;"
	"CREATE TABLE kept_message ("
	" kept INTEGER PRIMARY KEY,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32),"
	" message BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE digest ("
	" list TEXT NOT NULL PRIMARY KEY,"
	" volume INTEGER NOT NULL,"
	" number INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE digest_issue ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" list TEXT NOT NULL,"
	" volume INTEGER NOT NULL,"
	" number INTEGER NOT NULL,"
	" closed_at INTEGER NOT NULL"
	") STRICT;",
	"ALTER TABLE kept ADD COLUMN aside INTEGER NOT NULL DEFAULT 0 CHECK (aside IN (0, 1));"
	"DROP INDEX kept_archive;"
	"CREATE INDEX kept_archive ON kept (list, id) WHERE archive = 1;",
	/* The age goes on from what the records there are stamped with, so that none of them is old at once. */
	"CREATE TABLE age ("
	" one INTEGER PRIMARY KEY CHECK (one = 1),"
	" seconds INTEGER NOT NULL"
	") STRICT;"
	"INSERT INTO age (one, seconds) SELECT 1, coalesce(max(changed), unixepoch()) FROM post;"
	"CREATE TABLE distributed ("
	" key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),"
	" post BLOB NOT NULL CHECK (length(post) = 32),"
	" state INTEGER NOT NULL CHECK (state IN (1, 2)),"
	" distributed_at INTEGER NOT NULL,"
	" expires_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE death ("
	" key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),"
	" count INTEGER NOT NULL CHECK (count > 0),"
	" changed INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	/* Two more kinds. A CHECK cannot be changed, so the table is made anew; the numbers that were given must not be given again. */
	"ALTER TABLE held RENAME TO held_before;"
	"DROP INDEX held_waiting;"
	"CREATE TABLE held ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),"
	" state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),"
	" list TEXT NOT NULL,"
	" author TEXT NOT NULL,"
	" sender TEXT NOT NULL,"
	" reason TEXT NOT NULL,"
	" facts BLOB NOT NULL,"
	" size INTEGER NOT NULL CHECK (size >= 0),"
	" held_at INTEGER NOT NULL,"
	" expires_at INTEGER NOT NULL,"
	" decided_at INTEGER NOT NULL CHECK ((decided_at = 0) = (state = 1)),"
	" decider BLOB CHECK (length(decider) = 32)"
	") STRICT;"
	"CREATE INDEX held_waiting ON held (expires_at) WHERE state = 1;"
	"INSERT INTO held SELECT id, kind, state, list, author, sender, reason, facts, size, held_at, expires_at, decided_at, decider "
	"FROM held_before;"
	"DELETE FROM sqlite_sequence WHERE name = 'held';"
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'held', seq FROM sqlite_sequence WHERE name = 'held_before';"
	"DROP TABLE held_before;",
	/* Times to wait become ages: what waits has its whole time again, since nobody knows whether the time of day was right. */
	"UPDATE held SET expires_at = (SELECT seconds FROM age) + max(60, expires_at - held_at) WHERE state = 1;"
	"UPDATE token SET expires_at = coalesce((SELECT expires_at FROM held WHERE id = token.held AND state = 1), (SELECT seconds FROM age));"
	"UPDATE list_count SET shrunk_since = (SELECT seconds FROM age) WHERE shrunk_since <> 0;",
};

static gboolean read_number(sqlite3 *db, const char *sql, int *number, GError **error)
{
	sqlite3_stmt *statement = NULL;
	gboolean good = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW;

	if (good)
		*number = sqlite3_column_int(statement, 0);
	else
		store_fail(db, "reading the store's version", error);
	sqlite3_finalize(statement);
	return good;
}

gboolean store_schema_is_ours(sqlite3 *db, const char *name)
{
	g_autofree char *application_sql = g_strdup_printf("PRAGMA %s.application_id", name);
	g_autofree char *version_sql = g_strdup_printf("PRAGMA %s.user_version", name);
	int application = 0, version = 0;

	return read_number(db, application_sql, &application, NULL) && application == APPLICATION_ID &&
		read_number(db, version_sql, &version, NULL) && version == (int)G_N_ELEMENTS(steps);
}

gboolean store_schema_check(sqlite3 *db, GError **error)
{
	int application = 0, version = 0, objects = 0;

	if (!read_number(db, "PRAGMA application_id", &application, error) ||
		!read_number(db, "PRAGMA user_version", &version, error) ||
		!read_number(db, "SELECT count(*) FROM sqlite_schema", &objects, error))
		return FALSE;
	gboolean is_new = application == 0 && version == 0 && objects == 0;
	if (!is_new && application != APPLICATION_ID) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_SCHEMA,
			"store.db is an SQLite file, but no store of Rollcall's");
		return FALSE;
	}
	if (version < 0 || version > (int)G_N_ELEMENTS(steps)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_SCHEMA,
			"store.db is of version %d, this program knows %d: a newer Rollcall wrote it",
			version, (int)G_N_ELEMENTS(steps));
		return FALSE;
	}
	return TRUE;
}

gboolean store_schema_migrate(sqlite3 *db, GError **error)
{
	int version = 0;

	if (!read_number(db, "PRAGMA user_version", &version, error))
		return FALSE;
	if (version == (int)G_N_ELEMENTS(steps))
		return TRUE;
	g_autoptr(GString) sql = g_string_new("BEGIN IMMEDIATE;");
	for (gsize i = (gsize)version; i < G_N_ELEMENTS(steps); i++)
		g_string_append(sql, steps[i]);
	g_string_append_printf(sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;", (int)APPLICATION_ID,
		(int)G_N_ELEMENTS(steps));
	if (sqlite3_exec(db, sql->str, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	store_fail(db, "migrating the store", error);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return FALSE;
}
