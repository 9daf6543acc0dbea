/* Notes to owners; see owner_note.h. */
#include "lmtpd/dispatch/owner_note.h"

#include "lib/base/log.h"

/* The day is kept as that of any answer; the list itself is the person, whom nobody else is. */
static gboolean take_turn(struct store *store, const char *list, const char *text, gboolean *now, GError **error)
{
	g_autofree char *what = g_strdup_printf("%s %s", text, list);
	guint8 person[STORE_PERSON_SIZE];

	if (!store_person_hash(store, list, person, error))
		return FALSE;
	enum store_answer answer = store_person_answer(store, person, what, error);
	*now = answer == STORE_ANSWER_NOW;
	return answer != STORE_ANSWER_TROUBLE;
}

void owner_note(struct store *store, const char *list, const char *text, const struct jobs_pair *fields)
{
	jobs_plan_auto struct jobs_plan plan = {0};
	g_autoptr(GError) error = NULL;
	gboolean now = FALSE, good = store_together(store, &error);

	jobs_plan_add(&plan, JOBS_NOTE, jobs_fields_set(jobs_fields(fields), "text", text));
	/* A day on which they have heard nothing is not used up. */
	if (good)
		good = store_together_end(store,
			take_turn(store, list, text, &now, &error) && (!now || store_job_add(store, NULL, list, 0, &plan.jobs[0], &error)), &error);
	if (!good)
		log_warning("list=<%s>: its owners cannot be told (%s): %s", list, text, error->message);
}
