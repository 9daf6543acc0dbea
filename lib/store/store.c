/*
 * Opening and closing the store, its statements and its errors; see store.h.
 *
 * Opening is serialised by a lock on claims.lock: SQLite's switch to WAL answers "busy" at once, without its waiting, when two
 * do it together, and all dispatch workers start together.
 * store.db is never opened by us beside SQLite: closing any descriptor of it would drop SQLite's own locks on it in this
 * process (POSIX locks). That is why it is made with O_EXCL, and claims are locked in another file.
 */
#include "lib/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/store/store_schema.h"

G_DEFINE_QUARK(rollcall-store-error-quark, store_error)

enum {
	OPEN_PATIENCE = 10,       /* seconds that we wait for others who are opening it */
	LOG_KEPT = 4 * 1024 * 1024, /* bytes of WAL that stay after a burst */
};

/*
 * synchronous=NORMAL: see the promise in store.h; what a 250 promises raises it (store_transaction.c).
 * secure_delete: what is removed is overwritten, so that a held post is gone when its row is; up to
 * LOG_KEPT bytes may linger in the log.
 */
static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = %d; "
	"PRAGMA secure_delete = ON;";

static const char *const statement_sql[STATEMENT_COUNT] = {
#define X(name, sql) sql,
	STORE_STATEMENTS(X)
#undef X
};

gboolean store_fail_errno(int number, const char *doing, GError **error)
{
	gboolean full = number == ENOSPC || number == EDQUOT;

	g_set_error(error, STORE_ERROR, full ? STORE_ERROR_FULL : STORE_ERROR_TROUBLE, "%s: %s", doing, g_strerror(number));
	return FALSE;
}

/*
 * SQLite says "full" only when writing a page fails for that; where it may not make its log or its shared memory it says "I/O
 * error" or "unable to open", and sqlite3_system_errno() is stale or of another call. So the file system is asked.
 */
static gboolean no_room(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	struct statvfs system;

	return path && statvfs(path, &system) == 0 &&
		(system.f_bavail == 0 || (system.f_files > 0 && system.f_favail == 0));
}

gboolean store_fail(sqlite3 *db, const char *doing, GError **error)
{
	int code = sqlite3_errcode(db);

	if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && no_room(db))
		return store_fail_errno(ENOSPC, doing, error);
	enum store_error kind = STORE_ERROR_TROUBLE;
	if (code == SQLITE_FULL)
		kind = STORE_ERROR_FULL;
	else if (code == SQLITE_NOTADB)
		kind = STORE_ERROR_SCHEMA;
	g_set_error(error, STORE_ERROR, kind, "%s: %s (SQLite %d)", doing, sqlite3_errmsg(db),
		sqlite3_extended_errcode(db));
	return FALSE;
}

static gboolean set_lock(int claims, short type, off_t place)
{
	G_STATIC_ASSERT(sizeof(off_t) == 8);
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};

	return fcntl(claims, F_OFD_SETLK, &lock) == 0;
}

gboolean store_lock_byte(int claims, off_t place)
{
	return set_lock(claims, F_WRLCK, place);
}

void store_unlock_byte(int claims, off_t place)
{
	if (!set_lock(claims, F_UNLCK, place))
		log_panic("claims.lock does not unlock: %s", g_strerror(errno));
}

static gboolean lock_opening(int claims, GError **error)
{
	struct deadline deadline = deadline_in(OPEN_PATIENCE);

	while (!store_lock_byte(claims, STORE_OPENING)) {
		if ((errno != EAGAIN && errno != EACCES) || deadline_passed(deadline))
			return store_fail_errno(errno, "waiting for others who open the store", error);
		g_usleep(5000);
	}
	return TRUE;
}

/* Mode 0600 whatever the umask; SQLite gives its -wal and -shm the mode of the database. */
static gboolean make_database(const char *path, GError **error)
{
	io_autofd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return store_fail_errno(errno, path, error);
	return TRUE;
}

gboolean store_prepare(struct store *store, GError **error)
{
	for (int i = 0; i < STATEMENT_COUNT; i++)
		if (sqlite3_prepare_v3(store->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &store->statements[i], NULL) != SQLITE_OK)
			return store_fail(store->db, "preparing the store's statements", error);
	return TRUE;
}

static gboolean open_database(struct store *store, const char *path, GError **error)
{
	g_autofree char *settings = g_strdup_printf(pragmas, (int)LOG_KEPT);

	if (!make_database(path, error))
		return FALSE;
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return store_fail(store->db, path, error);
	sqlite3_busy_timeout(store->db, STORE_BUSY_PATIENCE);
	/* Looked at before anything is written: a foreign file stays as it is. */
	if (!store_schema_check(store->db, error))
		return FALSE;
	if (sqlite3_exec(store->db, settings, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(store->db, path, error);
	return store_schema_migrate(store->db, error) && store_prepare(store, error);
}

struct store *store_open(const char *directory, GError **error)
{
	const char *warning;
	store_auto struct store *store = g_new0(struct store, 1);
	g_autofree char *claims = g_build_filename(directory, "claims.lock", NULL);
	g_autofree char *database = g_build_filename(directory, "store.db", NULL);

	store->owner = getpid();
	store->claims = -1;
	if (!store_directory_check(directory, geteuid(), &warning, error))
		return NULL;
	store->claims = open(claims, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (store->claims < 0) {
		store_fail_errno(errno, claims, error);
		return NULL;
	}
	if (!lock_opening(store->claims, error) || !open_database(store, database, error))
		return NULL;
	store_unlock_byte(store->claims, STORE_OPENING);
	return g_steal_pointer(&store);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	if (sqlite3_close(store->db) != SQLITE_OK)
		log_panic("the store does not close: %s", sqlite3_errmsg(store->db));
	io_close(&store->claims);
	OPENSSL_cleanse(store->person_key, sizeof(store->person_key));
	g_free(store);
}

sqlite3_stmt *store_statement(struct store *store, enum store_statement statement)
{
	if (store->owner != getpid())
		log_panic("the store of process %d is used by another", (int)store->owner);
	return store->statements[statement];
}

gboolean store_run(struct store *store, sqlite3_stmt *statement, const char *doing, GError **error)
{
	if (sqlite3_step(statement) == SQLITE_DONE)
		return TRUE;
	return store_fail(store->db, doing, error);
}

gboolean store_run_one(struct store *store, sqlite3_stmt *statement, const char *doing, const char *what, GError **error)
{
	if (!store_run(store, statement, doing, error))
		return FALSE;
	if (sqlite3_changes(store->db) == 1)
		return TRUE;
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "%s: there is no %s", doing, what);
	return FALSE;
}
