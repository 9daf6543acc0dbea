/*
 * The state store: what must outlive a process, in one SQLite file (WAL) in the state directory.
 * Here: the idempotency records (K) and each list's last good member count. Beside it: held posts (store_held.h), tokens
 * (store_token.h), jobs (store_job.h) and keyed hashes of persons (store_person.h). No member's address or name.
 *
 * A K or count is in the kernel's hands when a call returns, so a crash of ours (kill -9 at any point) loses nothing; it is not
 * waited for until it is on the disk, so a power cut may lose the last ones, which may cost one duplicate. There is no fsync
 * in the common path; about every 500 posts SQLite brings its log into the file and waits for the disk once.
 * What a 250 promises without Postfix (a held post, a decision, a job) is waited for: its call says so.
 * DESIGN section 3 (K), schema/store.sql, HOSTILE C9, S5, M35.
 */
#ifndef ROLLCALL_STORE_STORE_H
#define ROLLCALL_STORE_STORE_H

#include <glib.h>
#include <sys/types.h>

enum { STORE_KEY_SIZE = 32 };

/** One connection, for one process: a child that inherits one by fork must open its own (using it panics). */
struct store;

#define STORE_ERROR (store_error_quark())
GQuark store_error_quark(void);
enum store_error {
	STORE_ERROR_DIRECTORY, /**< missing, wrong owner or mode, not local */
	STORE_ERROR_SCHEMA,    /**< of another version, or no store of ours */
	STORE_ERROR_FULL,      /**< no room or no inodes left: `452 4.3.1` */
	STORE_ERROR_TROUBLE,   /**< anything else: I/O, corruption, locked too long. `451 4.3.0` */
};

/**
 * Whether `directory` is fit for the store of user `owner`: there, a directory, theirs, closed to all others and on a local file
 * system. Opens nothing inside. FALSE with `error` if not. `*warning` (static text or NULL) is what an admin should still know.
 */
gboolean store_directory_check(const char *directory, uid_t owner, const char **warning, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Checks the directory for our effective user and opens the store in it, making or migrating its tables in one transaction.
 * Many processes may do this at once: one migrates, the others wait (at most 10 s, then STORE_ERROR_TROUBLE). A store written
 * by a newer Rollcall is refused. NULL with `error`. The caller ends it with store_close().
 */
struct store *store_open(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * A copy in memory for `rollcall explain`: held posts (without their messages), tokens, counts and limits as they are now; no K and no job. All calls
 * work on it, and nothing of them stays: `directory` is only read. A store that is not there yet is an empty one. NULL with `error`; an older
 * store is not migrated (STORE_ERROR_SCHEMA). store_expire() and what takes a job are not for a copy. The caller ends it with store_close().
 */
struct store *store_open_copy(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Whether nothing was written to it since it was opened. */
gboolean store_is_untouched(const struct store *store);
/** Lets go of what is in hand and closes; NULL is fine. */
void store_close(struct store *store);
static inline void store_clear(struct store **store)
{
	store_close(*store);
	*store = NULL;
}
#define store_auto __attribute__((cleanup(store_clear)))

/*
 * ---- idempotency ----
 *
 * What a crash leaves: before store_intent() nothing, so the retry is STORE_NEW; between store_intent() and store_done() a
 * post that Postfix may or may not have (STORE_UNCLEAR); after store_done() STORE_DONE. Never a lock.
 */

enum store_state {
	STORE_NEW,         /**< never heard of, or nothing was handed over */
	STORE_IN_PROGRESS, /**< a live process (this one, too) has it in hand */
	STORE_UNCLEAR,     /**< INTENT without DONE: a crash between the last byte and its answer */
	STORE_DONE,        /**< it is in Postfix's queue */
	STORE_TROUBLE,     /**< the store did not answer (`error` says why), or this store has another K in hand: defer */
};

/**
 * Takes K in hand. The hold is an open-file-description lock on one byte of `claims.lock`, at a place computed from K, that the
 * kernel drops when the process dies, so a crash leaves nothing to clean. One store holds one K at a time.
 * On STORE_NEW and STORE_UNCLEAR the caller holds it until store_release(); else nothing is held.
 * On STORE_DONE `queue_id` (if given) is replaced by Postfix's queue id, on STORE_UNCLEAR by whose word it was (store_intent()). `error` is set on
 * STORE_TROUBLE only.
 */
enum store_state store_claim(struct store *store, const guint8 key[STORE_KEY_SIZE], GString *queue_id,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** The same for a post that was held under this K and is released: DONE by the words `as` ("held as 12") is STORE_NEW. */
enum store_state store_claim_held(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *as, GString *queue_id,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * Looks up one part of the K in hand, such as the variant for members who want plain text: a record of its own, so that a retry sends only
 * what was not sent. `part` receives its key, which is in hand with K until the next part is looked up. NEW, UNCLEAR, DONE or TROUBLE.
 */
enum store_state store_claim_part(struct store *store, const char *name, guint8 part[STORE_KEY_SIZE], GString *queue_id,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Lets go of the K in hand; nothing happens when there is none. */
void store_release(struct store *store);

/* These four want `key` in hand and fail (STORE_ERROR_TROUBLE) otherwise: nobody marks what he did not claim. */

/** Records that the last byte is about to be written (INTENT), and on whose word: "", or "release 12". */
gboolean store_intent(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *by, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/** Records that Postfix has it (DONE) under `queue_id` (may be empty). */
gboolean store_done(struct store *store, const guint8 key[STORE_KEY_SIZE], const char *queue_id, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/**
 * The same for a variant that is all of the post in hand: K is DONE with it, in the same transaction. What store_kept_add() says about a distribution is said, too.
 */
gboolean store_done_whole(struct store *store, const guint8 part[STORE_KEY_SIZE], const char *queue_id, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/** Takes an INTENT back: Postfix said clearly that it did not take it. */
gboolean store_forget(struct store *store, const guint8 key[STORE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Says that `seconds` have passed, by a clock that nobody sets (CLOCK_MONOTONIC) and that somebody watched. What somebody would lose by growing old does so by what
 * is told here and by nothing else (records of posts, held posts, tokens, a list that has shrunk): a time of day that jumps 400 days ahead, or a
 * store that lay about for a year, makes none of them old. Negative is nothing. One process at a time should tell, and
 * each STORE_STEP seconds.
 */
#define STORE_STEP 60
gboolean store_age(struct store *store, gint64 seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * Removes records of posts last changed more than `seconds` of store_age() ago, tokens that expired 30 such days ago, tombstones that no token and no job
 * asks for any more, and limits whose hour or day is over; makes jobs due that a clock ahead has put off too far. Needs nothing in hand.
 */
gboolean store_expire(struct store *store, gint64 seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- more than one call that is done whole or not at all ---- */

/**
 * What is called until store_together_end() is one transaction, which waits for the disk and keeps all other writers waiting: so nothing slow in between.
 * The first call that fails is the last. FALSE with `error`, and nothing is begun. Not for what lets a failure pass, as a decision does that came second.
 */
gboolean store_together(struct store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Ends it: with `good` all of it stays, else nothing (`error` is then set already). Whether all of it stays. */
gboolean store_together_end(struct store *store, gboolean good, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- member counts, for the shrink guard ---- */

struct store_count {
	guint members;        /**< last good count; 0 when none is known */
	gint64 shrunk_since;  /**< since when (as `age` counts) smaller counts have been seen; 0: not shrunk */
	gint64 age;           /**< read only: what store_age() has come to; 0 where no count is known */
};
/** Reads a list's count; one that was never set is all 0. FALSE with `error` when the store did not answer. */
gboolean store_count_get(struct store *store, const char *list, struct store_count *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
gboolean store_count_set(struct store *store, const char *list, const struct store_count *count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
