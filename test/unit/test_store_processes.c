/*
 * room: trusted. The state store under many processes at once (HOSTILE M35), and what kill -9 at each point leaves.
 */
#include "test/unit/store_help.h"

#include <sys/resource.h>

static void claim_and_hold(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);

	say(to_parent, (guint8)store_claim(store, key_of(1), NULL, NULL));
	pause();
}

/* 50 processes open a store that does not exist yet, and claim one K. */
static void one_of_fifty_gets_it(void **state)
{
	enum { CHILDREN = 50 };
	pid_t pids[CHILDREN];
	int pipes[CHILDREN];
	guint new = 0, in_progress = 0;

	for (guint i = 0; i < CHILDREN; i++)
		pids[i] = start_child(claim_and_hold, *state, &pipes[i]);
	for (guint i = 0; i < CHILDREN; i++) {
		enum store_state got = (enum store_state)hear(pipes[i]);

		new += got == STORE_NEW;
		in_progress += got == STORE_IN_PROGRESS;
	}
	assert_int_equal(new, 1);
	assert_int_equal(in_progress, CHILDREN - 1);
	for (guint i = 0; i < CHILDREN; i++)
		end_child(pids[i], pipes[i]);
	/* All are dead: the K is free, and a fan-out can be done. */
	store_auto struct store *store = open_good(*state);
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_true(store_done(store, key_of(1), "A", NULL));
	store_release(store);
	for (guint i = 0; i < CHILDREN; i++) {
		pids[i] = start_child(claim_and_hold, *state, &pipes[i]);
		assert_int_equal(hear(pipes[i]), STORE_DONE);
		end_child(pids[i], pipes[i]);
	}
}

static void die_after_done(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);

	if (store_claim(store, key_of(1), NULL, NULL) != STORE_UNCLEAR || !store_intent(store, key_of(1), "", NULL) ||
		!store_done(store, key_of(1), "A", NULL))
		FAIL_CHILD("done");
	say(to_parent, 1);
	pause();
}

static void what_a_crash_leaves(void **state)
{
	static const struct {
		child_function function;
		enum store_state after;
	} table[] = {
		{claim_and_hold, STORE_NEW},
		{die_after_intent, STORE_UNCLEAR},
		{die_after_done, STORE_DONE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		int from_child;
		pid_t pid = start_child(table[i].function, *state, &from_child);
		hear(from_child);
		store_auto struct store *store = open_good(*state);
		assert_int_equal(claim(store, 1), STORE_IN_PROGRESS);
		end_child(pid, from_child);
		assert_int_equal(claim(store, 1), table[i].after);
	}
}

/* Writes as fast as it can and reports each post only when the call has returned. */
static void write_until_killed(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);

	for (guint32 i = 0;; i++) {
		if (store_claim(store, key_of(i), NULL, NULL) != STORE_NEW || !store_intent(store, key_of(i), "", NULL) ||
			!store_done(store, key_of(i), "A", NULL))
			FAIL_CHILD("post %u", i);
		store_release(store);
		say(to_parent, 1);
	}
}

static void nothing_returned_is_lost(void **state)
{
	for (guint round = 0; round < 10; round++) {
		int from_child;
		pid_t pid = start_child(write_until_killed, *state, &from_child);
		guint32 posts = 0;
		guint8 word[4096];
		ssize_t count;

		hear(from_child);
		posts++;
		g_usleep(1000 + round * 3371);
		kill(pid, SIGKILL);
		wait_child(pid);
		while ((count = read(from_child, word, sizeof(word))) > 0)
			posts += (guint32)count;
		close(from_child);
		struct store *store = open_good(*state);
		for (guint32 i = 0; i < posts; i++)
			assert_int_equal(claim(store, i), STORE_DONE);
		store_close(store);
		assert_int_equal(sql(*state, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
		sql(*state, "DELETE FROM post");
	}
}

static void use_after_fork(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		(void)!store_claim(store, key_of(1), NULL, NULL);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		FAIL_CHILD("an inherited store was used");
}

static void inherited_stores_panic(void **state)
{
	int from_child;
	pid_t pid = start_child(use_after_fork, *state, &from_child);

	assert_int_equal(wait_child(pid), 0);
	close(from_child);
}

static void hold_write_lock(const char *directory, int to_parent)
{
	g_autofree char *path = g_build_filename(directory, "store.db", NULL);
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		FAIL_CHILD("lock");
	say(to_parent, 1);
	pause();
}

/* Somebody's sqlite3 shell sits on the write lock: claims still answer, writes fail in bounded time, then go on. */
static void a_held_lock_is_bounded(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GError) error = NULL;
	int from_child;
	pid_t pid = start_child(hold_write_lock, *state, &from_child);

	hear(from_child);
	gint64 start = g_get_monotonic_time();
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_false(store_intent(store, key_of(1), "", &error));
	gint64 took = g_get_monotonic_time() - start;
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE));
	assert_in_range(took, 4 * G_USEC_PER_SEC, 8 * G_USEC_PER_SEC);
	end_child(pid, from_child);
	assert_true(store_intent(store, key_of(1), "", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(one_of_fifty_gets_it),
		T(what_a_crash_leaves),
		T(nothing_returned_is_lost),
		T(inherited_stores_panic),
		T(a_held_lock_is_bounded),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
