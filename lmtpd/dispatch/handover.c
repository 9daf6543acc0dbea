/* Hand-overs to Postfix under a K; see handover.h. */
#include "lmtpd/dispatch/handover.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
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

struct verdict handover_claim_part(struct store *store, const char *list, const char *name, guint8 part[STORE_KEY_SIZE],
	GString *queue_id)
{
	g_autoptr(GError) error = NULL;
	enum store_state state = store_claim_part(store, name, part, queue_id, &error);

	return judge(list, state, queue_id->str, error);
}

/* What Postfix said. Only a clear "no" takes the INTENT back; in doubt it stays, and the retry knows. */
static struct verdict conclude(const struct handover *handover, enum relay_outcome outcome, const char *queue_id,
	const char *reason)
{
	g_autoptr(GError) error = NULL;

	switch (outcome) {
	case RELAY_ACCEPTED:
		/* A failure here is no reason to say anything but 250: Postfix has it. */
		if (!store_done(handover->worker->store, handover->key, queue_id, &error))
			log_warning("store: cannot record that %s is done: %s", queue_id, error->message);
		FAULT_POINT("after-done");
		return verdict_sent("queued as %s", queue_id);
	case RELAY_TEMPORARY:
	case RELAY_PERMANENT:
		if (!store_forget(handover->worker->store, handover->key, &error))
			log_warning("store: %s", error->message);
		log_warning("list=<%s>: the mail server did not take the mail: %s", handover->list, reason);
		return verdict_deferred("4.3.0", "the mail system did not take it: %s", reason);
	case RELAY_UNCLEAR:
		log_warning("list=<%s>: no answer from the mail server after the last byte (%s): the next attempt may send "
					"a second copy", handover->list, reason);
		return verdict_deferred("4.4.2", "no answer from the mail system");
	}
	log_panic("conclude: unknown outcome");
}

struct verdict handover_commit(const struct handover *handover, GString *queue_id)
{
	g_autoptr(GString) reason = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	FAULT_POINT("before-intent");
	if (!store_intent(handover->worker->store, handover->key, &error))
		return store_trouble(error);
	FAULT_POINT("after-intent");
	/* After the last byte the answer is waited for, whatever the deadline says: it decides between one copy and two. */
	struct deadline deadline = deadline_in(ANSWER_TIME);

	worker_silent_until(handover->worker, deadline);
	enum relay_outcome outcome = relay_commit(handover->relay, deadline, queue_id, reason);
	FAULT_POINT("after-outcome");
	return conclude(handover, outcome, queue_id->str, reason->str);
}
