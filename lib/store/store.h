/*
 * The state store: what must outlive a process, in one SQLite file (WAL) in the state directory.
 * In this cut: the idempotency records (K) and each list's last good member count. No address, no name, no mail.
 * One struct store is one connection, used by one process. DESIGN section 3 (K), HOSTILE C9, S5.
 */
#ifndef ROLLCALL_STORE_STORE_H
#define ROLLCALL_STORE_STORE_H

#include <glib.h>

enum { STORE_KEY_SIZE = 32 };

struct store;

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);
enum store_error {
	STORE_ERROR_DIRECTORY, /**< missing, wrong owner or mode, not local */
	STORE_ERROR_SCHEMA,    /**< of another version, or no store of ours */
	STORE_ERROR_FULL,      /**< disk full */
	STORE_ERROR_TROUBLE,   /**< anything else: I/O, corruption, locked too long */
};

/**
 * Opens the store in `directory`, making or migrating its tables in one transaction. A store written by a newer
 * Rollcall, a directory that others may enter, or one that is no local file system is refused. NULL with `error`.
 */
struct store *store_open(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void store_close(struct store *store);

/* ---- idempotency ---- */

enum store_state {
	STORE_NEW,         /**< never heard of, or nothing was handed over */
	STORE_IN_PROGRESS, /**< another live process has it in hand */
	STORE_UNCLEAR,     /**< INTENT without DONE: a crash between the last byte and its answer */
	STORE_DONE,        /**< it is in Postfix's queue */
	STORE_TROUBLE,     /**< the store did not answer: defer */
};

/**
 * Takes K in hand. The hold is an open-file-description lock on a byte of `claims.lock` that the kernel drops when the process dies, so
 * a crash leaves nothing to clean. On STORE_NEW and STORE_UNCLEAR the caller holds it until store_release().
 * On STORE_DONE `queue_id` (if given) receives Postfix's queue id.
 */
enum store_state store_claim(struct store *store, const guint8 key[STORE_KEY_SIZE], GString *queue_id,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Lets go of the K in hand; nothing happens when there is none. */
void store_release(struct store *store);

/** Records that the last byte is about to be written (INTENT). */
gboolean store_intent(struct store *store, const guint8 key[STORE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Records that Postfix has it (DONE) under `queue_id`. */
gboolean store_done(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *queue_id, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/** Takes an INTENT back: Postfix said clearly that it did not take it. */
gboolean store_forget(struct store *store, const guint8 key[STORE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Removes records older than `seconds`. */
gboolean store_expire(struct store *store, gint64 seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- member counts, for the shrink guard ---- */

struct store_count {
	guint members;        /**< last good count; 0 when none is known */
	gint64 shrunk_since;  /**< epoch seconds since when smaller counts have been seen; 0: not shrunk */
};
gboolean store_count_get(struct store *store, const char *list, struct store_count *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
gboolean store_count_set(struct store *store, const char *list, const struct store_count *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
