/*
 * Mail that wants to join or to leave a list. What it does is the list's setting subscription_requests: nothing but the answer with the page, a
 * note to the owners, or the CRM's procedure. That one is called at once only for an author who is proved; anybody else is asked to confirm, by
 * a mail to the address itself. Whoever wrote hears from us once a day and list (HOSTILE X10).
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/store_trouble.h"
#include "lmtpd/dispatch/wish.h"

struct request {
	struct phase *phase;
	struct wish wish;
	struct asker asker;
	const char *sender, *method;
	GVariant *fields; /* of the child: "page", "message-id" */
	int message;
	guint8 person[STORE_PERSON_SIZE];
	const char *outcome;
};

/* Whether the author may have an answer now; NONE or DEFERRED. If so, end() is due. */
static struct verdict may_answer(struct request *request, gboolean *now)
{
	return asker_may(request->phase->worker->store, &request->asker, now);
}

static struct verdict end(const struct request *request, struct verdict verdict)
{
	return asker_end(request->phase->worker->store, verdict);
}

/* With the page, and what became of the wish. */
static struct verdict answer(struct request *request, const char *done)
{
	return asker_answer(request->phase, &request->asker, 0,
		jobs_fields((struct jobs_pair[]){
			{"text", request->wish.word},
			{"page", jobs_field(request->fields, "page")},
			{"message-id", jobs_field(request->fields, "message-id")},
			{"done-key", done},
			{NULL, NULL},
		}),
		TRUE);
}

static struct verdict show_page(struct request *request)
{
	gboolean now;
	struct verdict verdict = may_answer(request, &now);

	if (verdict_is_final(&verdict) || !now)
		return verdict;
	request->outcome = "answered";
	return end(request, answer(request, NULL));
}

/* Nobody is told that the owners know where there is none: his mail waits, as one to the owners would. */
static struct verdict need_owner(struct request *request)
{
	const struct crm_wish wish = {.list = request->wish.list, .role = LIST_ROLE_OWNER};
	roster_auto struct roster *owners = NULL;
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;

	if (crm_roster(request->phase->worker->crm, &wish, &owners, &reading, &verdict) == CRM_TROUBLE)
		return verdict;
	if (owners && roster_total(owners) > 0)
		return VERDICT_UNDECIDED;
	log_warning("ALARM list=<%s>: nobody in the CRM is its owner: wishes to join or to leave wait", request->wish.list);
	return verdict_deferred("4.2.1", "the list has no owner right now");
}

/* A flood of wishes in somebody's name is one note a day, too. */
static struct verdict note_owners(struct request *request)
{
	gboolean now = FALSE;
	struct verdict verdict = need_owner(request);

	/* Behind it, since who may be answered is remembered as answered. */
	if (!verdict_is_final(&verdict))
		verdict = may_answer(request, &now);
	if (verdict_is_final(&verdict) || !now)
		return verdict;
	verdict = wish_note(request->phase->worker->store, &request->wish);
	if (!verdict_is_final(&verdict))
		verdict = answer(request, "wish-noted");
	request->outcome = "noted";
	return end(request, verdict);
}

static struct verdict call_procedure(struct request *request)
{
	gboolean refused, now;
	GVariant *made = NULL;
	struct verdict verdict = wish_call(request->phase->worker, &request->wish, &made, &refused);

	if (verdict_is_final(&verdict))
		return verdict;
	g_autoptr(GVariant) fields =
		g_variant_ref_sink(jobs_fields_set(made, "message-id", jobs_field(request->fields, "message-id")));
	request->outcome = refused ? "refused" : "called";
	verdict = may_answer(request, &now);
	return verdict_is_final(&verdict) || !now ? verdict : end(request, asker_answer(request->phase, &request->asker, 0, fields, TRUE));
}

/* The mail is kept as a post is that waits for its author's word: with its token, its time and its end. */
static struct verdict ask_author(struct request *request)
{
	struct worker *worker = request->phase->worker;
	jobs_plan_auto struct jobs_plan jobs = {0};
	g_autoptr(GError) error = NULL;
	gint64 id;
	gboolean now;
	struct verdict verdict = may_answer(request, &now);

	if (verdict_is_final(&verdict) || !now)
		return verdict;
	g_autoptr(GVariant) facts = g_variant_ref_sink(jobs_fields((struct jobs_pair[]){
		{WISH_FACT, request->wish.word},
		{"message-id", jobs_field(request->fields, "message-id")},
		{"method", request->method},
		{NULL, NULL},
	}));
	jobs_plan_add(&jobs, JOBS_NOTICE_AUTHOR, NULL);
	const struct store_held_plan plan = {
		.kind = STORE_HELD_CONFIRMATION,
		.list = request->wish.list,
		.author = request->wish.person,
		.sender = request->sender,
		.reason = request->wish.word,
		.facts = facts,
		.message = request->message,
		.life = settings_number(worker->settings, SET_held_life, request->wish.list),
		.jobs = jobs.jobs,
		.job_count = jobs.count,
	};
	if (!store_held_add(worker->store, request->phase->key, &plan, &id, &error))
		verdict = store_trouble(error);
	request->outcome = "asked to confirm";
	return end(request, verdict);
}

static gboolean is_proved(const char *method)
{
	static const char *const proofs[] = {"dkim", "md5", "smime", NULL};

	return g_strv_contains(proofs, method);
}

static struct verdict serve(struct request *request)
{
	struct worker *worker = request->phase->worker;
	g_autoptr(GError) error = NULL;

	request->outcome = "later";
	request->asker = (struct asker){.list = request->wish.list, .address = request->wish.person, .person = request->person};
	if (!asker_hash(worker->store, request->wish.person, request->person, &error))
		return store_trouble(error);
	if (settings_is(worker->settings, SET_subscription_requests, request->wish.list, "owners"))
		return note_owners(request);
	if (!wish_procedure(worker->settings, &request->wish))
		return show_page(request);
	return is_proved(request->method) ? call_procedure(request) : ask_author(request);
}

static gboolean is_sound(const struct request *request, GVariant *arguments, GVariant *key)
{
	const struct phase *phase = request->phase;
	struct io_mapping mapping;
	guint8 claimed[STORE_KEY_SIZE];

	if (g_variant_get_size(arguments) > ANSWER_ARGUMENTS || !answer_list_is_ours(phase->worker->settings, request->wish.list) ||
		!asker_is_address(request->wish.person) || !wish_is_word(request->wish.word) || !phase->claimed || phase->wished ||
		!answer_read_key(key, claimed) || memcmp(claimed, phase->key, sizeof(claimed)) != 0 || request->message < 0 ||
		!answer_map_message(phase->worker->settings, request->message, &mapping))
		return FALSE;
	io_unmap(&mapping);
	return TRUE;
}

GVariant *answer_wish(struct phase *phase, GVariant *arguments, int fd)
{
	struct request request = {.phase = phase, .message = fd, .outcome = "later"};
	struct verdict verdict;
	g_autoptr(GVariant) key = NULL;
	g_autoptr(GVariant) fields = NULL;

	g_variant_get(arguments, "(&s@ay&s&s&s&s@a{ss})", &request.wish.list, &key, &request.wish.word, &request.wish.person,
		&request.sender, &request.method, &fields);
	request.fields = fields;
	if (is_sound(&request, arguments, key)) {
		/* A mail has one author: a parser that is owned cannot make everybody leave in its phase. */
		phase->wished = TRUE;
		verdict = serve(&request);
	} else {
		verdict = verdict_deferred("4.3.0", "internal trouble (wish)");
	}
	job_tickets_send_due(phase->worker->jobs, phase->worker->store);
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), request.outcome);
}
