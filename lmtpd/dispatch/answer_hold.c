/*
 * Holds a post for a moderator's or its author's word: message, envelope, first jobs and K in one durable transaction, so that a
 * kill at any point leaves a post that is held, or one that Postfix brings again.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lib/store/store_held.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/store_trouble.h"

static gboolean is_fact(const struct store_held_plan *plan, const char *name)
{
	return g_str_equal(jobs_field(plan->facts, name), "yes");
}

/*
 * Whom to tell. A confirmation is the author's alone: without one there is nobody to ask. An author whom nothing proves hears once a day
 * that posts wait for others; of those that wait for him he is asked about the next when he has answered, or a day later.
 */
static struct verdict plan_jobs(struct store *store, const struct store_held_plan *plan, struct jobs_plan *jobs)
{
	gboolean moderation = plan->kind == STORE_HELD_MODERATION || plan->kind == STORE_HELD_AMBIGUOUS, now = TRUE;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (plan->kind == STORE_HELD_UNPARSED)
		jobs_plan_add(jobs, JOBS_NOTICE_OWNERS, NULL);
	if (moderation)
		jobs_plan_add(jobs, JOBS_NOTICE_MODERATORS, NULL);
	if (!*plan->author || (moderation && !is_fact(plan, "tell-author")))
		return verdict;
	if (is_fact(plan, "unproved"))
		verdict = asker_may_hear(store, plan->list, plan->author, &now);
	if (now)
		jobs_plan_add(jobs, JOBS_NOTICE_AUTHOR, NULL);
	else if (!moderation)
		jobs_plan_add(jobs, JOBS_NOTICE_AUTHOR, jobs_fields((struct jobs_pair[]){{"turn", "later"}, {NULL, NULL}}));
	return verdict;
}

/* The store maps it again; here only its size matters. */
static gboolean is_message(const struct phase *phase, int fd)
{
	struct io_mapping mapping;
	gboolean good = answer_map_message(phase->worker->settings, fd, &mapping);

	if (good)
		io_unmap(&mapping);
	return good;
}

/* A confirmation is asked of somebody; who wrote what nobody has read, nobody knows. */
static gboolean is_kind(const struct store_held_plan *plan)
{
	switch (plan->kind) {
	case STORE_HELD_MODERATION:
	case STORE_HELD_AMBIGUOUS:
		return TRUE;
	case STORE_HELD_CONFIRMATION:
		return *plan->author != '\0';
	case STORE_HELD_UNPARSED:
		return *plan->author == '\0';
	}
	return FALSE;
}

static gboolean is_sound(const struct phase *phase, const struct store_held_plan *plan, GVariant *key)
{
	guint8 claimed[STORE_KEY_SIZE];

	return plan->message >= 0 && is_message(phase, plan->message) && phase->claimed && answer_read_key(key, claimed) &&
		memcmp(claimed, phase->key, sizeof(claimed)) == 0 &&
		answer_list_is_ours(phase->worker->settings, plan->list) && (!*plan->author || asker_is_address(plan->author)) &&
		is_kind(plan);
}

/* Together: who is told of it is remembered as told, and a post that cannot be held is held at its next attempt. */
static struct verdict hold(struct phase *phase, struct store_held_plan *plan, gint64 *id)
{
	struct store *store = phase->worker->store;
	jobs_plan_auto struct jobs_plan jobs = {0};
	g_autoptr(GError) error = NULL;

	if (!store_together(store, &error))
		return store_trouble(error);
	struct verdict verdict = plan_jobs(store, plan, &jobs);

	plan->life = settings_number(phase->worker->settings, SET_held_life, plan->list);
	plan->jobs = jobs.jobs;
	plan->job_count = jobs.count;
	if (!verdict_is_final(&verdict) && !store_held_add(store, phase->key, plan, id, &error))
		verdict = store_trouble(error);
	verdict = asker_end(store, verdict);
	if (verdict_is_final(&verdict))
		return verdict;
	job_tickets_send_due(phase->worker->jobs, store);
	return verdict_sent("held as %" G_GINT64_FORMAT, *id);
}

GVariant *answer_hold(struct phase *phase, GVariant *arguments, int fd)
{
	struct store_held_plan plan = {.message = fd};
	struct verdict verdict;
	guint kind;
	gint64 id = 0;
	g_autoptr(GVariant) key = NULL;
	g_autoptr(GVariant) facts = NULL;

	g_variant_get(arguments, "(&s@ayu&s&s&s@a{ss})", &plan.list, &key, &kind, &plan.author, &plan.sender, &plan.reason,
		&facts);
	plan.kind = (enum store_held_kind)kind;
	plan.facts = facts;
	/* What is held comes back in a JOB answer, with more beside it. */
	if (g_variant_get_size(arguments) > ANSWER_ARGUMENTS || !is_sound(phase, &plan, key))
		verdict = verdict_deferred("4.3.0", "internal trouble (hold)");
	else
		verdict = hold(phase, &plan, &id);
	return g_variant_new("(@(uuss)x)", wire_verdict(&verdict), id);
}
