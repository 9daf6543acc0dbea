/* Hand-overs to Postfix under a K; see handover.h. */
#include "lmtpd/dispatch/handover.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lmtpd/dispatch/store_trouble.h"

enum { ANSWER_TIME = 600 }; /* seconds for Postfix's answer to the last byte */

/* A K is done by Postfix's queue id, or by words of ours: "held as 12", "order 12". */
static struct verdict done_before(const char *as)
{
	return strchr(as, ' ') ? verdict_sent("%s before", as) : verdict_sent("queued as %s before", as);
}

static struct verdict judge(const char *list, enum store_state state, const char *queue_id, const GError *error)
{
	switch (state) {
	case STORE_UNCLEAR:
		log_warning("list=<%s>: an earlier attempt ended between the last byte and Postfix's answer: "
					"sending again, a member may get two copies", list);
		G_GNUC_FALLTHROUGH;
	case STORE_NEW:
		return VERDICT_UNDECIDED;
	case STORE_IN_PROGRESS:
		return verdict_deferred("4.3.0", "this very post is being delivered right now");
	case STORE_DONE:
		return done_before(queue_id);
	case STORE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("handover: unknown state");
}

struct verdict handover_claim(struct store *store, const char *list, const guint8 key[STORE_KEY_SIZE])
{
	g_autoptr(GString) queue_id = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	enum store_state state = store_claim(store, key, queue_id, &error);

	return judge(list, state, queue_id->str, error);
}

gint64 handover_release(const struct phase *phase)
{
	const struct store_job *job = phase->errand.job;

	return job && strcmp(job->kind, jobs_row(JOBS_RELEASE)->word) == 0 ? job->held : 0;
}

/* Whose word an INTENT is on. */
static char *word_of(gint64 release)
{
	return release > 0 ? g_strdup_printf("release %" G_GINT64_FORMAT, release) : g_strdup("");
}

struct verdict handover_claim_post(const struct phase *phase, const char *list, const guint8 key[STORE_KEY_SIZE])
{
	g_autofree char *as = g_strdup_printf("held as %" G_GINT64_FORMAT, handover_release(phase));
	g_autoptr(GString) queue_id = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	enum store_state state = store_claim_held(phase->worker->store, key, as, queue_id, &error);

	return judge(list, state, queue_id->str, error);
}

/* Whether somebody was asked about this very post, and has said to send it, and this has not been done yet. */
static gboolean is_ordered(const struct phase *phase, const char *by)
{
	gint64 release = handover_release(phase);
	g_autofree char *ours = word_of(release);
	store_held_auto struct store_held *held = NULL;

	if (release == 0 || strcmp(ours, by) == 0)
		return FALSE;
	/* In doubt nobody has: then somebody is asked. */
	return store_held_get(phase->worker->store, release, &held, NULL) && held && held->kind == STORE_HELD_AMBIGUOUS;
}

static gboolean is_to_be_held(const struct phase *phase, const char *by)
{
	const struct fanout *fanout = &phase->fanout;

	if (fanout->role != LIST_ROLE_POST || (phase->errand.job && handover_release(phase) == 0))
		return FALSE;
	return settings_is(phase->worker->settings, SET_on_ambiguous, fanout->list, "hold") && !is_ordered(phase, by);
}

struct verdict handover_claim_part(const struct phase *phase, const char *name, guint8 part[STORE_KEY_SIZE], GString *queue_id)
{
	g_autoptr(GError) error = NULL;
	enum store_state state = store_claim_part(phase->worker->store, name, part, queue_id, &error);

	if (state != STORE_UNCLEAR || !is_to_be_held(phase, queue_id->str))
		return judge(phase->fanout.list, state, queue_id->str, error);
	log_warning("list=<%s>: an earlier attempt ended between the last byte and Postfix's answer: somebody is asked whether it has arrived",
		phase->fanout.list);
	return verdict_held("the mail system may have it already");
}

/* What Postfix said. Only a clear "no" takes the INTENT back; in doubt it stays, and the retry knows. */
static struct verdict conclude(struct handover *handover, enum relay_outcome outcome, const char *queue_id,
	const char *reason)
{
	g_autoptr(GError) error = NULL;

	switch (outcome) {
	case RELAY_ACCEPTED:
		/* A failure here is no reason to say anything but 250: Postfix has it. */
		if (!(handover->whole ? store_done_whole : store_done)(handover->worker->store, handover->key, queue_id, &error)) {
			log_warning("store: cannot record that %s is done: %s", queue_id, error->message);
			handover->whole = FALSE;
		}
		FAULT_POINT("after-done");
		return verdict_sent("queued as %s", queue_id);
	case RELAY_TEMPORARY:
	case RELAY_PERMANENT:
		/* It looks then like one of which nobody knows: what on_ambiguous says is done. */
		if (!store_forget(handover->worker->store, handover->key, &error))
			log_warning("list=<%s>: store: cannot record that the mail server did not take it, the next attempt takes it for unclear: %s",
				handover->list, error->message);
		log_warning("list=<%s>: the mail server did not take the mail: %s", handover->list, reason);
		return verdict_deferred("4.3.0", "the mail system did not take it: %s", reason);
	case RELAY_UNCLEAR:
		log_warning("list=<%s>: no answer from the mail server after the last byte (%s): the next attempt may send "
					"a second copy", handover->list, reason);
		return verdict_deferred("4.4.2", "no answer from the mail system");
	}
	log_panic("conclude: unknown outcome");
}

struct verdict handover_commit(struct handover *handover, GString *queue_id)
{
	g_autoptr(GString) reason = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	g_autofree char *by = word_of(handover->release);

	FAULT_POINT("before-intent");
	if (!store_intent(handover->worker->store, handover->key, by, &error))
		return store_trouble(error);
	FAULT_POINT("after-intent");
	/* After the last byte the answer is waited for, whatever the deadline says: it decides between one copy and two. */
	struct deadline deadline = deadline_in(ANSWER_TIME);

	worker_silent_until(handover->worker, deadline);
	enum relay_outcome outcome = relay_commit(handover->relay, deadline, queue_id, reason);
	FAULT_POINT("after-outcome");
	return conclude(handover, outcome, queue_id->str, reason->str);
}
