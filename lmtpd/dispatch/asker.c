/* Answers to whoever wrote; see asker.h. */
#include "lmtpd/dispatch/asker.h"

#include <string.h>

#include "lib/list/address.h"
#include "lib/store/jobs.h"
#include "lmtpd/dispatch/store_trouble.h"

gboolean asker_is_address(const char *text)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	return address_normalise(text, strlen(text), TRUE, normal) == ADDRESS_OK && strcmp(normal->str, text) == 0;
}

gboolean asker_hash(struct store *store, const char *address, guint8 person[STORE_PERSON_SIZE], GError **error)
{
	g_autofree char *key = address_key(address);

	return store_person_hash(store, key, person, error);
}

struct verdict asker_may(struct store *store, const struct asker *asker, gboolean *now)
{
	g_autoptr(GError) error = NULL;
	enum store_answer answer = store_person_answer(store, asker->person, asker->list, &error);

	*now = answer == STORE_ANSWER_NOW;
	return answer == STORE_ANSWER_TROUBLE ? store_trouble(error) : VERDICT_UNDECIDED;
}

struct verdict asker_answer(struct phase *phase, const struct asker *asker, gint64 held, GVariant *fields, gboolean last)
{
	g_autofree char *hex = asker->moderator ? jobs_hex(asker->person) : NULL;
	jobs_plan_auto struct jobs_plan plan = {0};
	g_autoptr(GError) error = NULL;

	jobs_plan_add(&plan, JOBS_ANSWER, jobs_fields_set(fields, hex ? "to-person" : "to", hex ? hex : asker->address));
	if (store_job_add(phase->worker->store, last && phase->claimed ? phase->key : NULL, asker->list, held, &plan.jobs[0],
		    &error))
		return VERDICT_UNDECIDED;
	return store_trouble(error);
}
