/*
 * A variant and its batches; see variant.h. Records under K, beside the variant's own (say "mail"):
 *
 *   mail/batches   into how many it is divided: written before the first of them is sent, and from then on it holds, whatever the settings become
 *   mail/I/N       batch I of N, INTENT and DONE as for any hand-over
 *   mail           DONE when all of them are
 *
 * Until the first batch is sent the division may still change: a server shows its limit by refusing what is beyond.
 */
#include "lmtpd/dispatch/variant.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/list/archive_place.h"
#include "lib/list/batches.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/handover.h"
#include "lmtpd/dispatch/owner_note.h"
#include "lmtpd/dispatch/store_trouble.h"

enum { DIVISION_LIMIT = 10000000 }; /* batches: more than anybody has members */

G_STATIC_ASSERT((int)BATCHES_SEED_SIZE == (int)STORE_KEY_SIZE);

static void add_queue_id(struct fanout *fanout, const char *queue_id)
{
	g_string_append_printf(fanout->queue_ids, "%s%s", fanout->queue_ids->len ? "," : "", queue_id);
}

static const struct recipients *members(const struct fanout *fanout)
{
	return fanout->roster->of[fanout->reception];
}

/* ---- division ---- */

static char *division_name(const struct fanout *fanout)
{
	return g_strconcat(reception_word(fanout->reception), "/batches", NULL);
}

/* What an earlier attempt has begun. */
static struct verdict read_division(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;
	g_autofree char *name = division_name(fanout);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	guint64 batches;

	switch (store_claim_part(phase->worker->store, name, fanout->part, text, &error)) {
	case STORE_NEW:
		fanout->divided = FALSE;
		return VERDICT_UNDECIDED;
	case STORE_DONE:
		fanout->divided = text_parse_number(text->str, text->len, 1, DIVISION_LIMIT, &batches);
		fanout->batches = fanout->divided ? (guint)batches : 0;
		return fanout->divided ? VERDICT_UNDECIDED : verdict_deferred("4.3.0", "internal trouble (batches)");
	case STORE_UNCLEAR:
	case STORE_IN_PROGRESS:
		return verdict_deferred("4.3.0", "internal trouble (batches)");
	case STORE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("read_division: unknown state");
}

/* Before the first batch leaves; the part in hand is that batch again when it returns. */
static struct verdict write_division(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;
	struct store *store = phase->worker->store;
	g_autofree char *name = division_name(fanout);
	g_autofree char *text = g_strdup_printf("%u", fanout->batches);
	g_autofree char *batch = g_strdup_printf("%s/%u/%u", reception_word(fanout->reception), fanout->batch, fanout->batches);
	g_autoptr(GError) error = NULL;

	if (store_claim_part(store, name, fanout->part, NULL, &error) == STORE_TROUBLE ||
		!store_done(store, fanout->part, text, &error) || store_claim_part(store, batch, fanout->part, NULL, &error) == STORE_TROUBLE)
		return store_trouble(error);
	fanout->divided = TRUE;
	log_info("list=<%s>: %u members in %u batches", fanout->list, recipients_count(members(fanout)), fanout->batches);
	return VERDICT_UNDECIDED;
}

static void divide(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;
	guint largest = phase->worker->dry ? 0 : relay_batch(phase->worker->way);

	fanout->batches = 0;
	fanout->batch = 0;
	if (largest > 0 && recipients_count(members(fanout)) > largest)
		fanout->batches = batches_count(phase->key, members(fanout), largest);
}

/* ---- one transaction ---- */

static struct verdict begin(struct phase *phase, const struct recipients *recipients)
{
	struct fanout *fanout = &phase->fanout;
	struct verdict verdict = VERDICT_UNDECIDED;
	struct relay_job job = {
		.way = phase->worker->way,
		.message = fanout->message,
		.sender = fanout->sender,
		.verp = fanout->verp,
		.recipients = recipients,
	};

	if (!phase->worker->dry)
		fanout->relay = relay_begin(&job, phase->deadline, &verdict);
	fanout->count = recipients_count(recipients);
	fanout->ready = !verdict_is_final(&verdict);
	return verdict;
}

/* All batches are with the mail server: so is the variant, unless somebody has to be asked about one of them. */
static struct verdict conclude(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;
	g_autofree char *text = g_strdup_printf("%u batches", fanout->batches);
	g_autoptr(GError) error = NULL;

	fanout->ambiguous = fanout->ambiguous || fanout->asked;
	if (fanout->asked)
		return verdict_held("the mail system may have some of it already");
	if (store_claim_part(phase->worker->store, reception_word(fanout->reception), fanout->part, NULL, &error) == STORE_TROUBLE ||
		!store_done(phase->worker->store, fanout->part, text, &error))
		log_warning("store: cannot record that %s are done: %s", text, error->message);
	return verdict_sent("queued in %s", text);
}

/* The next batch that is missing and has anybody in it. */
static struct verdict begin_batch(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;

	for (; fanout->batch < fanout->batches; fanout->batch++) {
		g_autofree char *name = g_strdup_printf("%s/%u/%u", reception_word(fanout->reception), fanout->batch, fanout->batches);
		g_autoptr(GString) queue_id = g_string_new(NULL);
		struct verdict verdict = handover_claim_part(phase, name, fanout->part, queue_id);

		if (verdict.class == VERDICT_SENT)
			add_queue_id(fanout, queue_id->str);
		/* What is surely not out goes out all the same. */
		fanout->asked = fanout->asked || verdict.class == VERDICT_HELD;
		if (verdict.class == VERDICT_SENT || verdict.class == VERDICT_HELD)
			continue;
		if (verdict_is_final(&verdict))
			return verdict;
		recipients_auto struct recipients *batch = batches_pick(phase->key, members(fanout), fanout->batch, fanout->batches);
		if (recipients_count(batch) > 0)
			return begin(phase, batch);
	}
	return conclude(phase);
}

/* A server that has just shown its limit is tried once more with smaller batches. */
static struct verdict begin_next(struct phase *phase)
{
	struct fanout *fanout = &phase->fanout;
	guint known = phase->worker->dry ? 0 : relay_batch(phase->worker->way);
	struct verdict verdict = fanout->batches > 0 ? begin_batch(phase) : begin(phase, members(fanout));

	if (fanout->ready || fanout->divided || phase->worker->dry || relay_batch(phase->worker->way) == known)
		return verdict;
	log_info("list=<%s>: %s; in smaller batches now", fanout->list, verdict.text);
	divide(phase);
	return fanout->batches > 0 ? begin_batch(phase) : verdict;
}

static struct verdict take_in_hand(struct phase *phase, enum reception reception)
{
	struct fanout *fanout = &phase->fanout;
	g_autoptr(GString) queue_id = g_string_new(NULL);

	fanout->reception = reception;
	fanout->batches = fanout->batch = 0;
	fanout->asked = FALSE;
	struct verdict verdict = read_division(phase);
	if (verdict_is_final(&verdict))
		return verdict;
	verdict = handover_claim_part(phase, reception_word(reception), fanout->part, queue_id);
	if (verdict.class == VERDICT_SENT)
		add_queue_id(fanout, queue_id->str);
	fanout->ambiguous = fanout->ambiguous || verdict.class == VERDICT_HELD;
	if (!verdict_is_final(&verdict) && !fanout->divided)
		divide(phase);
	return verdict;
}

struct verdict variant_prepare(struct phase *phase, enum reception reception, int fd)
{
	struct fanout *fanout = &phase->fanout;
	struct verdict verdict = VERDICT_UNDECIDED;

	/* After a batch of the same variant it is in hand, and the next one's turn. */
	if (!fanout->more || fanout->reception != reception)
		verdict = take_in_hand(phase, reception);
	fanout->more = FALSE;
	if (verdict_is_final(&verdict))
		return verdict;
	if (!answer_map_message(phase->worker->settings, fd, &fanout->message))
		return verdict_deferred("4.3.0", "internal trouble (message)");
	return begin_next(phase);
}

/* ---- its end ---- */

/* Of batches the first that has any tells the owners: how many there are at least. */
static void tell_skipped(const struct phase *phase)
{
	const struct fanout *fanout = &phase->fanout;
	const struct relay_skipped *skipped = relay_skipped(fanout->relay);

	if (skipped->count == 0)
		return;
	log_warning("list=<%s>: the mail server refuses %u of %u addresses for good, which get no copy; the first with: %s", fanout->list,
		skipped->count, fanout->count, skipped->reason);
	if (fanout->role != LIST_ROLE_POST)
		return;
	g_autofree char *count = g_strdup_printf("%u", skipped->count);
	g_autofree char *members = g_strdup_printf("%u", roster_total(fanout->roster));
	owner_note(phase->worker->store, fanout->list, "note-refused",
		(struct jobs_pair[]){{"count", count}, {"members", members}, {"why", skipped->reason}, {NULL, NULL}});
}

gboolean variant_is_archived(const struct phase *phase)
{
	return phase->fanout.role == LIST_ROLE_POST && archive_place_is_set(phase->worker->settings, phase->fanout.list);
}

/*
 * Nothing is left to be done for the post after this variant: everybody wants it so, at once, and nothing keeps it. A release has a K that was DONE before,
 * in other words.
 */
static gboolean is_whole(const struct phase *phase)
{
	const struct fanout *fanout = &phase->fanout;
	guint others = 0;

	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if ((enum reception)i != fanout->reception || reception_is_digest((enum reception)i))
			others += roster_count(fanout->roster, (enum reception)i);
	return others == 0 && fanout->batches == 0 && !fanout->ambiguous && handover_release(phase) == 0 &&
		!variant_is_archived(phase);
}

struct verdict variant_commit(struct phase *phase, GString *queue_id)
{
	struct fanout *fanout = &phase->fanout;
	struct handover handover = {
		.worker = phase->worker,
		.key = fanout->part,
		.list = fanout->list,
		.release = handover_release(phase),
		.whole = is_whole(phase),
		.relay = fanout->relay,
	};
	struct verdict verdict = VERDICT_UNDECIDED;

	if (phase->worker->dry) {
		g_string_assign(queue_id, "QUEUEID");
		add_queue_id(fanout, queue_id->str);
		return verdict_sent("queued as QUEUEID");
	}
	if (fanout->batches > 0 && !fanout->divided)
		verdict = write_division(phase);
	if (!verdict_is_final(&verdict))
		verdict = handover_commit(&handover, queue_id);
	if (verdict.class != VERDICT_SENT)
		return verdict;
	tell_skipped(phase);
	add_queue_id(fanout, queue_id->str);
	fanout->whole = handover.whole;
	if (fanout->batches == 0)
		return verdict;
	FAULT_POINT("between-batches");
	fanout->batch++;
	fanout->more = TRUE;
	return VERDICT_UNDECIDED;
}
