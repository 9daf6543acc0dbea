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

static struct verdict take_turn(struct store *store, const struct asker *asker, const char *what, gboolean *now)
{
	g_autoptr(GError) error = NULL;
	enum store_answer answer = store_person_answer(store, asker->person, what, &error);

	*now = answer == STORE_ANSWER_NOW;
	return answer == STORE_ANSWER_TROUBLE ? store_trouble(error) : VERDICT_UNDECIDED;
}

/* The transaction stays open for whoever has the turn. */
static struct verdict begin_turn(struct store *store, const struct asker *asker, const char *what, gboolean *now)
{
	g_autoptr(GError) error = NULL;

	*now = FALSE;
	if (!store_together(store, &error))
		return store_trouble(error);
	struct verdict verdict = take_turn(store, asker, what, now);
	return *now ? verdict : asker_end(store, verdict);
}

struct verdict asker_may(struct store *store, const struct asker *asker, gboolean *now)
{
	return begin_turn(store, asker, asker->list, now);
}

struct verdict asker_end(struct store *store, struct verdict verdict)
{
	gboolean good = verdict.class != VERDICT_DEFERRED;
	g_autoptr(GError) error = NULL;

	return store_together_end(store, good, &error) || !good ? verdict : store_trouble(error);
}

/* No list is called so. */
static char *hearing(const char *list)
{
	return g_strdup_printf("held %s", list);
}

struct verdict asker_may_hear(struct store *store, const char *list, const char *author, gboolean *now)
{
	g_autofree char *what = hearing(list);
	guint8 person[STORE_PERSON_SIZE];
	g_autoptr(GError) error = NULL;
	const struct asker asker = {.list = list, .address = author, .person = person};

	*now = FALSE;
	return asker_hash(store, author, person, &error) ? take_turn(store, &asker, what, now) : store_trouble(error);
}

gboolean asker_has_heard(struct store *store, const char *list, const char *author, GError **error)
{
	g_autofree char *what = hearing(list);
	guint8 person[STORE_PERSON_SIZE];

	return asker_hash(store, author, person, error) && store_person_forget_answer(store, person, what, error) &&
		store_job_hasten(store, jobs_row(JOBS_NOTICE_AUTHOR)->word, list, author, error);
}

struct verdict asker_may_ask(struct store *store, const struct asker *asker, gint64 held, const char *word, gboolean *now)
{
	/* No list is called so. */
	g_autofree char *what = g_strdup_printf("second %" G_GINT64_FORMAT " %s", held, word);

	return begin_turn(store, asker, what, now);
}

static struct verdict write_job(struct phase *phase, const struct asker *asker, gint64 held, const struct store_job_plan *plan,
	gboolean last)
{
	g_autoptr(GError) error = NULL;

	if (store_job_add(phase->worker->store, last && phase->claimed ? phase->key : NULL, asker->list, held, plan, &error))
		return VERDICT_UNDECIDED;
	return store_trouble(error);
}

/* With the receiver: a moderator by hash, anybody else by address. */
static GVariant *address_to(const struct asker *asker, GVariant *fields)
{
	g_autofree char *hex = asker->moderator ? jobs_hex(asker->person) : NULL;

	return jobs_fields_set(fields, hex ? "to-person" : "to", hex ? hex : asker->address);
}

struct verdict asker_answer(struct phase *phase, const struct asker *asker, gint64 held, GVariant *fields, gboolean last)
{
	jobs_plan_auto struct jobs_plan plan = {0};

	jobs_plan_add(&plan, JOBS_ANSWER, address_to(asker, fields));
	return write_job(phase, asker, held, &plan.jobs[0], last);
}

struct verdict asker_ask(struct phase *phase, const struct asker *asker, gint64 held, GVariant *fields)
{
	jobs_plan_auto struct jobs_plan plan = {0};

	jobs_plan_add(&plan, JOBS_SECOND, address_to(asker, fields));
	return write_job(phase, asker, held, &plan.jobs[0], TRUE);
}
