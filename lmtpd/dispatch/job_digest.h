/* What a child gets that sends one issue of a digest: its numbers, and its posts in one memory file. */
#ifndef ROLLCALL_DISPATCH_JOB_DIGEST_H
#define ROLLCALL_DISPATCH_JOB_DIGEST_H

#include "lib/base/verdict.h"
#include "lib/store/store_kept.h"

/**
 * Class NONE: `*fields` are the job's own with volume, number and closed, and `*bundle` a sealed memory file (lib/wire/bundle.h) that the caller closes; a
 * post that the store has damaged is left out with an alarm. DISCARDED: there is no such issue any more. DEFERRED: no answer.
 */
struct verdict job_digest_read(struct store *store, const struct store_job *job, GVariant **fields, int *bundle)
	G_GNUC_WARN_UNUSED_RESULT;

/** The number of the issue that the job is about. */
gint64 job_digest_issue(const struct store_job *job);

#endif
