/*
 * room: trusted. Held posts under many processes (HOSTILE X3: first wins), and what kill -9 at any point of hold, decide and
 * release leaves: each post whole with its jobs or not there, each decision with its jobs or none.
 */
#include "test/unit/held_help.h"

#include "lib/store/store_token.h"

/* ---- races ---- */

enum { CHILDREN = 20 };

/* Some accept, some reject, by token or as the console does. Says what came of it. */
static void use_a_token(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	guint8 person[STORE_PERSON_SIZE] = {0};
	gboolean accept = getpid() % 2, console = getpid() % 4 < 2;
	struct store_bearer bearer = {.token = accept ? "yes" : "no", .list = LIST, .person = person};
	struct store_verdict verdict = {.state = accept ? STORE_HELD_ACCEPTED : STORE_HELD_REJECTED, .jobs = release_job,
		.job_count = 1};
	struct store_token_found found;
	GError *error = NULL;

	wait_for_start(directory);
	enum store_order order = console ? store_held_decide(store, 1, &verdict, &found.decision, &error) :
					   store_token_use(store, &bearer, &verdict, &found, &error);
	if (order == STORE_ORDER_TROUBLE)
		FAIL_CHILD("use: %s", error->message);
	say(to_parent, (guint8)order);
	say(to_parent, (guint8)found.decision.state);
	say(to_parent, found.decision.at > 0);
	store_close(store);
}

static void one_of_twenty_decides(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token accept = {.action = STORE_ACTION_ACCEPT, .life = 3600};
	struct store_token reject = {.action = STORE_ACTION_REJECT, .life = 3600};
	g_autofree char *start = g_build_filename(*state, "start", NULL);
	pid_t pids[CHILDREN];
	int pipes[CHILDREN];
	guint decided = 0, already = 0;

	accept.held = reject.held = hold(store, 1);
	assert_true(store_token_add(store, "yes", &accept, NULL));
	assert_true(store_token_add(store, "no", &reject, NULL));
	for (guint i = 0; i < CHILDREN; i++)
		pids[i] = start_child(use_a_token, *state, &pipes[i]);
	assert_true(g_file_set_contents(start, "", 0, NULL));
	for (guint i = 0; i < CHILDREN; i++) {
		enum store_order order = (enum store_order)hear(pipes[i]);

		decided += order == STORE_ORDER_DECIDED;
		already += order == STORE_ORDER_ALREADY;
		/* Each is told the same, and that is what is on disk. */
		assert_int_equal(hear(pipes[i]), sql(*state, "SELECT state FROM held"));
		assert_int_equal(hear(pipes[i]), 1);
		assert_int_equal(wait_child(pids[i]), 0);
		close(pipes[i]);
	}
	assert_int_equal(decided, 1);
	assert_int_equal(already, CHILDREN - 1);
	assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), 1);
	check_invariants(*state);
}

static void take_a_job(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	struct store_job *job;

	wait_for_start(directory);
	say(to_parent, (guint8)store_job_take(store, 1, &job, NULL));
	pause();
}

static void one_of_twenty_takes_a_job(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autofree char *start = g_build_filename(*state, "start", NULL);
	store_job_auto struct store_job *job = NULL;
	pid_t pids[CHILDREN];
	int pipes[CHILDREN];
	guint taken = 0, busy = 0;

	hold(store, 1);
	for (guint i = 0; i < CHILDREN; i++)
		pids[i] = start_child(take_a_job, *state, &pipes[i]);
	assert_true(g_file_set_contents(start, "", 0, NULL));
	for (guint i = 0; i < CHILDREN; i++) {
		enum store_take take = (enum store_take)hear(pipes[i]);

		taken += take == STORE_TAKE_TAKEN;
		busy += take == STORE_TAKE_BUSY;
	}
	assert_int_equal(taken, 1);
	assert_int_equal(busy, CHILDREN - 1);
	/* A pause that is over does not take it out of a living hand. */
	sql(*state, "UPDATE job SET due_at = 0");
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_BUSY);
	for (guint i = 0; i < CHILDREN; i++)
		end_child(pids[i], pipes[i]);
	/* The lock went with its process; the attempt was counted. */
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_TAKEN);
	assert_int_equal(job->attempts, 2);
}

/* ---- kill -9 ---- */

static void do_due_jobs_in_child(struct store *store)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!store_job_due(store, 100, ids, NULL))
		FAIL_CHILD("due");
	for (guint i = 0; i < ids->len; i++) {
		store_job_auto struct store_job *job = NULL;
		gint64 id = g_array_index(ids, gint64, i);

		if (store_job_take(store, id, &job, NULL) != STORE_TAKE_TAKEN || !store_job_done(store, id, NULL))
			FAIL_CHILD("job");
	}
}

/*
 * Holds, decides two of three posts, does the jobs of one of three. Every fourth message is larger than SQLite's cache, so that
 * its pages go to the log before the end. Says 1 after each hold and 2 after each decision that has returned.
 */
static void moderate_until_killed(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	g_autofree char *round = NULL;
	g_autofree char *path = g_build_filename(directory, "round", NULL);

	if (!g_file_get_contents(path, &round, NULL, NULL))
		FAIL_CHILD("round");
	for (guint i = (guint)strlen(round) * 10000;; i++) {
		struct store_verdict verdict = {.state = i % 3 == 1 ? STORE_HELD_ACCEPTED : STORE_HELD_REJECTED,
			.jobs = release_job, .job_count = 1};
		struct store_decision decision;
		gint64 id = try_hold(store, i, i % 4 ? 20000 : 4000000, NULL);

		if (id == 0)
			FAIL_CHILD("hold %u", i);
		say(to_parent, 1);
		if (i % 3 == 0)
			continue;
		if (store_held_decide(store, id, &verdict, &decision, NULL) != STORE_ORDER_DECIDED)
			FAIL_CHILD("decide %u", i);
		say(to_parent, 2);
		if (i % 3 == 1)
			do_due_jobs_in_child(store);
	}
}

/* Every message that should be there is whole. */
static void check_messages(const char *directory)
{
	store_auto struct store *store = open_good(directory);
	struct store_held_query all = {.most = 10000};
	g_autoptr(GPtrArray) posts = store_held_list(store, &all, NULL);

	for (guint i = 0; i < posts->len; i++) {
		struct store_held *held = g_ptr_array_index(posts, i);
		io_autofd int fd = -1;

		if (held->message_size > 0)
			assert_int_equal(store_held_message(store, held->id, &fd, NULL), STORE_MESSAGE_WHOLE);
	}
}

static void kill_at_a_random_point(void **state)
{
	enum { ROUNDS = 30 };
	g_autofree char *path = g_build_filename(*state, "round", NULL);
	g_autoptr(GRand) dice = g_rand_new_with_seed(20261121);
	gint64 posts = 0, decisions = 0;

	for (guint round = 0; round < ROUNDS; round++) {
		g_autofree char *number = g_strnfill(round, 'i');
		gint64 holds_told = 0, decisions_told = 0;
		guint8 words[4096];
		ssize_t count;
		int from_child;

		assert_true(g_file_set_contents(path, number, -1, NULL));
		pid_t pid = start_child(moderate_until_killed, *state, &from_child);
		holds_told += hear(from_child) == 1;
		g_usleep((gulong)g_rand_int_range(dice, 0, 60000));
		kill(pid, SIGKILL);
		int status = wait_child(pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		while ((count = read(from_child, words, sizeof(words))) > 0)
			for (ssize_t i = 0; i < count; i++) {
				holds_told += words[i] == 1;
				decisions_told += words[i] == 2;
			}
		close(from_child);
		/* All that was told is there, and at most one more. */
		gint64 now = check_invariants(*state);
		assert_in_range(now - posts, holds_told, holds_told + 1);
		posts = now;
		now = sql(*state, "SELECT count(*) FROM held WHERE state <> 1");
		assert_in_range(now - decisions, decisions_told, decisions_told + 1);
		decisions = now;
		/* Numbers of jobs are given without a gap: two for each hold, one for each decision, done or not. */
		assert_int_equal(sql(*state, "SELECT seq FROM sqlite_sequence WHERE name = 'job'"), 2 * posts + decisions);
	}
	check_messages(*state);
	print_message("%d kills: %d posts, %d decisions, %d tombstones\n", ROUNDS, (int)posts, (int)decisions,
		(int)sql(*state, "SELECT count(*) FROM held WHERE size = 0"));
}

/* Opening a store of version 1 and being killed: it is of the one or the other version, and opens. */
static void open_and_wait(const char *directory, int to_parent)
{
	say(to_parent, 1);
	store_close(open_in_child(directory));
}

static void killed_while_it_migrates(void **state)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(3);
	guint migrated = 0;

	for (guint round = 0; round < 40; round++) {
		g_autofree char *path = g_build_filename(*state, "store.db", NULL);
		int from_child;

		sql(*state, "PRAGMA application_id = 1383023457");
		sql(*state, "PRAGMA journal_mode = WAL");
		sql(*state, "CREATE TABLE post (key BLOB NOT NULL PRIMARY KEY, state INTEGER NOT NULL, queue_id TEXT NOT NULL, "
			    "changed INTEGER NOT NULL) STRICT, WITHOUT ROWID");
		sql(*state, "CREATE TABLE list_count (list TEXT NOT NULL PRIMARY KEY, members INTEGER NOT NULL, "
			    "shrunk_since INTEGER NOT NULL) STRICT, WITHOUT ROWID");
		sql(*state, "PRAGMA user_version = 1");
		pid_t pid = start_child(open_and_wait, *state, &from_child);
		hear(from_child);
		g_usleep((gulong)g_rand_int_range(dice, 0, 4000));
		end_child(pid, from_child);
		gint64 version = sql(*state, "PRAGMA user_version");
		/* All steps, or none. */
		assert_true(version == 1 || version == 6);
		assert_int_equal(sql(*state, "SELECT count(*) FROM sqlite_schema WHERE name IN ('answer', 'kept')"), version == 1 ? 0 : 2);
		store_close(open_good(*state));
		assert_int_equal(unlink(path), 0);
		migrated += version == 6;
	}
	print_message("40 kills: %u stores were migrated, %u not yet\n", migrated, 40 - migrated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(one_of_twenty_decides),
		T(one_of_twenty_takes_a_job),
		T(kill_at_a_random_point),
		T(killed_while_it_migrates),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
