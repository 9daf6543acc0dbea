/*
 * Every call that the store has, each with something to do, for tests that make all of them fail: see test_store_faults.c.
 */
#ifndef ROLLCALL_TEST_UNIT_STORE_CALLS_H
#define ROLLCALL_TEST_UNIT_STORE_CALLS_H

#include "lib/store/store_death.h"
#include "lib/store/store_distributed.h"
#include "lib/store/store_job.h"
#include "lib/store/store_kept.h"
#include "lib/store/store_person.h"
#include "lib/store/store_token.h"
#include "test/unit/held_help.h"

#define TOKEN "abcdefghij"

/* What a call finds: a held post with two jobs and a token, a closed digest with its job, an open one, and something to archive. */
struct scene {
	struct store *store;
	gint64 held, job, issue, issue_job, kept;
	guint8 person[STORE_PERSON_SIZE];
};

typedef gboolean (*call)(struct scene *scene, GError **error);

/* ---- the calls: each TRUE when it did what it is for ---- */

static const guint8 *new_key(void)
{
	return key_of(77);
}

static gboolean do_claim(struct scene *scene, GError **error)
{
	store_release(scene->store);
	return store_claim(scene->store, new_key(), NULL, error) == STORE_NEW;
}

static gboolean do_claim_part(struct scene *scene, GError **error)
{
	guint8 part[STORE_KEY_SIZE];

	return store_claim_part(scene->store, "txt", part, NULL, error) == STORE_NEW;
}

static gboolean do_intent(struct scene *scene, GError **error)
{
	return store_intent(scene->store, new_key(), "", error);
}

static gboolean do_done(struct scene *scene, GError **error)
{
	return store_done(scene->store, new_key(), "4bT2xk1Zz", error);
}

static gboolean do_forget(struct scene *scene, GError **error)
{
	return store_forget(scene->store, new_key(), error);
}

static gboolean do_hold(struct scene *scene, GError **error)
{
	store_release(scene->store);
	return try_hold(scene->store, 78, 200000, error) != 0;
}

static gboolean do_held_get(struct scene *scene, GError **error)
{
	store_held_auto struct store_held *held = NULL;

	return store_held_get(scene->store, scene->held, &held, error);
}

static gboolean do_held_list(struct scene *scene, GError **error)
{
	const struct store_held_query query = {.most = 10};
	g_autoptr(GPtrArray) posts = store_held_list(scene->store, &query, error);

	return posts != NULL;
}

static gboolean do_held_due(struct scene *scene, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	return store_held_due(scene->store, 10, ids, error);
}

static gboolean do_held_message(struct scene *scene, GError **error)
{
	io_autofd int fd = -1;

	return store_held_message(scene->store, scene->held, &fd, error) == STORE_MESSAGE_WHOLE;
}

static gboolean decide_as(struct scene *scene, enum store_held_state state, gsize jobs, GError **error)
{
	const struct store_verdict verdict = {.state = state, .jobs = release_job, .job_count = jobs, .decider = scene->person};
	struct store_decision decision;
	enum store_order order = store_held_decide(scene->store, scene->held, &verdict, &decision, error);

	assert_int_equal(decision.state, order == STORE_ORDER_DECIDED ? state : STORE_HELD_WAITING);
	return order == STORE_ORDER_DECIDED;
}

static gboolean do_accept(struct scene *scene, GError **error)
{
	return decide_as(scene, STORE_HELD_ACCEPTED, 1, error);
}

/* Nothing is left to do about it, so its message goes at once. */
static gboolean do_discard(struct scene *scene, GError **error)
{

	return decide_as(scene, STORE_HELD_DISCARDED, 0, error);
}

static gboolean do_token_add(struct scene *scene, GError **error)
{
	const struct store_token token = {.held = scene->held, .action = STORE_ACTION_REJECT, .life = 3600};

	return store_token_add(scene->store, "klmnopqrst", &token, error);
}

static gboolean do_token_look(struct scene *scene, GError **error)
{
	const struct store_bearer bearer = {.token = TOKEN, .list = LIST, .person = scene->person};
	struct store_token_found found;

	return store_token_look(scene->store, &bearer, &found, error) == STORE_ORDER_GOOD;
}

static gboolean do_token_use(struct scene *scene, GError **error)
{
	const struct store_bearer bearer = {.token = TOKEN, .list = LIST, .person = scene->person};
	const struct store_verdict verdict = {.state = STORE_HELD_CONFIRMED, .jobs = release_job, .job_count = 1};
	struct store_token_found found;
	enum store_order order = store_token_use(scene->store, &bearer, &verdict, &found, error);

	assert_int_equal(found.decision.state, order == STORE_ORDER_DECIDED ? STORE_HELD_CONFIRMED : STORE_HELD_WAITING);
	return order == STORE_ORDER_DECIDED;
}

static gboolean do_token_bad(struct scene *scene, GError **error)
{
	guint count;

	return store_token_bad(scene->store, scene->person, TRUE, &count, error) && count > 0;
}

static gboolean do_job_add(struct scene *scene, GError **error)
{
	return store_job_add(scene->store, new_key(), LIST, scene->held, release_job, error);
}

static gboolean do_job_due(struct scene *scene, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	return store_job_due(scene->store, 10, ids, error);
}

static gboolean do_job_take(struct scene *scene, GError **error)
{
	store_job_auto struct store_job *job = NULL;
	enum store_take taken = store_job_take(scene->store, scene->job, &job, error);

	assert_int_equal(taken == STORE_TAKE_TAKEN, job != NULL);
	return taken == STORE_TAKE_TAKEN;
}

static void have_job(struct scene *scene, gint64 id)
{
	store_job_auto struct store_job *job = NULL;

	if (scene->store->job == 0)
		assert_int_equal(store_job_take(scene->store, id, &job, NULL), STORE_TAKE_TAKEN);
}

static gboolean do_job_done(struct scene *scene, GError **error)
{
	return store_job_done(scene->store, scene->job, error);
}

static gboolean do_job_retry(struct scene *scene, GError **error)
{
	return store_job_retry(scene->store, scene->job, error);
}

static gboolean do_job_hasten(struct scene *scene, GError **error)
{
	return store_job_hasten(scene->store, "notice-author", LIST, AUTHOR, error);
}

static gboolean do_digest_open(struct scene *scene, GError **error)
{
	g_autoptr(GPtrArray) all = store_digest_open(scene->store, error);

	return all != NULL;
}

static gboolean do_digest_closed(struct scene *scene, GError **error)
{
	g_autoptr(GPtrArray) all = store_digest_closed(scene->store, error);

	return all != NULL;
}

static gboolean do_digest_close(struct scene *scene, GError **error)
{
	const struct store_digest_plan plan = {.list = LIST, .volume = 26, .most = 1000, .job = "digest"};
	gint64 issue;

	return store_digest_close(scene->store, &plan, &issue, error) && issue != 0;
}

static gboolean do_digest_issue(struct scene *scene, GError **error)
{
	struct store_digest_issue issue;

	return store_digest_issue(scene->store, scene->issue, &issue, error);
}

static gboolean do_digest_posts(struct scene *scene, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	return store_digest_posts(scene->store, scene->issue, ids, error);
}

static gboolean do_digest_done(struct scene *scene, GError **error)
{
	return store_digest_done(scene->store, scene->issue, scene->issue_job, error);
}

static gboolean do_kept_add(struct scene *scene, GError **error)
{
	const struct io_mapping message = {.data = "Subject: x\n\nx\n", .length = 14};
	const struct store_kept_plan plan = {
		.list = LIST, .message = &message, .archived_at = "", .digest = TRUE, .archive = TRUE, .queue_id = "A", .at = 1000};

	return store_kept_add(scene->store, new_key(), &plan, error);
}

static gboolean do_kept_get(struct scene *scene, GError **error)
{
	struct store_kept kept;
	gboolean good = store_kept_get(scene->store, scene->kept, &kept, error);

	store_kept_clear(&kept);
	return good;
}

static gboolean do_kept_write(struct scene *scene, GError **error)
{
	io_autofd int fd = io_memory_file("test");

	return store_kept_write(scene->store, scene->kept, fd, error) == STORE_MESSAGE_WHOLE;
}

static gboolean do_archive_lists(struct scene *scene, GError **error)
{
	g_autoptr(GPtrArray) all = store_archive_lists(scene->store, error);

	return all != NULL;
}

static gboolean do_archive_due(struct scene *scene, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	return store_archive_due(scene->store, LIST, 10, ids, error);
}

static gboolean do_archive_done(struct scene *scene, GError **error)
{
	return store_archive_done(scene->store, scene->kept, error);
}

static gboolean do_archive_aside(struct scene *scene, GError **error)
{
	return store_archive_aside(scene->store, scene->kept, error);
}

static gboolean do_archive_again(struct scene *scene, GError **error)
{
	guint count;

	return store_archive_again(scene->store, LIST, &count, error);
}

static gboolean do_archive_forget(struct scene *scene, GError **error)
{
	guint count;

	return store_archive_forget(scene->store, LIST, &count, error);
}

static gboolean do_person_answer(struct scene *scene, GError **error)
{
	return store_person_answer(scene->store, scene->person, LIST, error) == STORE_ANSWER_NOW;
}

static gboolean do_forget_answer(struct scene *scene, GError **error)
{
	return store_person_forget_answer(scene->store, scene->person, LIST, error);
}

static gboolean do_count_get(struct scene *scene, GError **error)
{
	struct store_count count;

	return store_count_get(scene->store, LIST, &count, error);
}

static gboolean do_count_set(struct scene *scene, GError **error)
{
	return store_count_set(scene->store, LIST, &(struct store_count){.members = 5}, error);
}

static gboolean do_age(struct scene *scene, GError **error)
{
	return store_age(scene->store, 10, error);
}

static gboolean do_expire(struct scene *scene, GError **error)
{
	return store_expire(scene->store, 1000, error);
}

static gboolean do_distributed(struct scene *scene, GError **error)
{
	gint64 at;

	store_distributed_drop(scene->store);
	return store_distributed_claim(scene->store, new_key(), 1000, &at, error) == STORE_COPY_NONE;
}

static gboolean do_death_add(struct scene *scene, GError **error)
{
	guint count;

	return store_death_add(scene->store, new_key(), &count, error) && count > 0;
}

static gboolean do_death_count(struct scene *scene, GError **error)
{
	guint count;

	return store_death_count(scene->store, new_key(), &count, error);
}

/* Two calls, of which each has a transaction of its own when alone. */
static gboolean do_together(struct scene *scene, GError **error)
{
	if (!store_together(scene->store, error))
		return FALSE;
	gboolean good = store_person_answer(scene->store, scene->person, LIST, error) == STORE_ANSWER_NOW &&
		store_job_add(scene->store, new_key(), LIST, scene->held, release_job, error);
	return store_together_end(scene->store, good, error);
}

/* What must be in hand before the call. */
enum hand { NOTHING, POST, JOB, ISSUE_JOB };

static const struct {
	const char *name;
	call call;
	enum hand hand;
} calls[] = {
#define X(name, hand) {#name, do_##name, hand}
	X(claim, NOTHING), X(claim_part, POST), X(intent, POST), X(done, POST), X(forget, POST), X(hold, NOTHING), X(held_get, NOTHING),
	X(held_list, NOTHING), X(held_due, NOTHING), X(held_message, NOTHING), X(accept, NOTHING), X(discard, NOTHING), X(token_add, NOTHING),
	X(token_look, NOTHING), X(token_use, NOTHING), X(token_bad, NOTHING), X(job_add, POST), X(job_due, NOTHING),
	X(job_take, NOTHING), X(job_done, JOB), X(job_retry, JOB), X(job_hasten, NOTHING), X(digest_open, NOTHING), X(digest_closed, NOTHING), X(digest_close, NOTHING),
	X(digest_issue, NOTHING), X(digest_posts, NOTHING), X(digest_done, ISSUE_JOB), X(kept_add, POST), X(kept_get, NOTHING), X(kept_write, NOTHING),
	X(archive_lists, NOTHING), X(archive_due, NOTHING), X(archive_done, NOTHING), X(archive_aside, NOTHING), X(archive_again, NOTHING),
	X(archive_forget, NOTHING), X(person_answer, NOTHING), X(forget_answer, NOTHING), X(count_get, NOTHING), X(count_set, NOTHING), X(age, NOTHING),
	X(expire, NOTHING), X(distributed, POST), X(death_add, NOTHING), X(death_count, NOTHING), X(together, POST),
#undef X
};

#endif
