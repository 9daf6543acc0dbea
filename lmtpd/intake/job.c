/* Jobs from beginning to end; see job.h. */
#include "lmtpd/intake/job.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"

GHashTable *job_read_fields(GVariant *fields)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
	GVariantIter iterator;
	const char *name, *value;

	g_variant_iter_init(&iterator, fields);
	while (g_variant_iter_next(&iterator, "{&s&s}", &name, &value))
		g_hash_table_insert(table, (char *)name, (char *)value);
	return table;
}

void job_key(const char *name, guint8 key[POST_KEY_SIZE])
{
	if (EVP_Digest(name, strlen(name), key, NULL, EVP_sha256(), NULL) != 1)
		log_panic("job: there is no SHA-256");
}

static struct verdict do_kind(struct job *job)
{
	if (strcmp(job->kind, "release") == 0)
		return job_release(job);
	if (strcmp(job->kind, "digest") == 0)
		return job_digest(job);
	return job_notify(job);
}

/* Says how it went. A job that failed is tried again by the clock. */
static void conclude(struct job *job, const struct verdict *verdict)
{
	gboolean done = verdict->class != VERDICT_DEFERRED;
	struct verdict answer_verdict;
	struct wire_question question = {
		.request = WIRE_JOB_DONE,
		.arguments = g_variant_new("(bs)", done, verdict->class == VERDICT_REFUSED ? verdict->text : ""),
		.fd = -1,
	};
	g_autoptr(GVariant) answer = wire_call(job->phase, &question, job->deadline, &answer_verdict);

	log_info("job %" G_GINT64_FORMAT ": list=<%s>, kind=%s, held=%" G_GINT64_FORMAT ", status=%s%s%s", job->number, job->list,
		job->kind, job->held, done ? "done" : "deferred", *verdict->text ? " " : "", verdict->text);
	if (verdict->class == VERDICT_REFUSED)
		log_warning("ALARM list=<%s> held=%" G_GINT64_FORMAT " (%s): it cannot be sent: %s", job->list, job->held, job->kind,
			verdict->text);
}

static void run_job(struct job *job, GVariant *answer, int message)
{
	g_autoptr(GVariant) fields = NULL;
	g_autoptr(GVariant) recipients = NULL;
	struct verdict verdict;

	g_variant_get(answer, "(@(uuss)&s&sx@a{ss}@aa{ss})", NULL, &job->kind, &job->list, &job->held, &fields, &recipients);
	job->fields = job_read_fields(fields);
	job->recipients = recipients;
	if (message >= 0 && !io_map(message, TRUE, &job->message))
		verdict = verdict_deferred("4.3.1", "cannot read the held post");
	else
		verdict = do_kind(job);
	conclude(job, &verdict);
	g_hash_table_unref(job->fields);
	io_unmap(&job->message);
}

void job_run(const struct post_setup *setup, gint64 number)
{
	struct deadline deadline = deadline_in(WIRE_JOB_TIME);
	struct job job = {.setup = setup, .number = number, .deadline = deadline, .phase = wire_open(setup->tickets, deadline)};
	int tickets = setup->tickets;
	struct verdict verdict = VERDICT_UNDECIDED;
	io_autofd int message = -1;
	struct wire_question question = {
		.request = WIRE_JOB,
		.arguments = g_variant_ref_sink(g_variant_new("(x)", number)),
		.fd = -1,
		.answer_fd = &message,
	};

	/* One phase is all that this child gets: the post that it may parse must not find a way to the next job. */
	io_close(&tickets);
	if (job.phase >= 0) {
		g_autoptr(GVariant) answer = wire_call(job.phase, &question, deadline, &verdict);

		/* Gone, busy or too early is no trouble: another child was quicker. */
		if (answer && !verdict_is_final(&verdict))
			run_job(&job, answer, message);
	}
	g_variant_unref(question.arguments);
	io_close(&job.phase);
}
