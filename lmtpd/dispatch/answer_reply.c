/*
 * Answers somebody who wrote to a role address, at most once a day for each address and list: who he is nobody has proved
 * (HOSTILE X10). The mail itself is composed by the child that gets the job.
 */
#include <string.h>

#include "lib/store/jobs.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/store_trouble.h"

/* The K of the mail stays open: the owners may get the mail as well. */
static struct verdict reply(struct phase *phase, struct asker *asker, GVariant *fields, gboolean *now)
{
	guint8 person[STORE_PERSON_SIZE];
	g_autoptr(GError) error = NULL;
	struct worker *worker = phase->worker;

	if (!asker_hash(worker->store, asker->address, person, &error))
		return store_trouble(error);
	asker->person = person;
	struct verdict verdict = asker_may(worker->store, asker, now);
	if (verdict_is_final(&verdict) || !*now)
		return verdict;
	verdict = asker_end(worker->store, asker_answer(phase, asker, 0, fields, FALSE));
	job_tickets_send_due(worker->jobs, worker->store);
	return verdict;
}

GVariant *answer_reply(struct phase *phase, GVariant *arguments, int fd)
{
	struct asker asker = {0};
	const char *text;
	gboolean now = FALSE;
	struct verdict verdict;
	g_autoptr(GVariant) fields = NULL;

	g_variant_get(arguments, "(&s&s&s@a{ss})", &asker.list, &asker.address, &text, &fields);
	/* Whose answer it is, is said by the address alone: "by" and "to-person" are dispatch's own. */
	g_autoptr(GVariant) named = g_variant_ref_sink(
		jobs_fields_set(jobs_fields_set(jobs_fields_set(fields, "text", text), "to-person", ""), "by", ""));
	if (g_variant_get_size(arguments) > ANSWER_ARGUMENTS || !answer_list_is_ours(phase->worker->settings, asker.list) ||
		!asker_is_address(asker.address))
		verdict = verdict_deferred("4.3.0", "internal trouble (answer)");
	else
		verdict = reply(phase, &asker, named, &now);
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), now && !verdict_is_final(&verdict) ? "queued" : "later");
}
