/*
 * The message of a held or kept post, in and out of the store in pieces, so that 50 MB need no second copy in memory; see store_held.h and store_kept.h.
 *
 * SQLite's own checks see a broken page chain, not a flipped byte inside a message: hence the SHA-256. What SQLite calls
 * corrupt in the message's own pages is the same to a moderator, and trying again is no use for either: both are MISSING.
 */
#include "lib/store/store_internal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

enum { PIECE = 64 * 1024, HASH_SIZE = 32 };

struct hash {
	guint8 bytes[HASH_SIZE];
};

static const struct {
	const char *table, *what;
	enum store_statement add, read;
} places[] = {
	[STORE_MESSAGE_HELD] = {"held_message", "held", STATEMENT_HELD_MESSAGE_ADD, STATEMENT_HELD_MESSAGE_READ},
	[STORE_MESSAGE_KEPT] = {"kept_message", "kept", STATEMENT_KEPT_MESSAGE_ADD, STATEMENT_KEPT_MESSAGE_READ},
};

static inline void blob_end(sqlite3_blob **blob)
{
	sqlite3_blob_close(*blob);
}
#define blob_auto __attribute__((cleanup(blob_end)))

static gboolean crypto_fail(GError **error)
{
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "SHA-256 is not to be had");
	return FALSE;
}

static gboolean add_row(struct store *store, enum store_message_of of, gint64 id, const struct io_mapping *message,
	GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, places[of].add);
	struct hash hash;

	if (EVP_Digest(message->data, message->length, hash.bytes, NULL, EVP_sha256(), NULL) != 1)
		return crypto_fail(error);
	sqlite3_bind_int64(add, 1, id);
	sqlite3_bind_blob(add, 2, hash.bytes, HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, (gint64)message->length);
	return store_run(store, add, "making room for a message", error);
}

gboolean store_message_write(struct store *store, enum store_message_of of, gint64 id, const struct io_mapping *message,
	GError **error)
{
	blob_auto sqlite3_blob *blob = NULL;

	if (!add_row(store, of, id, message, error))
		return FALSE;
	if (sqlite3_blob_open(store->db, "main", places[of].table, "message", id, 1, &blob) != SQLITE_OK)
		return store_fail(store->db, "opening a message to write", error);
	for (size_t place = 0; place < message->length; place += PIECE) {
		int length = (int)MIN((size_t)PIECE, message->length - place);

		if (sqlite3_blob_write(blob, message->data + place, length, (int)place) != SQLITE_OK)
			return store_fail(store->db, "writing a message", error);
	}
	return TRUE;
}

static enum store_message missing(enum store_message_of of, GError **error, const char *why)
{
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "the message of a %s post is %s", places[of].what, why);
	return STORE_MESSAGE_MISSING;
}

/* SQLITE_ERROR is what opening a blob says of a row that went a moment ago. */
static enum store_message read_failed(struct store *store, enum store_message_of of, GError **error)
{
	int code = sqlite3_errcode(store->db);

	if (code == SQLITE_ERROR)
		return missing(of, error, "not there");
	if (code == SQLITE_CORRUPT)
		return missing(of, error, "damaged");
	store_fail(store->db, "reading a message", error);
	return STORE_MESSAGE_TROUBLE;
}

static enum store_message find(struct store *store, enum store_message_of of, gint64 id, struct hash *hash, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, places[of].read);

	sqlite3_bind_int64(read, 1, id);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return missing(of, error, "not there");
	/* That the question cannot be asked says nothing about the message. */
	if (result == SQLITE_ERROR)
		return store_fail(store->db, "looking for a message", error), STORE_MESSAGE_TROUBLE;
	if (result != SQLITE_ROW)
		return read_failed(store, of, error);
	if (sqlite3_column_bytes(read, 0) != HASH_SIZE)
		return missing(of, error, "damaged");
	memcpy(hash->bytes, sqlite3_column_blob(read, 0), HASH_SIZE);
	return STORE_MESSAGE_WHOLE;
}

/* What is copied, and where to: -1 for nowhere. */
struct copying {
	enum store_message_of of;
	sqlite3_blob *blob;
	int fd;
};

static enum store_message copy(struct store *store, const struct copying *copying, struct hash *hash, GError **error)
{
	g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
	g_autofree guint8 *piece = g_malloc(PIECE);
	int size = sqlite3_blob_bytes(copying->blob);

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return crypto_fail(error), STORE_MESSAGE_TROUBLE;
	for (int place = 0, length; place < size; place += length) {
		length = MIN((int)PIECE, size - place);
		if (sqlite3_blob_read(copying->blob, piece, length, place) != SQLITE_OK)
			return read_failed(store, copying->of, error);
		if (EVP_DigestUpdate(context, piece, (size_t)length) != 1)
			return crypto_fail(error), STORE_MESSAGE_TROUBLE;
		if (copying->fd >= 0 && io_write_all(copying->fd, piece, (size_t)length, deadline_in(60)) != IO_OK)
			return store_fail_errno(errno, "writing a message out", error), STORE_MESSAGE_TROUBLE;
	}
	if (EVP_DigestFinal_ex(context, hash->bytes, NULL) != 1)
		return crypto_fail(error), STORE_MESSAGE_TROUBLE;
	return STORE_MESSAGE_WHOLE;
}

enum store_message store_message_read(struct store *store, enum store_message_of of, gint64 id, int fd, GError **error)
{
	blob_auto sqlite3_blob *blob = NULL;
	struct hash wanted, got;
	enum store_message found = find(store, of, id, &wanted, error);

	if (found != STORE_MESSAGE_WHOLE)
		return found;
	if (sqlite3_blob_open(store->db, "main", places[of].table, "message", id, 0, &blob) != SQLITE_OK)
		return read_failed(store, of, error);
	found = copy(store, &(struct copying){.of = of, .blob = blob, .fd = fd}, &got, error);
	if (found == STORE_MESSAGE_WHOLE && memcmp(&wanted, &got, HASH_SIZE) != 0)
		return missing(of, error, "damaged");
	return found;
}

enum store_message store_held_message(struct store *store, gint64 id, int *fd, GError **error)
{
	io_autofd int memory = io_memory_file("held message");

	*fd = -1;
	if (memory < 0)
		return store_fail_errno(errno, "a memory file", error), STORE_MESSAGE_TROUBLE;
	enum store_message found = store_message_read(store, STORE_MESSAGE_HELD, id, memory, error);
	if (found != STORE_MESSAGE_WHOLE)
		return found;
	if (!io_memory_seal(memory))
		return store_fail_errno(errno, "sealing a memory file", error), STORE_MESSAGE_TROUBLE;
	*fd = io_steal_fd(&memory);
	return found;
}
