/*
 * A moderator's or author's order about a held post, by token. The token must be exact, alive, of this list and this person, and the
 * person must be now what the order takes: a moderator (an owner where there is none), or the post's author. Decision and follow-up
 * jobs are one durable transaction; the first wins. HOSTILE X1 to X3, X7, X8.
 *
 * A token by itself proves who reads the mailbox: it was mailed there. Only where the person's own domain disowns the mail that brings it (DMARC fails,
 * and nothing better proves the person) it may have been found or taken: then nothing is done, and the address on file is asked by a fresh
 * token, whose answer is heard whatever its mail looks like.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/address.h"
#include "lib/store/jobs.h"
#include "lib/store/store_token.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/store_trouble.h"

struct order {
	struct phase *phase;
	struct asker asker;
	const char *token, *word, *text;
	const char *method, *dmarc, *origin;
	guint8 person[STORE_PERSON_SIZE];
	guint8 source[STORE_PERSON_SIZE]; /* hash of origin and person: whose bad tokens are counted */
	struct store_token_found found;
	const char *outcome; /* as it goes over the wire */
};

static struct store_bearer bearer_of(const struct order *order)
{
	return (struct store_bearer){.token = order->token, .list = order->asker.list, .person = order->person};
}

/* Tells the asker; `text` is the name of a text (texts_table.c in the other room). */
static struct verdict tell(struct order *order, const char *outcome, const char *text)
{
	const struct store_decision *decision = &order->found.decision;
	gboolean decided = decision->state != STORE_HELD_WAITING;
	g_autofree char *at = decided ? g_strdup_printf("%" G_GINT64_FORMAT, decision->at) : NULL;
	g_autofree char *by = decided && decision->by_person ? jobs_hex(decision->decider) : NULL;

	order->outcome = outcome;
	return asker_answer(order->phase, &order->asker, order->found.held,
		jobs_fields((struct jobs_pair[]){
			{"text", text},
			{"state", decided ? store_held_word(decision->state) : NULL},
			{"at", at},
			{"by", by},
			{NULL, NULL},
		}),
		TRUE);
}

/* The same to somebody who has proved nothing: once a day. */
static struct verdict tell_stranger(struct order *order, const char *outcome, const char *text)
{
	gboolean now;
	struct verdict verdict = asker_may(order->phase->worker->store, &order->asker, &now);

	order->outcome = outcome;
	if (verdict_is_final(&verdict) || !now)
		return verdict;
	return asker_end(order->phase->worker->store, tell(order, outcome, text));
}

static struct verdict bad_token(struct order *order, const char *outcome)
{
	guint count;
	g_autoptr(GError) error = NULL;

	if (!store_token_bad(order->phase->worker->store, order->source, TRUE, &count, &error))
		return store_trouble(error);
	if (count == STORE_TOKEN_BAD_LIMIT)
		log_warning("ALARM list=<%s>: %u bad tokens in an hour from one sender at one place, who is not listened to until the hour is "
					"over: somebody guesses, or has mixed up his mails", order->asker.list, count);
	/* What a stranger's token would have been good for is nobody's business: he hears what a guesser hears. */
	order->found = (struct store_token_found){.decision = {.state = STORE_HELD_WAITING}};
	return tell_stranger(order, outcome, "token-unknown");
}

/* ---- who may ---- */

static gboolean is_authors(enum store_action action)
{
	return action == STORE_ACTION_WITHDRAW || action == STORE_ACTION_CONFIRM;
}

/* What nobody has read was told to the owners, whether there are moderators or not. */
static struct verdict is_for_owners(const struct order *order, gboolean *is)
{
	store_held_auto struct store_held *held = NULL;
	g_autoptr(GError) error = NULL;

	if (!store_held_get(order->phase->worker->store, order->found.held, &held, &error))
		return store_trouble(error);
	*is = held && held->kind == STORE_HELD_UNPARSED;
	return VERDICT_UNDECIDED;
}

static struct verdict check_moderator(struct order *order, gboolean *may)
{
	guint standing = 0;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (crm_standing(order->phase->worker->crm, order->asker.list, order->asker.address, &standing, &verdict) == CRM_TROUBLE)
		return verdict;
	gboolean owner = (standing & STANDING_OWNER) != 0;
	*may = (standing & STANDING_MODERATOR) != 0 || (owner && (standing & STANDING_LIST_HAS_MODERATOR) == 0);
	if (!*may && owner)
		verdict = is_for_owners(order, may);
	order->asker.moderator = *may;
	return verdict;
}

/* A tombstone has no author any more: then the token's own person must do, and nothing is decided but "already". */
static struct verdict check_author(struct order *order, gboolean *may)
{
	store_held_auto struct store_held *held = NULL;
	g_autoptr(GError) error = NULL;

	if (!store_held_get(order->phase->worker->store, order->found.held, &held, &error))
		return store_trouble(error);
	if (!held)
		return VERDICT_UNDECIDED;
	g_autofree char *author = address_key(held->author);
	g_autofree char *person = address_key(order->asker.address);
	*may = strcmp(author, person) == 0 || (!*held->author && held->decision.state != STORE_HELD_WAITING);
	return VERDICT_UNDECIDED;
}

/* ---- what is wanted ---- */

/* What the word makes of a post, if the token is for that; WAITING: nothing. */
static enum store_held_state wanted_state(const char *word, enum store_action action)
{
	static const struct {
		const char *word;
		enum store_action action;
		enum store_held_state state;
	} words[] = {
		{"accept", STORE_ACTION_ACCEPT, STORE_HELD_ACCEPTED},
		{"reject", STORE_ACTION_REJECT, STORE_HELD_REJECTED},
		{"discard", STORE_ACTION_DISCARD, STORE_HELD_DISCARDED},
		{"withdraw", STORE_ACTION_WITHDRAW, STORE_HELD_WITHDRAWN},
		{"confirm", STORE_ACTION_CONFIRM, STORE_HELD_CONFIRMED},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].action == action ||
					(action == STORE_ACTION_REPLY && !is_authors(words[i].action)) ?
				words[i].state : STORE_HELD_WAITING;
	return STORE_HELD_WAITING;
}

/* ---- what comes of it ---- */

/* The K of this mail is done, so that Postfix's retry is no second click. Failing that, it is a harmless one. */
static void mark_heard(struct order *order)
{
	struct phase *phase = order->phase;
	g_autofree char *as = g_strdup_printf("order %" G_GINT64_FORMAT, order->found.held);
	g_autoptr(GError) error = NULL;

	if (phase->claimed && !store_done(phase->worker->store, phase->key, as, &error))
		log_warning("state store: %s", error->message);
}

static void ask_about_next(struct order *order)
{
	g_autoptr(GError) error = NULL;

	if (!asker_has_heard(order->phase->worker->store, order->asker.list, order->asker.address, &error))
		log_warning("state store: %s", error->message);
}

static struct verdict conclude(struct order *order, enum store_order result, const GError *error)
{
	switch (result) {
	case STORE_ORDER_DECIDED:
		order->outcome = "decided";
		mark_heard(order);
		if (is_authors(order->found.action))
			ask_about_next(order);
		log_info("list=<%s> held=%" G_GINT64_FORMAT " %s", order->asker.list, order->found.held,
			store_held_word(order->found.decision.state));
		return VERDICT_UNDECIDED;
	case STORE_ORDER_ALREADY:
		return tell(order, "already", "already");
	case STORE_ORDER_EXPIRED:
		return tell(order, "expired", "token-expired");
	case STORE_ORDER_MISSING:
		log_warning("ALARM list=<%s> held=%" G_GINT64_FORMAT ": cannot be released: %s", order->asker.list,
			order->found.held, error->message);
		return tell(order, "missing", "lost");
	case STORE_ORDER_UNKNOWN:
		return bad_token(order, "unknown");
	case STORE_ORDER_WRONG_PERSON:
		return bad_token(order, "wrong-person");
	case STORE_ORDER_GOOD:
	case STORE_ORDER_TROUBLE:
		break;
	}
	return store_trouble(error);
}

static struct verdict decide(struct order *order, enum store_held_state state)
{
	store_held_auto struct store_held *held = NULL;
	jobs_plan_auto struct jobs_plan plan = {0};
	struct store_bearer bearer = bearer_of(order);
	struct store *store = order->phase->worker->store;
	g_autoptr(GError) error = NULL;

	if (!store_held_get(store, order->found.held, &held, &error))
		return store_trouble(error);
	if (!held)
		return bad_token(order, "unknown");
	jobs_plan_decided(&plan, held,
		&(struct jobs_decided){.state = state, .word = order->word, .text = order->text, .person = order->person});
	struct store_verdict verdict = {.state = state, .jobs = plan.jobs, .job_count = plan.count};
	enum store_order result = store_token_use(store, &bearer, &verdict, &order->found, &error);
	return conclude(order, result, error);
}

/* ---- is it really he? ---- */

static gboolean is_disowned(const struct order *order)
{
	return strcmp(order->method, "smtp") == 0 && strcmp(order->dmarc, "fail") == 0;
}

static struct verdict ask_again(struct order *order)
{
	gboolean now;
	struct store *store = order->phase->worker->store;
	struct verdict verdict = asker_may_ask(store, &order->asker, order->found.held, order->word, &now);

	order->outcome = "asked";
	if (verdict_is_final(&verdict) || !now)
		return verdict;
	return asker_end(store, asker_ask(order->phase, &order->asker, order->found.held,
		jobs_fields((struct jobs_pair[]){{"word", order->word}, {"text", order->text}, {NULL, NULL}})));
}

/* A token that is this person's, whatever has become of the post: who is he now, and what does he want? */
static struct verdict obey(struct order *order, enum store_order look)
{
	gboolean may = FALSE, author = is_authors(order->found.action);
	struct verdict verdict = author ? check_author(order, &may) : check_moderator(order, &may);
	enum store_held_state state = wanted_state(order->word, order->found.action);

	if (verdict_is_final(&verdict))
		return verdict;
	if (!may && author)
		return bad_token(order, "wrong-person");
	if (!may) {
		/* Who decided is for moderators. */
		order->found.decision = (struct store_decision){.state = STORE_HELD_WAITING};
		return tell(order, "not-moderator", "not-moderator-any-more");
	}
	if (state == STORE_HELD_WAITING)
		return tell_stranger(order, "unknown", "not-understood");
	if (look != STORE_ORDER_GOOD)
		return conclude(order, look, NULL);
	return is_disowned(order) && !order->found.second ? ask_again(order) : decide(order, state);
}

static gboolean hash_source(struct order *order, GError **error)
{
	g_autofree char *key = address_key(order->asker.address);
	g_autofree char *source = g_strdup_printf("%s %s", order->origin, key);

	return store_person_hash(order->phase->worker->store, source, order->source, error);
}

static struct verdict serve(struct order *order)
{
	struct store *store = order->phase->worker->store;
	struct store_bearer bearer = bearer_of(order);
	g_autoptr(GError) error = NULL;
	guint bad;

	if (!asker_hash(store, order->asker.address, order->person, &error) || !hash_source(order, &error) ||
		!store_token_bad(store, order->source, FALSE, &bad, &error))
		return store_trouble(error);
	if (bad >= STORE_TOKEN_BAD_LIMIT) {
		order->outcome = "ignored";
		return VERDICT_UNDECIDED;
	}
	enum store_order look = store_token_look(store, &bearer, &order->found, &error);
	switch (look) {
	case STORE_ORDER_GOOD:
	case STORE_ORDER_ALREADY:
	case STORE_ORDER_EXPIRED:
		return obey(order, look);
	case STORE_ORDER_UNKNOWN:
	case STORE_ORDER_WRONG_PERSON:
	case STORE_ORDER_DECIDED:
	case STORE_ORDER_MISSING:
	case STORE_ORDER_TROUBLE:
		break;
	}
	return conclude(order, look, error);
}

static GVariant *outcome_fields(const struct order *order)
{
	const struct store_decision *decision = &order->found.decision;
	gboolean decided = decision->state != STORE_HELD_WAITING;
	g_autofree char *held = order->found.held > 0 ? g_strdup_printf("%" G_GINT64_FORMAT, order->found.held) : NULL;
	g_autofree char *at = decided ? g_strdup_printf("%" G_GINT64_FORMAT, decision->at) : NULL;

	return jobs_fields((struct jobs_pair[]){
		{"held", held},
		{"state", decided ? store_held_word(decision->state) : NULL},
		{"at", at},
		{NULL, NULL},
	});
}

GVariant *answer_order(struct phase *phase, GVariant *arguments, int fd)
{
	struct order order = {.phase = phase, .outcome = "ignored"};
	struct verdict verdict;

	order.asker.person = order.person;
	order.found.decision.state = STORE_HELD_WAITING;
	g_variant_get(arguments, "(&s&s&s&s&s&s&s&s)", &order.asker.list, &order.token, &order.asker.address, &order.word, &order.text,
		&order.method, &order.dmarc, &order.origin);
	if (g_variant_get_size(arguments) > ANSWER_ARGUMENTS || !answer_list_is_ours(phase->worker->settings, order.asker.list) ||
		!asker_is_address(order.asker.address))
		verdict = verdict_deferred("4.3.0", "internal trouble (order)");
	else
		verdict = serve(&order);
	job_tickets_send_due(phase->worker->jobs, phase->worker->store);
	return g_variant_new("(@(uuss)s@a{ss})", wire_verdict(&verdict), order.outcome, outcome_fields(&order));
}
