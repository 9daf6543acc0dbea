/* Whom a job's mails go to; see job_people.h. */
#include "lmtpd/dispatch/job_people.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/store_trouble.h"

void job_people_clear(struct job_people *people)
{
	g_clear_pointer(&people->recipients, recipients_free);
	g_clear_pointer(&people->by, g_free);
}

/* Which of the live moderators are meant. */
struct choice {
	const char *only, *without; /* hashes in hex, "" for none */
	const char *by;
};

static gboolean choose(struct store *store, const struct recipients *live, const struct choice *choice,
	struct job_people *people, GError **error)
{
	for (guint i = 0; i < recipients_count(live); i++) {
		const char *address = recipients_get(live, i);
		guint8 person[STORE_PERSON_SIZE];

		if (!asker_hash(store, address, person, error))
			return FALSE;
		g_autofree char *hex = jobs_hex(person);
		if (!people->by && strcmp(hex, choice->by) == 0)
			people->by = g_strdup(address);
		if (strcmp(hex, choice->without) == 0 || (*choice->only && strcmp(hex, choice->only) != 0))
			continue;
		recipients_add(people->recipients, address);
	}
	return TRUE;
}

static struct verdict find_moderators(struct worker *worker, const struct store_job *job, const struct choice *choice,
	struct job_people *people)
{
	const struct crm_wish wish = {.list = job->list, .role = LIST_ROLE_EDITOR};
	roster_auto struct roster *live = NULL;
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;

	switch (crm_roster(worker->crm, &wish, &live, &reading, &verdict)) {
	case CRM_TROUBLE:
		return verdict;
	case CRM_NOT_FOUND:
		return VERDICT_UNDECIDED;
	case CRM_FOUND:
		break;
	}
	return choose(worker->store, live->of[RECEPTION_MAIL], choice, people, &error) ? VERDICT_UNDECIDED : store_trouble(error);
}

/* A post that nobody can be asked about must not be forgotten: it is tried again, and the log says so each time. */
static struct verdict check_anybody(const struct store_job *job, enum jobs_kind kind, const struct job_people *people)
{
	if ((kind != JOBS_NOTICE_MODERATORS && kind != JOBS_NOTICE_OWNERS) || recipients_count(people->recipients) > 0)
		return VERDICT_UNDECIDED;
	log_warning("ALARM list=<%s> held=%" G_GINT64_FORMAT ": nobody in the CRM is its moderator or owner: the post waits, "
				"and nobody knows", job->list, job->held);
	return verdict_deferred("4.2.1", "the list has no moderator right now");
}

/* Nobody to tell is no reason to keep somebody's address for ever. */
static struct verdict find_owners(struct worker *worker, const struct store_job *job, struct job_people *people)
{
	const struct crm_wish wish = {.list = job->list, .role = LIST_ROLE_OWNER};
	roster_auto struct roster *live = NULL;
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;

	if (crm_roster(worker->crm, &wish, &live, &reading, &verdict) == CRM_TROUBLE)
		return verdict;
	for (guint i = 0; live && i < roster_count(live, RECEPTION_MAIL); i++)
		recipients_add(people->recipients, recipients_get(live->of[RECEPTION_MAIL], i));
	if (recipients_count(people->recipients) == 0 && job->held == 0)
		log_warning("ALARM list=<%s>: nobody in the CRM is its owner: %s, and nobody hears of it", job->list,
			*jobs_field(job->fields, "person") ? "somebody wants to join or to leave" : jobs_field(job->fields, "text"));
	return VERDICT_UNDECIDED;
}

static struct verdict find(struct worker *worker, const struct store_job *job, const struct store_held *held,
	struct job_people *people)
{
	const char *by = jobs_field(job->fields, "by"), *asker = jobs_field(job->fields, "to-person");
	enum jobs_kind kind;

	if (!jobs_find(job->kind, &kind))
		return verdict_deferred("4.3.0", "a job of unknown kind");
	switch (jobs_row(kind)->whom) {
	case JOBS_NOBODY:
		return VERDICT_UNDECIDED;
	case JOBS_OWNERS: {
		struct verdict verdict = find_owners(worker, job, people);

		return verdict_is_final(&verdict) ? verdict : check_anybody(job, kind, people);
	}
	case JOBS_AUTHOR:
		if (held && *held->author)
			recipients_add(people->recipients, held->author);
		return VERDICT_UNDECIDED;
	case JOBS_ASKER:
		if (*asker)
			return find_moderators(worker, job, &(struct choice){.only = asker, .without = "", .by = by}, people);
		if (*jobs_field(job->fields, "to"))
			recipients_add(people->recipients, jobs_field(job->fields, "to"));
		return VERDICT_UNDECIDED;
	case JOBS_MODERATORS: {
		struct verdict verdict =
			find_moderators(worker, job, &(struct choice){.only = "", .without = by, .by = by}, people);

		return verdict_is_final(&verdict) ? verdict : check_anybody(job, kind, people);
	}
	}
	log_panic("job_people_find: unknown kind");
}

struct verdict job_people_find(struct worker *worker, const struct store_job *job, const struct store_held *held,
	struct job_people *people)
{
	people->recipients = recipients_new();
	struct verdict verdict = find(worker, job, held, people);
	recipients_seal(people->recipients);
	return verdict;
}
