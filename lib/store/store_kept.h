/*
 * Posts that went out and that we still owe somebody: the list's next digest, or its archive. Kept as they went out (LF line ends), with
 * their SHA-256, until nobody waits for them.
 *
 * A post is added in the same transaction that says that its K is DONE, and waits for the disk, since the 250 promises it to those
 * who read digests: it is kept exactly once, or its K is not done and the retry keeps it. A digest is closed in one transaction:
 * the posts that are there become an issue with a number, and a job that sends it is written. They go when that job is done.
 * What a crash leaves: a post in the open digest, or in exactly one issue; an issue with its job. No member's address.
 */
#ifndef ROLLCALL_STORE_STORE_KEPT_H
#define ROLLCALL_STORE_STORE_KEPT_H

#include "lib/base/io.h"
#include "lib/store/store_held.h"

/** A post to be kept. All borrowed. */
struct store_kept_plan {
	const char *list;
	const struct io_mapping *message; /**< not empty */
	const char *archived_at;          /**< its address in the archive, or "" */
	gboolean digest, archive;         /**< who waits for it */
	const char *queue_id;             /**< of the K, as store_done() has it */
	gint64 at;                        /**< epoch seconds: when it went out; 0: now */
};

/** Keeps it, if anybody waits, and marks `key`, which must be in hand, as DONE. Once TRUE a 250 may be said. */
gboolean store_kept_add(struct store *store, const guint8 key[STORE_KEY_SIZE], const struct store_kept_plan *plan, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/* ---- digests ---- */

/** What waits for a list's next digest. */
struct store_digest_open {
	char *list;
	guint posts;
	guint64 bytes;
	gint64 since; /**< epoch seconds: when the oldest was added */
	guint number; /**< of the issue when closed, else 0 */
};
/** Of all lists that have something: struct store_digest_open, freed with the array. NULL with `error`. */
GPtrArray *store_digest_open(struct store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** The same for issues that are closed and not yet in Postfix's queue, with their numbers. */
GPtrArray *store_digest_closed(struct store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** An issue to be. All borrowed. */
struct store_digest_plan {
	const char *list;
	guint volume;     /**< of the last issue, if that is greater */
	guint64 most;     /**< bytes of its posts; a larger post is an issue of its own, and what does not fit waits for the next */
	const char *job;  /**< kind of the job that sends it; its fields get "issue" */
};
/** Closes the list's open digest as its next issue. `*issue` is 0 when there was nothing to close. Waits for the disk. */
gboolean store_digest_close(struct store *store, const struct store_digest_plan *plan, gint64 *issue, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

struct store_digest_issue {
	guint volume, number;
	gint64 closed_at;
};
/** FALSE with `error` when there is no answer; an issue that is not there has number 0. */
gboolean store_digest_issue(struct store *store, gint64 issue, struct store_digest_issue *found, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** The issue is in Postfix's queue: removes it with its posts and the job in hand, and lets go of that. */
gboolean store_digest_done(struct store *store, gint64 issue, gint64 job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Numbers (gint64, `*ids` is replaced) of the posts of an issue, in the order in which they went out. */
gboolean store_digest_posts(struct store *store, gint64 issue, GArray *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the posts ---- */

struct store_kept {
	char *list;
	char *archived_at;
	guint64 size;
	gint64 at; /**< epoch seconds: when it went out */
};
void store_kept_clear(struct store_kept *kept);

/** Reads what is known of one; `found->list` is NULL when there is none. The caller ends it by store_kept_clear(). */
gboolean store_kept_get(struct store *store, gint64 id, struct store_kept *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Writes the message to `fd` where that stands, if it is whole; MISSING: damaged or gone, and what was written is no message. */
enum store_message store_kept_write(struct store *store, gint64 id, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the archive ---- */

/** What waits for the archive of one list. */
struct store_archive_list {
	char *list;
	guint posts;   /**< to be archived, in their order */
	guint aside;   /**< that the archive does not take: they wait for a person */
	guint64 bytes; /**< of both */
	gint64 since;  /**< epoch seconds: the oldest's `at` */
};
/** Of all lists that have something: struct store_archive_list, freed with the array. NULL with `error`. */
GPtrArray *store_archive_lists(struct store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Numbers (gint64, `*ids` is replaced) of the first `most` posts of a list that wait for its archive, in the order in which they went out. */
gboolean store_archive_due(struct store *store, const char *list, guint most, GArray *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** The archive has it. */
gboolean store_archive_done(struct store *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** The archive will not take it as it is: it stays until store_archive_again() or store_archive_forget(). */
gboolean store_archive_aside(struct store *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** How many posts of a list wait for its archive, set aside or not, and their bytes. */
gboolean store_archive_backlog(struct store *store, const char *list, guint *posts, guint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Those of a list that were set aside are due again; `*count` is how many. */
gboolean store_archive_again(struct store *store, const char *list, guint *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** No post of the list waits for its archive any longer; `*count` is how many did. */
gboolean store_archive_forget(struct store *store, const char *list, guint *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
