/*
 * Keyed hashes of persons, and the limit of answers; see store_person.h.
 *
 * The key file appears under its name whole or not at all: it is written and synced under another name, then linked. link(2)
 * never replaces, so of many processes that make one at once, one wins, and all read that one.
 */
#include "lib/store/store_person.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/store/store_internal.h"

static gboolean is_ours(int fd, GError **error)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return store_fail_errno(errno, "person.key", error);
	if (S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0 &&
		status.st_size == STORE_PERSON_SIZE)
		return TRUE;
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE,
		"person.key: must be a file of %d bytes that belongs to user %u and that others cannot read",
		(int)STORE_PERSON_SIZE, (guint)geteuid());
	return FALSE;
}

/* FALSE without `error`: there is none yet. */
static gboolean read_key(struct store *store, const char *path, GError **error)
{
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno != ENOENT && store_fail_errno(errno, path, error);
	if (!is_ours(fd, error))
		return FALSE;
	ssize_t got = read(fd, store->person_key, STORE_PERSON_SIZE);
	if (got != STORE_PERSON_SIZE)
		return store_fail_errno(got < 0 ? errno : EIO, path, error);
	store->has_person_key = TRUE;
	return TRUE;
}

static gboolean write_key(const char *path, GError **error)
{
	guint8 key[STORE_PERSON_SIZE];
	gboolean good;

	/* What a process of our number left when it was killed here. */
	unlink(path);
	io_autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return store_fail_errno(errno, path, error);
	good = getrandom(key, sizeof(key), 0) == sizeof(key) &&
		io_write_all(fd, key, sizeof(key), deadline_in(60)) == IO_OK && fsync(fd) == 0;
	OPENSSL_cleanse(key, sizeof(key));
	return good || store_fail_errno(errno, path, error);
}

/* Tokens of this key go out by mail: the name must be on the disk, too. */
static gboolean sync_directory(const char *directory, GError **error)
{
	io_autofd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return (fd >= 0 && fsync(fd) == 0) || store_fail_errno(errno, directory, error);
}

static gboolean make_key(const char *directory, const char *path, GError **error)
{
	g_autofree char *draft = g_strdup_printf("%s.%d", path, (int)getpid());
	gboolean good = write_key(draft, error) &&
		(link(draft, path) == 0 || errno == EEXIST || store_fail_errno(errno, path, error));

	unlink(draft);
	return good && sync_directory(directory, error);
}

static gboolean load_key(struct store *store, GError **error)
{
	const char *database = sqlite3_db_filename(store->db, "main");
	g_autofree char *directory = g_path_get_dirname(database);
	g_autofree char *path = g_build_filename(directory, "person.key", NULL);
	GError *reason = NULL;

	if (store->has_person_key || read_key(store, path, &reason))
		return TRUE;
	if (!reason && make_key(directory, path, &reason) && !read_key(store, path, &reason) && !reason)
		store_fail_errno(ENOENT, path, &reason);
	if (reason)
		g_propagate_error(error, reason);
	return store->has_person_key;
}

gboolean store_person_borrow_key(struct store *store, const char *path, GError **error)
{
	GError *reason = NULL;

	if (read_key(store, path, &reason))
		return TRUE;
	if (reason)
		g_propagate_error(error, reason);
	else
		store->has_person_key = getrandom(store->person_key, STORE_PERSON_SIZE, 0) == STORE_PERSON_SIZE ||
			store_fail_errno(errno, "random bytes", error);
	return store->has_person_key;
}

gboolean store_person_hash(struct store *store, const char *address_key, guint8 person[STORE_PERSON_SIZE], GError **error)
{
	unsigned int length = STORE_PERSON_SIZE;

	if (!load_key(store, error))
		return FALSE;
	if (HMAC(EVP_sha256(), store->person_key, STORE_PERSON_SIZE, (const guint8 *)address_key, strlen(address_key),
		    person, &length))
		return TRUE;
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "HMAC-SHA-256 is not to be had");
	return FALSE;
}

enum store_answer store_person_answer(struct store *store, const guint8 person[STORE_PERSON_SIZE], const char *list,
	GError **error)
{
	store_statement_auto sqlite3_stmt *take = store_statement(store, STATEMENT_ANSWER_TAKE);

	sqlite3_bind_blob(take, 1, person, STORE_PERSON_SIZE, SQLITE_STATIC);
	sqlite3_bind_text(take, 2, list, -1, SQLITE_STATIC);
	if (!store_run(store, take, "taking an answer", error))
		return STORE_ANSWER_TROUBLE;
	return sqlite3_changes(store->db) > 0 ? STORE_ANSWER_NOW : STORE_ANSWER_LATER;
}

gboolean store_person_forget_answer(struct store *store, const guint8 person[STORE_PERSON_SIZE], const char *list, GError **error)
{
	store_statement_auto sqlite3_stmt *forget = store_statement(store, STATEMENT_ANSWER_FORGET);

	sqlite3_bind_blob(forget, 1, person, STORE_PERSON_SIZE, SQLITE_STATIC);
	sqlite3_bind_text(forget, 2, list, -1, SQLITE_STATIC);
	return store_run(store, forget, "forgetting an answer", error);
}
