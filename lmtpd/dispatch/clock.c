/* What happens by itself; see clock.h. Each round does a bounded piece of work; what is left is for the next. */
#include "lmtpd/dispatch/clock.h"

#include <poll.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lib/store/store_distributed.h"
#include "lib/store/store_held.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/digest_due.h"
#include "lmtpd/dispatch/job_tickets.h"
#include "lmtpd/dispatch/key_watch.h"

enum {
	TICK = 1000,              /* milliseconds of a round */
	LOOK = 100,               /* due jobs that are looked at in a round */
	PATIENCE = 30,            /* seconds until a job that is still due gets another ticket: it may be in hand, or in a queue */
	EXPIRY = 60,              /* seconds between looks for posts that expire */
	EXPIRE_MOST = 20,         /* posts in a round: each waits for the disk */
	DIGESTS = 5,              /* seconds between looks for digests that are due */
	HOUSEKEEPING = 600,       /* seconds between removals of old records: a flood of them must not fill the disk in between */
	KEY_WATCH = 3600,         /* seconds between looks at our keys in DNS */
	RECORD_MARGIN = 2 * 86400, /* seconds that a record outlives queue_lifetime: for a day's error in Postfix's clock, and for its last attempt */
};

struct clock {
	struct store *store;
	const struct settings *settings;
	gint64 aged;      /* monotonic microseconds until when the store has been told */
	int jobs;
	GHashTable *sent; /* job's number -> when its ticket went, monotonic microseconds */
	gint64 expiry_at, housekeeping_at, key_watch_at, digests_at, ageing_at;
};

static gboolean is_old(gpointer id, gpointer at, gpointer now)
{
	return *(gint64 *)now - *(gint64 *)at >= (gint64)PATIENCE * G_USEC_PER_SEC;
}

/* Jobs that take long stay due; without the memory ten of them would keep all others from ever getting a ticket. */
static void send_tickets(struct clock *clock, gint64 now)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GError) error = NULL;
	guint sent = 0;

	g_hash_table_foreach_remove(clock->sent, is_old, &now);
	if (!store_job_due(clock->store, LOOK, ids, &error)) {
		log_warning("state store: %s", error->message);
		return;
	}
	for (guint i = 0; i < ids->len && sent < JOB_TICKETS_MOST; i++) {
		gint64 *id = &g_array_index(ids, gint64, i);

		if (g_hash_table_contains(clock->sent, id))
			continue;
		FAULT_POINT("before-ticket");
		if (!job_tickets_send(clock->jobs, *id))
			return;
		FAULT_POINT("after-ticket");
		g_hash_table_insert(clock->sent, g_memdup2(id, sizeof(*id)), g_memdup2(&now, sizeof(now)));
		sent++;
	}
}

/* If the store does not answer, nobody hears of it: the post must go all the same. */
static gboolean tells_author(struct store *store, const struct store_held *held)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	gboolean now = TRUE;

	if (!*held->author || !g_str_equal(jobs_field(held->facts, "tell-author"), "yes"))
		return FALSE;
	if (*jobs_field(held->facts, "unproved"))
		verdict = asker_may_hear(store, held->list, held->author, &now);
	return now && !verdict_is_final(&verdict);
}

/*
 * Nobody is told of a confirmation that did not come but an author who was to be told: the moderators never heard of the post. Of one that nobody could
 * read hears who heard of it before, and whoever should have mended the program in the meantime.
 */
static gboolean expire(struct store *store, gint64 id, GError **error)
{
	store_held_auto struct store_held *held = NULL;
	jobs_plan_auto struct jobs_plan plan = {0};
	struct store_decision decision;

	if (!store_held_get(store, id, &held, error))
		return FALSE;
	if (!held)
		return TRUE;
	if (tells_author(store, held))
		jobs_plan_add(&plan, JOBS_EXPIRED_AUTHOR, NULL);
	if (held->kind == STORE_HELD_MODERATION || held->kind == STORE_HELD_AMBIGUOUS)
		jobs_plan_add(&plan, JOBS_EXPIRED_MODERATORS, NULL);
	if (held->kind == STORE_HELD_UNPARSED)
		jobs_plan_add(&plan, JOBS_EXPIRED_OWNERS, NULL);
	struct store_verdict verdict = {
		.state = STORE_HELD_EXPIRED,
		.jobs = plan.jobs,
		.job_count = plan.count,
	};
	enum store_order order = store_held_decide(store, id, &verdict, &decision, error);
	if (order == STORE_ORDER_TROUBLE)
		return FALSE;
	/* Somebody else was first, and has said so; or the post is gone. */
	if (order != STORE_ORDER_DECIDED)
		return TRUE;
	if (held->kind == STORE_HELD_UNPARSED)
		log_warning("ALARM list=<%s> held=%" G_GINT64_FORMAT " expired: it is lost, and nobody has ever read it", held->list, id);
	else
		log_info("list=<%s> held=%" G_GINT64_FORMAT " expired", held->list, id);
	return TRUE;
}

static gboolean let_one_expire(struct store *store, gint64 id)
{
	g_autoptr(GError) error = NULL;
	gboolean good = expire(store, id, &error);

	if (!good)
		log_warning("state store: held=%" G_GINT64_FORMAT " cannot expire: %s", id, error->message);
	return good;
}

static void let_expire(struct clock *clock, gint64 now)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GError) error = NULL;
	gboolean good = store_held_due(clock->store, EXPIRE_MOST, ids, &error);

	if (!good)
		log_warning("state store: %s", error->message);
	/* One that cannot is tried again with the next look, and keeps no other from its end. */
	for (guint i = 0; i < ids->len; i++)
		good = let_one_expire(clock->store, g_array_index(ids, gint64, i)) && good;
	clock->expiry_at = now + (good && ids->len == EXPIRE_MOST ? 0 : (gint64)EXPIRY * G_USEC_PER_SEC);
}

/*
 * What passed between two daemons is not counted, nor what a machine slept: a record that lives too long costs a few bytes, one too short a second
 * delivery or a held post. So a step that took longer than it should (we were stopped, or the machine was) counts for one.
 */
static void grow_older(struct clock *clock, gint64 now)
{
	gint64 passed = (now - clock->aged) / G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;

	if (store_age(clock->store, MIN(passed, STORE_STEP), &error))
		clock->aged = now;
	else
		log_warning("state store: %s", error->message);
	clock->ageing_at = now + (gint64)STORE_STEP * G_USEC_PER_SEC;
}

static void keep_house(struct clock *clock, gint64 now)
{
	gint64 life = settings_number(clock->settings, SET_queue_lifetime, NULL) + RECORD_MARGIN;
	g_autoptr(GError) error = NULL;

	guint cut = 0;

	if (!store_expire(clock->store, life, &error) || !store_distributed_cut(clock->store, STORE_DISTRIBUTED_MOST, &cut, &error))
		log_warning("state store: %s", error->message);
	if (cut > 0)
		log_warning("more than %d posts within the time of duplicates: %u records went early, a copy of such a post by another path goes out",
			(int)STORE_DISTRIBUTED_MOST, cut);
	clock->housekeeping_at = now + (gint64)HOUSEKEEPING * G_USEC_PER_SEC;
}

void clock_run(struct store *store, const struct pool_setup *setup, const volatile gint *stop)
{
	struct clock clock = {
		.store = store,
		.settings = setup->settings,
		.aged = g_get_monotonic_time(),
		.jobs = setup->jobs,
		.sent = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
	};

	while (!*stop) {
		gint64 now = g_get_monotonic_time();

		/* For all programs, of which intake does not see /dev any more. */
		log_refresh();
		if (now >= clock.ageing_at)
			grow_older(&clock, now);
		if (now >= clock.housekeeping_at)
			keep_house(&clock, now);
		if (now >= clock.expiry_at)
			let_expire(&clock, now);
		if (now >= clock.digests_at) {
			digest_due_look(setup->settings, store);
			clock.digests_at = now + (gint64)DIGESTS * G_USEC_PER_SEC;
		}
		send_tickets(&clock, now);
		if (now >= clock.key_watch_at) {
			key_watch_look(setup->settings, setup->keys);
			clock.key_watch_at = now + (gint64)KEY_WATCH * G_USEC_PER_SEC;
		}
		poll(NULL, 0, TICK);
	}
	/* Else a site that reloads each minute would never grow older. */
	grow_older(&clock, g_get_monotonic_time());
	g_hash_table_unref(clock.sent);
}
