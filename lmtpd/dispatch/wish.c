/* Wishes to join or to leave; see wish.h. */
#include "lmtpd/dispatch/wish.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lmtpd/dispatch/store_trouble.h"

static gboolean is_to_join(const char *word)
{
	return strcmp(word, "subscribe") == 0;
}

gboolean wish_is_word(const char *word)
{
	return is_to_join(word) || strcmp(word, "unsubscribe") == 0;
}

const char *wish_procedure(const struct settings *settings, const struct wish *wish)
{
	const char *name =
		settings_text(settings, is_to_join(wish->word) ? SET_subscribe_procedure : SET_unsubscribe_procedure, NULL);

	return *name && settings_is(settings, SET_subscription_requests, wish->list, "procedure") ? name : NULL;
}

static enum crm_call call(struct worker *worker, const struct wish *wish, char **words, struct verdict *verdict)
{
	const struct crm_call_plan plan = {
		.procedure = wish_procedure(worker->settings, wish),
		.list = wish->list,
		.person = wish->person,
	};

	*words = NULL;
	return worker->dry ? CRM_CALL_DONE : crm_call(worker->crm, &plan, words, verdict);
}

struct verdict wish_call(struct worker *worker, const struct wish *wish, GVariant **fields, gboolean *refused)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	const char *text = is_to_join(wish->word) ? "subscribed" : "unsubscribed";
	g_autofree char *words = NULL;

	*refused = FALSE;
	switch (call(worker, wish, &words, &verdict)) {
	case CRM_CALL_DONE:
		break;
	case CRM_CALL_REFUSED:
		*refused = TRUE;
		text = "wish-refused";
		break;
	case CRM_CALL_TROUBLE:
		return verdict;
	}
	if (!worker->dry)
		log_info("list=<%s>: wish to %s: the CRM %s", wish->list, wish->word, *refused ? "refuses it" : "has done it");
	*fields = jobs_fields((struct jobs_pair[]){{"text", text}, {"words", words}, {NULL, NULL}});
	return VERDICT_UNDECIDED;
}

static gboolean add_note(struct store *store, const struct wish *wish, GError **error)
{
	jobs_plan_auto struct jobs_plan plan = {0};

	jobs_plan_add(&plan, JOBS_NOTE,
		jobs_fields((struct jobs_pair[]){{"text", is_to_join(wish->word) ? "note-subscribe" : "note-unsubscribe"},
			{"person", wish->person}, {NULL, NULL}}));
	return store_job_add(store, NULL, wish->list, 0, &plan.jobs[0], error);
}

struct verdict wish_note(struct store *store, const struct wish *wish)
{
	g_autoptr(GError) error = NULL;

	return add_note(store, wish, &error) ? VERDICT_UNDECIDED : store_trouble(error);
}

struct verdict wish_grant(struct worker *worker, const struct store_held *held, const struct store_job *job)
{
	const struct wish wish = {.list = held->list, .person = held->author, .word = jobs_field(held->facts, WISH_FACT)};
	gboolean procedure = wish_procedure(worker->settings, &wish) != NULL, refused;
	struct verdict verdict = VERDICT_UNDECIDED;
	jobs_plan_auto struct jobs_plan plan = {0};
	struct store *store = worker->store;
	g_autoptr(GError) error = NULL;
	GVariant *fields = NULL;

	if (procedure)
		verdict = wish_call(worker, &wish, &fields, &refused);
	if (verdict_is_final(&verdict))
		return verdict;
	if (!procedure)
		fields = jobs_fields((struct jobs_pair[]){{"text", wish.word}, {"done-key", "wish-noted"}, {NULL, NULL}});
	jobs_plan_add(&plan, JOBS_ANSWER, jobs_fields_set(fields, "to", wish.person));
	if (!store_together(store, &error))
		return store_trouble(error);
	gboolean good = (procedure || add_note(store, &wish, &error)) &&
		store_job_add(store, NULL, wish.list, held->id, &plan.jobs[0], &error) && store_job_done(store, job->id, &error);
	return store_together_end(store, good, &error) ? VERDICT_UNDECIDED : store_trouble(error);
}
