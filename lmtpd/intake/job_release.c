/*
 * A held post goes out: the stored original, cooked and signed now. Where its author has confirmed it the scenario is asked again, and may
 * still want a moderator.
 */
#include <string.h>

#include "lmtpd/intake/job.h"

/*
 * What nobody had read when it was held may have been for a role address. What a robot would have answered goes to the owners: whoever let it out
 * wants a person to see it.
 */
static enum list_role release_role(const struct job *job)
{
	const char *word = g_hash_table_lookup(job->fields, "fact-role");

	if (!word || strcmp(word, list_role_word(LIST_ROLE_POST)) == 0)
		return LIST_ROLE_POST;
	return strcmp(word, list_role_word(LIST_ROLE_EDITOR)) == 0 ? LIST_ROLE_EDITOR : LIST_ROLE_OWNER;
}

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
		.role = release_role(job),
		.held = job->held,
		.unfiltered = g_strcmp0(g_hash_table_lookup(job->fields, "held-reason"), POST_HELD_FILTER) == 0,
		.key = g_hash_table_lookup(job->fields, "fact-key"),
		.phase = job->phase,
		.raw = job->message,
	};

	/* The store gives out whole messages or none, and none is told to the moderators by dispatch. */
	if (job->message.length == 0)
		return verdict_discarded("the held post is gone");
	return post_release(job->setup, &release);
}
