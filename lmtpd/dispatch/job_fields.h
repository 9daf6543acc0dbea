/* What a child learns of a job: its fields, what there is to say of its post, and how its receivers are told apart without a name. */
#ifndef ROLLCALL_DISPATCH_JOB_FIELDS_H
#define ROLLCALL_DISPATCH_JOB_FIELDS_H

#include "lib/store/store_held.h"

/**
 * The a{ss} of a JOB answer (wire.h), floating: the job's own fields with `by` (an address, or NULL) in the place of the decider's
 * hash, and those of the post (`held` may be NULL).
 */
GVariant *job_fields_make(const struct store_job *job, const struct store_held *held, const char *by);

/**
 * What is the same for this job and person each time, and tells nobody who it is: hex of SHA-256(job, person's hash). A list of
 * moderators that changes between two attempts changes places, not these. The caller frees it.
 */
char *job_fields_id(gint64 job, const guint8 person[STORE_PERSON_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

#endif
