/*
 * Putting one post into a list's archive: a Maildir, an mbox or HyperKitty. Each post once as far as the medium can tell: what was put there before a crash
 * is found and not put there again.
 *
 * Maildir: the file's name comes from the post's bytes, link(2) refuses the second one, and a reader's cur/ is looked through on a repetition.
 * mbox (mboxrd, RFC 4155 with its gaps): dot-lock and fcntl(2) lock; a note beside it (PATH.rollcall) says what was being appended, so that a torn end
 * is cut off and a whole one is known. HyperKitty: its Mailman interface (1.3.7), which knows posts by their Message-ID.
 * Files and directories are made with 0640 and 0750, as the user who runs this; a symbolic link in the last place is refused.
 * Knowingly not here: NFS without O_EXCL, compressed mboxes, splitting by month.
 */
#ifndef ROLLCALL_ARCHIVE_ARCHIVE_H
#define ROLLCALL_ARCHIVE_ARCHIVE_H

#include <glib.h>

#include "lib/base/io.h"
#include "lib/list/archive_place.h"

enum archive_result {
	ARCHIVE_DONE,    /**< it is there, and on the disk */
	ARCHIVE_REFUSED, /**< this post will not be taken as it is; others may */
	ARCHIVE_TROUBLE, /**< not now */
	ARCHIVE_BROKEN,  /**< not now: HyperKitty came to grief, maybe over this very post (500) */
	ARCHIVE_SILENT,  /**< not now: nobody answers there, for any list */
};

struct archive_post {
	const struct archive_place *place;
	const char *list;                  /**< its address */
	const char *key;                   /**< HyperKitty's, or NULL */
	const char *ca_file;               /**< or "" */
	const struct io_mapping *message;  /**< LF line ends */
	gint64 at;                         /**< epoch seconds: when it went out; the same each time */
	gboolean repeated;                 /**< it may have been put there before */
	const volatile gint *stop;         /**< non-zero: be done with it; may be NULL */
};

/** `*why` gets the cause, printable, unless DONE. The caller frees it. May take a minute. */
enum archive_result archive_put(const struct archive_post *post, char **why) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Whether the archive would take posts, without putting one there: `post->message` is not looked at. FALSE with `*why` (what is wrong). Run it as the user who
 * will archive.
 */
gboolean archive_probe(const struct archive_post *post, char **why) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the kinds; only archive.c calls them ---- */
enum archive_result archive_maildir_put(const struct archive_post *post, char **why);
enum archive_result archive_mbox_put(const struct archive_post *post, char **why);
enum archive_result archive_hyperkitty_put(const struct archive_post *post, char **why);
/** Asks for the list's address in the archive, which takes the key as well. */
enum archive_result archive_hyperkitty_ask(const struct archive_post *post, char **why);

/** For them: `result` and the reason by errno. */
enum archive_result archive_trouble(char **why, const char *doing, const char *path);

#endif
