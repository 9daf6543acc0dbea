/*
 * A held post goes out: the stored original, cooked and signed now. Where its author has confirmed it the scenario is asked again, and may
 * still want a moderator.
 */
#include "lmtpd/intake/job.h"

struct verdict job_release(struct job *job)
{
	const char *sender = g_hash_table_lookup(job->fields, "held-sender");
	const char *state = g_hash_table_lookup(job->fields, "state");
	const struct post_release release = {
		.list = job->list,
		.sender = sender ? sender : "",
		.method = g_strcmp0(state, "confirmed") == 0 ? "md5" : NULL,
		.client_name = g_hash_table_lookup(job->fields, "fact-client-name"),
		.client_address = g_hash_table_lookup(job->fields, "fact-client-address"),
		.authentication = g_hash_table_lookup(job->fields, "fact-authentication"),
		.smtputf8 = g_hash_table_contains(job->fields, "fact-smtputf8"),
		.held = job->held,
		.phase = job->phase,
		.raw = job->message,
	};

	/* The store gives out whole messages or none, and none is told to the moderators by dispatch. */
	if (job->message.length == 0)
		return verdict_discarded("the held post is gone");
	return post_release(job->setup, &release);
}
