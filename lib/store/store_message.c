/*
 * The message of a held post, in and out of the store in pieces, so that 50 MB need no second copy in memory; see store_held.h.
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

static gboolean add_row(struct store *store, gint64 held, const struct io_mapping *message, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_MESSAGE_ADD);
	struct hash hash;

	if (EVP_Digest(message->data, message->length, hash.bytes, NULL, EVP_sha256(), NULL) != 1)
		return crypto_fail(error);
	sqlite3_bind_int64(add, 1, held);
	sqlite3_bind_blob(add, 2, hash.bytes, HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, (gint64)message->length);
	return store_run(store, add, "making room for a message", error);
}

gboolean store_message_write(struct store *store, gint64 held, const struct io_mapping *message, GError **error)
{
	blob_auto sqlite3_blob *blob = NULL;

	if (!add_row(store, held, message, error))
		return FALSE;
	if (sqlite3_blob_open(store->db, "main", "held_message", "message", held, 1, &blob) != SQLITE_OK)
		return store_fail(store->db, "opening a message to write", error);
	for (size_t place = 0; place < message->length; place += PIECE) {
		int length = (int)MIN((size_t)PIECE, message->length - place);

		if (sqlite3_blob_write(blob, message->data + place, length, (int)place) != SQLITE_OK)
			return store_fail(store->db, "writing a message", error);
	}
	return TRUE;
}

static enum store_message missing(GError **error, const char *why)
{
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "the message of a held post is %s", why);
	return STORE_MESSAGE_MISSING;
}

/* SQLITE_ERROR is what opening a blob says of a row that went a moment ago. */
static enum store_message read_failed(struct store *store, GError **error)
{
	int code = sqlite3_errcode(store->db);

	if (code == SQLITE_ERROR)
		return missing(error, "not there");
	if (code == SQLITE_CORRUPT)
		return missing(error, "damaged");
	store_fail(store->db, "reading a message", error);
	return STORE_MESSAGE_TROUBLE;
}

static enum store_message find(struct store *store, gint64 held, struct hash *hash, GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_MESSAGE_READ);

	sqlite3_bind_int64(read, 1, held);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return missing(error, "not there");
	if (result != SQLITE_ROW)
		return read_failed(store, error);
	if (sqlite3_column_bytes(read, 0) != HASH_SIZE)
		return missing(error, "damaged");
	memcpy(hash->bytes, sqlite3_column_blob(read, 0), HASH_SIZE);
	return STORE_MESSAGE_WHOLE;
}

static enum store_message copy(struct store *store, sqlite3_blob *blob, int memory, struct hash *hash, GError **error)
{
	g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
	g_autofree guint8 *piece = g_malloc(PIECE);
	int size = sqlite3_blob_bytes(blob);

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return crypto_fail(error), STORE_MESSAGE_TROUBLE;
	for (int place = 0, length; place < size; place += length) {
		length = MIN((int)PIECE, size - place);
		if (sqlite3_blob_read(blob, piece, length, place) != SQLITE_OK)
			return read_failed(store, error);
		if (EVP_DigestUpdate(context, piece, (size_t)length) != 1)
			return crypto_fail(error), STORE_MESSAGE_TROUBLE;
		if (memory >= 0 && io_write_all(memory, piece, (size_t)length, deadline_in(60)) != IO_OK)
			return store_fail_errno(errno, "a message into memory", error), STORE_MESSAGE_TROUBLE;
	}
	if (EVP_DigestFinal_ex(context, hash->bytes, NULL) != 1)
		return crypto_fail(error), STORE_MESSAGE_TROUBLE;
	return STORE_MESSAGE_WHOLE;
}

enum store_message store_message_read(struct store *store, gint64 held, int memory, GError **error)
{
	blob_auto sqlite3_blob *blob = NULL;
	struct hash wanted, got;
	enum store_message found = find(store, held, &wanted, error);

	if (found != STORE_MESSAGE_WHOLE)
		return found;
	if (sqlite3_blob_open(store->db, "main", "held_message", "message", held, 0, &blob) != SQLITE_OK)
		return read_failed(store, error);
	found = copy(store, blob, memory, &got, error);
	if (found == STORE_MESSAGE_WHOLE && memcmp(&wanted, &got, HASH_SIZE) != 0)
		return missing(error, "damaged");
	return found;
}

enum store_message store_held_message(struct store *store, gint64 id, int *fd, GError **error)
{
	io_autofd int memory = io_memory_file("held message");

	*fd = -1;
	if (memory < 0)
		return store_fail_errno(errno, "a memory file", error), STORE_MESSAGE_TROUBLE;
	enum store_message found = store_message_read(store, id, memory, error);
	if (found != STORE_MESSAGE_WHOLE)
		return found;
	if (!io_memory_seal(memory))
		return store_fail_errno(errno, "sealing a memory file", error), STORE_MESSAGE_TROUBLE;
	*fd = io_steal_fd(&memory);
	return found;
}
