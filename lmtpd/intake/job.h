/*
 * Work that nobody waits for on a line: notices, answers, the release of a held post. Dispatch says that job N is due, the intake
 * parent forks a clean child, and the child asks for the job, makes the mail, hands it back and says done. A child that dies leaves the
 * job in the store, and the next attempt does it again; each mail has its K, so that nothing goes out twice.
 */
#ifndef ROLLCALL_INTAKE_JOB_H
#define ROLLCALL_INTAKE_JOB_H

#include "lmtpd/intake/post.h"

/** Does job `number` in a child whose walls stand; `setup->tickets` is the jobs' socket, and closed. The process ends after it. */
void job_run(const struct post_setup *setup, gint64 number);

/* ---- for the kinds of job ---- */

/** A job as dispatch gave it. */
struct job {
	const struct post_setup *setup;
	gint64 number, held;
	const char *list, *kind;
	GHashTable *fields;      /**< name to text, both owned by `answer` */
	GVariant *recipients;    /**< aa{ss}: the tokens of each */
	struct io_mapping message; /**< the held post; length 0 when there is none */
	int phase;
	struct deadline deadline;
};

/** An a{ss} as a table; it owns nothing and lives as long as `fields`. The caller unrefs. */
GHashTable *job_read_fields(GVariant *fields) G_GNUC_WARN_UNUSED_RESULT;

/** The K of a mail of ours: of this name alone, so that it is the same on each attempt. */
void job_key(const char *name, guint8 key[POST_KEY_SIZE]);

/** Makes and hands over the notice for each recipient. NONE when all are in Postfix's queue. */
struct verdict job_notify(struct job *job);

/** Sends the held post to the members, after its scenario has been asked again where its author confirmed it. */
struct verdict job_release(struct job *job);

/** Sends one issue of the list's digest to whoever wants digests now. SENT, DISCARDED or DEFERRED. */
struct verdict job_digest(struct job *job);

#endif
