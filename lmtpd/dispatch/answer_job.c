/*
 * A job is taken in hand, and reported on. The child that asks is a clean one, made for this job alone: it gets the held post, what
 * there is to say, and each receiver's tokens, but no moderator's address. HOSTILE X1, X8; store_job.h says what a crash leaves.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/job_digest.h"
#include "lmtpd/dispatch/job_fields.h"
#include "lmtpd/dispatch/job_people.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/job_tokens.h"
#include "lmtpd/dispatch/store_trouble.h"
#include "lmtpd/dispatch/wish.h"

enum { ATTEMPTS_ALARM = 5 }; /* each so many attempts the log says so aloud */

/* What goes into the answer. */
struct parcel {
	struct store_job *job;   /* borrowed from the phase */
	enum jobs_kind kind;
	struct store_held *held; /* NULL: the job is about none */
	struct job_people people;
	GVariant *fields, *receivers;
	int message;
};

static void parcel_clear(struct parcel *parcel)
{
	store_held_free(parcel->held);
	job_people_clear(&parcel->people);
	g_clear_pointer(&parcel->fields, g_variant_unref);
	g_clear_pointer(&parcel->receivers, g_variant_unref);
	io_close(&parcel->message);
}
#define parcel_auto __attribute__((cleanup(parcel_clear)))

static void drop(struct phase *phase)
{
	g_clear_pointer(&phase->errand.job, store_job_free);
	g_clear_pointer(&phase->errand.recipients, recipients_free);
	store_job_release(phase->worker->store);
}

/* Ends a job that there is nothing to do for. */
static struct verdict end_job(struct phase *phase, const char *why)
{
	g_autoptr(GError) error = NULL;

	if (!store_job_done(phase->worker->store, phase->errand.job->id, &error))
		return store_trouble(error);
	return verdict_discarded("%s", why);
}

static struct verdict take(struct phase *phase, gint64 id)
{
	g_autoptr(GError) error = NULL;

	switch (store_job_take(phase->worker->store, id, &phase->errand.job, &error)) {
	case STORE_TAKE_TAKEN:
		return VERDICT_UNDECIDED;
	case STORE_TAKE_BUSY:
		return verdict_discarded("busy");
	case STORE_TAKE_EARLY:
		return verdict_discarded("early");
	case STORE_TAKE_GONE:
		return verdict_discarded("gone");
	case STORE_TAKE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("take: unknown outcome");
}

static struct verdict check_job(const struct phase *phase, struct parcel *parcel)
{
	const struct store_job *job = phase->errand.job;

	parcel->job = phase->errand.job;
	if (job->attempts % ATTEMPTS_ALARM == 0 && !*jobs_field(job->fields, "turn"))
		log_warning("ALARM list=<%s> job=%" G_GINT64_FORMAT " (%s): attempt %u; the lines before tell why", job->list, job->id,
			job->kind, job->attempts);
	if (jobs_find(job->kind, &parcel->kind) && answer_list_is_ours(phase->worker->settings, job->list))
		return VERDICT_UNDECIDED;
	log_warning("ALARM list=<%s> job=%" G_GINT64_FORMAT ": of a kind or a list that this configuration does not know", job->list,
		job->id);
	return verdict_deferred("4.3.0", "a job that is not understood");
}

/* The message was whole when the decision was made and is not now: who decided must know, and nothing empty goes out. */
static struct verdict lose(struct phase *phase, const struct parcel *parcel, const char *reason)
{
	const char *by = jobs_field(parcel->job->fields, "by");
	struct store *store = phase->worker->store;
	jobs_plan_auto struct jobs_plan plan = {0};
	g_autoptr(GError) error = NULL;

	log_warning("ALARM list=<%s> held=%" G_GINT64_FORMAT ": accepted, but cannot be released: %s", parcel->job->list,
		parcel->held->id, reason);
	jobs_plan_add(&plan, JOBS_ANSWER, jobs_fields((struct jobs_pair[]){{"to-person", by}, {"text", "lost"}, {NULL, NULL}}));
	/* Together, or he would hear it with each attempt that cannot be ended. */
	if (!store_together(store, &error))
		return store_trouble(error);
	gboolean good = (!*by || store_job_add(store, NULL, parcel->job->list, parcel->held->id, &plan.jobs[0], &error)) &&
		store_job_done(store, parcel->job->id, &error);
	return store_together_end(store, good, &error) ? verdict_discarded("its message is lost") : store_trouble(error);
}

static struct verdict find_post(struct phase *phase, struct parcel *parcel)
{
	struct store *store = phase->worker->store;
	g_autoptr(GError) error = NULL;

	if (parcel->job->held == 0)
		return VERDICT_UNDECIDED;
	if (!store_held_get(store, parcel->job->held, &parcel->held, &error))
		return store_trouble(error);
	if (!parcel->held)
		return end_job(phase, "its post is gone");
	if (jobs_row(parcel->kind)->waiting && parcel->held->decision.state != STORE_HELD_WAITING)
		return end_job(phase, "decided meanwhile");
	/* What kills its readers goes to nobody who does not have to read it. */
	if ((parcel->held->message_size == 0 || parcel->held->kind == STORE_HELD_UNPARSED) && parcel->kind != JOBS_RELEASE)
		return VERDICT_UNDECIDED;
	switch (store_held_message(store, parcel->held->id, &parcel->message, &error)) {
	case STORE_MESSAGE_WHOLE:
		return VERDICT_UNDECIDED;
	case STORE_MESSAGE_MISSING:
		return parcel->kind == JOBS_RELEASE ? lose(phase, parcel, error->message) : VERDICT_UNDECIDED;
	case STORE_MESSAGE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("find_post: unknown outcome");
}

static gboolean describe_receiver(struct store *store, const struct parcel *parcel, const char *address,
	GVariantBuilder *builder, GError **error)
{
	guint8 person[STORE_PERSON_SIZE];

	if (!asker_hash(store, address, person, error))
		return FALSE;
	g_autofree char *id = job_fields_id(parcel->job->id, person);
	struct job_bearer bearer = {
		.held = parcel->held,
		.kind = parcel->kind,
		.person = person,
		.word = jobs_field(parcel->job->fields, "word"),
	};
	g_variant_builder_open(builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(builder, "{ss}", "id", id);
	gboolean good = job_tokens_add(store, &bearer, builder, error);
	g_variant_builder_close(builder);
	return good;
}

static struct verdict describe(struct phase *phase, struct parcel *parcel)
{
	const struct recipients *recipients = parcel->people.recipients;
	GVariantBuilder builder;
	gboolean good = TRUE;
	g_autoptr(GError) error = NULL;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{ss}"));
	for (guint i = 0; good && i < recipients_count(recipients); i++)
		good = describe_receiver(phase->worker->store, parcel, recipients_get(recipients, i), &builder, &error);
	parcel->receivers = g_variant_ref_sink(g_variant_builder_end(&builder));
	parcel->fields = g_variant_ref_sink(job_fields_make(parcel->job, parcel->held, parcel->people.by));
	return good ? VERDICT_UNDECIDED : store_trouble(error);
}

/* One mail for many, and whom it goes to is asked as for a post. */
static struct verdict read_digest(struct phase *phase, struct parcel *parcel)
{
	struct verdict verdict = job_digest_read(phase->worker->store, parcel->job, &parcel->fields, &parcel->message);

	if (verdict.class == VERDICT_DISCARDED)
		return end_job(phase, "its issue is gone");
	parcel->receivers = g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE("a{ss}"), NULL, 0));
	return verdict;
}

/* A job without a mail: it is done here and now, and leaves one that tells the author. */
static struct verdict grant(struct phase *phase, const struct parcel *parcel)
{
	const struct store_held *held = parcel->held;

	if (!held || !*held->author || !wish_is_word(jobs_field(held->facts, WISH_FACT)))
		return end_job(phase, "its wish is gone");
	struct verdict verdict = wish_grant(phase->worker, held, parcel->job);

	if (verdict_is_final(&verdict))
		return verdict;
	job_tickets_send_due(phase->worker->jobs, phase->worker->store);
	return verdict_discarded("its wish is granted");
}

/* Whether the author of the post, whom nothing proves, may be asked about it by now; else the job waits. */
static struct verdict wait_for_turn(struct phase *phase, const struct parcel *parcel)
{
	g_autoptr(GError) error = NULL;
	gboolean now = TRUE;

	if (!parcel->held || !g_str_equal(jobs_field(parcel->job->fields, "turn"), "later"))
		return VERDICT_UNDECIDED;
	struct verdict verdict = asker_may_hear(phase->worker->store, parcel->held->list, parcel->held->author, &now);

	if (verdict_is_final(&verdict) || now)
		return verdict;
	return store_job_retry(phase->worker->store, parcel->job->id, &error) ? verdict_discarded("not today") : store_trouble(error);
}

static struct verdict fill(struct phase *phase, gint64 id, struct parcel *parcel)
{
	struct verdict verdict = take(phase, id);

	if (!verdict_is_final(&verdict))
		verdict = check_job(phase, parcel);
	if (!verdict_is_final(&verdict))
		verdict = find_post(phase, parcel);
	if (!verdict_is_final(&verdict))
		verdict = wait_for_turn(phase, parcel);
	if (!verdict_is_final(&verdict) && parcel->kind == JOBS_WISH)
		return grant(phase, parcel);
	if (!verdict_is_final(&verdict) && parcel->kind == JOBS_DIGEST)
		return read_digest(phase, parcel);
	if (!verdict_is_final(&verdict))
		verdict = job_people_find(phase->worker, parcel->job, parcel->held, &parcel->people);
	if (!verdict_is_final(&verdict))
		verdict = describe(phase, parcel);
	return verdict;
}

GVariant *answer_job(struct phase *phase, GVariant *arguments, int fd)
{
	parcel_auto struct parcel parcel = {.message = -1};
	struct verdict verdict;
	gint64 id;

	g_variant_get(arguments, "(x)", &id);
	/* One for each child: a post that is released is parsed there, and what owns that child must not see the next. */
	if (!phase->errand.may)
		verdict = verdict_deferred("4.3.0", "internal trouble (job)");
	else
		verdict = fill(phase, id, &parcel);
	phase->errand.may = FALSE;
	if (verdict_is_final(&verdict)) {
		drop(phase);
		return g_variant_new("(@(uuss)ssx@a{ss}@aa{ss})", wire_verdict(&verdict), "", "", (gint64)0,
			g_variant_new_array(G_VARIANT_TYPE("{ss}"), NULL, 0), g_variant_new_array(G_VARIANT_TYPE("a{ss}"), NULL, 0));
	}
	phase->errand.recipients = g_steal_pointer(&parcel.people.recipients);
	phase->answer_fd = io_steal_fd(&parcel.message);
	return g_variant_new("(@(uuss)ssx@a{ss}@aa{ss})", wire_verdict(&verdict), parcel.job->kind, parcel.job->list,
		parcel.job->held, parcel.fields, parcel.receivers);
}

/*
 * A release that can never be: its moderators get the post with the reason, or its author, who has confirmed it and is refused by the rules.
 * Before the job ends, since with its last job the post goes; and together with it, or each attempt that cannot be ended would tell again.
 */
static gboolean end_told(struct phase *phase, const char *why, GError **error)
{
	struct store *store = phase->worker->store;
	const struct store_job *job = phase->errand.job;
	gboolean confirmed = strcmp(jobs_field(job->fields, "state"), store_held_word(STORE_HELD_CONFIRMED)) == 0;
	jobs_plan_auto struct jobs_plan plan = {0};

	if (*why == '\0' || strcmp(job->kind, jobs_row(JOBS_RELEASE)->word) != 0)
		return store_job_done(store, job->id, error);
	jobs_plan_add(&plan, confirmed ? JOBS_REFUSED : JOBS_RELEASE_FAILED,
		jobs_fields((struct jobs_pair[]){{"why", why}, {NULL, NULL}}));
	if (!store_together(store, error))
		return FALSE;
	gboolean good = store_job_add(store, NULL, job->list, job->held, &plan.jobs[0], error) && store_job_done(store, job->id, error);
	return store_together_end(store, good, error);
}

static gboolean is_digest(const struct store_job *job)
{
	enum jobs_kind kind;

	return jobs_find(job->kind, &kind) && kind == JOBS_DIGEST;
}

static gboolean end_errand(struct phase *phase, gboolean done, const char *why, GError **error)
{
	struct store *store = phase->worker->store;
	gint64 id = phase->errand.job->id;

	if (!done)
		return store_job_retry(store, id, error);
	if (is_digest(phase->errand.job))
		return store_digest_done(store, job_digest_issue(phase->errand.job), id, error);
	return end_told(phase, why, error);
}

GVariant *answer_job_done(struct phase *phase, GVariant *arguments, int fd)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;
	const char *why;
	gboolean done;

	g_variant_get(arguments, "(b&s)", &done, &why);
	if (!phase->errand.job || g_variant_get_size(arguments) > ANSWER_ARGUMENTS)
		verdict = verdict_deferred("4.3.0", "internal trouble (job done)");
	else if (!end_errand(phase, done, why, &error))
		verdict = store_trouble(error);
	drop(phase);
	job_tickets_send_due(phase->worker->jobs, phase->worker->store);
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}
