/*
 * What the files of lib/store share: the connection, its prepared statements and how its errors are told.
 * Not for callers of the store.
 */
#ifndef ROLLCALL_STORE_STORE_INTERNAL_H
#define ROLLCALL_STORE_STORE_INTERNAL_H

#include <sqlite3.h>
#include <sys/types.h>

#include "lib/store/store.h"

/* Every statement of the store. Each finds its row by the primary key; the clean-up reads the table, see schema/store.sql. */
#define STORE_STATEMENTS(X)                                                                                   \
	X(POST_READ, "SELECT state, queue_id FROM post WHERE key = ?1")                                       \
	X(POST_WRITE,                                                                                         \
		"INSERT INTO post (key, state, queue_id, changed) VALUES (?1, ?2, ?3, unixepoch()) "         \
		"ON CONFLICT (key) DO UPDATE SET state = ?2, queue_id = ?3, changed = unixepoch()")          \
	X(POST_FORGET, "DELETE FROM post WHERE key = ?1")                                                     \
	X(POST_EXPIRE, "DELETE FROM post WHERE changed < unixepoch() - ?1")                                   \
	X(COUNT_READ, "SELECT members, shrunk_since FROM list_count WHERE list = ?1")                         \
	X(COUNT_WRITE,                                                                                        \
		"INSERT INTO list_count (list, members, shrunk_since) VALUES (?1, ?2, ?3) "                   \
		"ON CONFLICT (list) DO UPDATE SET members = ?2, shrunk_since = ?3")

enum store_statement {
#define X(name, sql) STATEMENT_##name,
	STORE_STATEMENTS(X)
#undef X
	STATEMENT_COUNT
};

/** Values of post.state. */
enum { POST_INTENT = 1, POST_DONE = 2 };

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	pid_t owner;                  /* the process that opened it */
	int claims;                   /* claims.lock */
	gboolean holding;
	guint8 held[STORE_KEY_SIZE];  /* K in hand, if holding */
};

/** Hands out a prepared statement. `store_statement_auto sqlite3_stmt *s = …` ends its read or write at the end of the scope. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement statement);
static inline void store_statement_end(sqlite3_stmt **statement)
{
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}
#define store_statement_auto __attribute__((cleanup(store_statement_end)))

/** Runs a statement that gives no row. FALSE with `error`, which begins with `doing`. */
gboolean store_run(struct store *store, sqlite3_stmt *statement, const char *doing, GError **error);

/** Tells SQLite's last error; always FALSE. */
gboolean store_fail(sqlite3 *db, const char *doing, GError **error);
/** Tells errno; always FALSE. */
gboolean store_fail_errno(int number, const char *doing, GError **error);

/** Locks one byte of claims.lock for this open file; FALSE with errno (EAGAIN: somebody else has it). */
gboolean store_lock_byte(int claims, off_t place);
void store_unlock_byte(int claims, off_t place);

/** The byte that whoever opens the store holds meanwhile; claims lie above it. */
enum { STORE_OPENING = 0 };

#endif
