/*
 * Job tickets: the numbers of due jobs, each a datagram of eight bytes (gint64, host order), to intake's parent, which makes a clean
 * child for each. A ticket is a hint and no promise: one too many finds the job busy or gone, one that was lost comes
 * again with the clock. So nothing ever waits here.
 */
#ifndef ROLLCALL_DISPATCH_JOB_TICKETS_H
#define ROLLCALL_DISPATCH_JOB_TICKETS_H

#include "lib/store/store_job.h"

enum { JOB_TICKETS_MOST = 10 }; /* at a time: intake forks for each */

/** Sends one. FALSE when the socket is full, or nobody is there: later. */
gboolean job_tickets_send(int jobs, gint64 id);

/** Sends the due ones, at most JOB_TICKETS_MOST: what a worker does that has just written a job. */
void job_tickets_send_due(int jobs, struct store *store);

#endif
