/*
 * Jobs: mail that we owe (notices, answers, the release of a held post), each a row until it is done. A job is written in the
 * same transaction as what caused it, so a crash anywhere loses none; it may be begun twice, and the K of what it hands over
 * makes that harmless.
 *
 * A job is in hand while a process holds an open-file-description lock on its byte of `claims.lock`, which the kernel drops when
 * the process dies. To take it already puts the next attempt off, by a pause that grows: whoever crashes on a job does so
 * once a pause and not in a circle. A job is never given up here: its caller sees how old it is and how often it was tried.
 */
#ifndef ROLLCALL_STORE_STORE_JOB_H
#define ROLLCALL_STORE_STORE_JOB_H

#include "lib/store/store.h"

/** A job to be written. All borrowed. */
struct store_job_plan {
	const char *kind; /**< a word of the caller's, e.g. "release" */
	GVariant *fields; /**< a{ss}, or NULL for none; no address but the author's, persons as hash */
};

/** A job that was read. */
struct store_job {
	gint64 id;
	gint64 held;      /**< the held post that it is about, or 0 */
	char *list;       /**< NAME@DOMAIN */
	char *kind;
	GVariant *fields; /**< a{ss}, never NULL */
	guint attempts;   /**< how often it was taken, this time included */
	gint64 made_at;   /**< epoch seconds */
};
/** NULL is fine. */
void store_job_free(struct store_job *job);
static inline void store_job_clear(struct store_job **job)
{
	store_job_free(*job);
	*job = NULL;
}
#define store_job_auto __attribute__((cleanup(store_job_clear)))

/**
 * Adds a job, due now, and waits for the disk: after TRUE a 250 may be said. `held` is the held post that it is about, or 0; a number
 * that was never given is an error, a tombstone is fine. With `key` (NULL: none), which must be in hand (store_claim()), the
 * K is DONE in the same transaction, as "job ID". (The first jobs of a held post and those of a decision are not added by this.)
 */
gboolean store_job_add(struct store *store, const guint8 *key, const char *list, gint64 held,
	const struct store_job_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Numbers (gint64, `*ids` is replaced) of at most `most` jobs that are due, longest due first. Takes none in hand. */
gboolean store_job_due(struct store *store, guint most, GArray *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum store_take {
	STORE_TAKE_TAKEN,   /**< in hand; `*job` is the caller's, who frees it with store_job_free() */
	STORE_TAKE_BUSY,    /**< a live process (this one, too) has it in hand */
	STORE_TAKE_EARLY,   /**< its pause is not over: somebody tried a moment ago */
	STORE_TAKE_GONE,    /**< done, or there never was one */
	STORE_TAKE_TROUBLE, /**< the store did not answer (`error` says why), or has another job in hand */
};

/**
 * Takes a due job in hand, counts the attempt and puts the next one off: 1 minute after the first, then twice as long each
 * time, at most an hour. `*job` is NULL unless TAKEN. One store holds one job at a time, and one K beside it. Does not wait
 * for the disk.
 */
enum store_take store_job_take(struct store *store, gint64 id, struct store_job **job, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/* These two want job `id` in hand, fail (STORE_ERROR_TROUBLE) otherwise, and let go of it when they succeed. */

/**
 * It is done: removes it, and, when it was the last one of a held post that is decided, that post's message, addresses and
 * reason, leaving a tombstone. Does not wait for the disk: after a power cut the job may be there again.
 */
gboolean store_job_done(struct store *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** It failed for now: the pause begins anew from here. */
gboolean store_job_retry(struct store *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Makes the oldest job of this kind due now that is about a post of this author on this list which still waits. No such job is fine. */
gboolean store_job_hasten(struct store *store, const char *kind, const char *list, const char *author, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Lets go of the job in hand, if any, without a word: it is tried again when the pause from its taking is over. */
void store_job_release(struct store *store);

#endif
