/*
 * Whom the mails of a job go to, read live when the job is taken: so a notice waits for nobody who has lost the role, and no
 * address was kept meanwhile. Who decided becomes an address again in the same way, and for moderators only.
 */
#ifndef ROLLCALL_DISPATCH_JOB_PEOPLE_H
#define ROLLCALL_DISPATCH_JOB_PEOPLE_H

#include "lib/store/store_held.h"
#include "lmtpd/dispatch/worker.h"

struct job_people {
	struct recipients *recipients; /**< sealed; may be empty */
	char *by;                      /**< the decider's address while a moderator, for moderators; else NULL */
};
void job_people_clear(struct job_people *people);
#define job_people_auto __attribute__((cleanup(job_people_clear)))

/**
 * Finds them. `held` is the job's post or NULL. Class NONE: `people` (zero-initialised) is filled; DEFERRED: CRM or store did not
 * answer, or there is nobody who could moderate. The caller clears `people` in both cases.
 */
struct verdict job_people_find(struct worker *worker, const struct store_job *job, const struct store_held *held,
	struct job_people *people) G_GNUC_WARN_UNUSED_RESULT;

#endif
