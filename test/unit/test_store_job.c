/*
 * room: trusted. Jobs in one process: adding, the order and the pauses, in hand and out of it. Races: test_store_held_processes.c.
 */
#include "test/unit/held_help.h"

static gint64 pause_of(const char *directory, gint64 id)
{
	g_autofree char *text = g_strdup_printf("SELECT due_at - unixepoch() FROM job WHERE id = %d", (int)id);

	return sql(directory, text);
}

static gint64 add(struct store *store, const char *kind)
{
	struct store_job_plan plan = {.kind = kind};

	assert_true(store_job_add(store, NULL, LIST, 0, &plan, NULL));
	return sqlite3_last_insert_rowid(store->db);
}

static void says_what_was_given(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_job_auto struct store_job *job = NULL;
	g_autoptr(GVariant) fields = pair("to", "grüße@example.net");
	g_autoptr(GString) as = g_string_new(NULL);
	struct store_job_plan plan = {.kind = "answer", .fields = fields};
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	const char *to = NULL;

	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_true(store_job_add(store, key_of(1), LIST, 0, &plan, NULL));
	store_release(store);
	assert_int_equal(store_claim(store, key_of(1), as, NULL), STORE_DONE);
	assert_string_equal(as->str, "job 1");
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_TAKEN);
	assert_int_equal(job->id, 1);
	assert_int_equal(job->held, 0);
	assert_string_equal(job->list, LIST);
	assert_string_equal(job->kind, "answer");
	assert_true(g_variant_lookup(job->fields, "to", "&s", &to));
	assert_string_equal(to, "grüße@example.net");
	assert_int_equal(job->attempts, 1);
	assert_in_range(job->made_at, now, now + 60);
	store_job_free(NULL);
}

static void adds_all_or_nothing(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_job_plan plan = {.kind = "answer"};
	g_autoptr(GError) error = NULL;
	struct store_decision decision;

	/* A K that is not in hand, a post that is not there. */
	assert_false(store_job_add(store, key_of(1), LIST, 0, &plan, &error));
	assert_non_null(strstr(error->message, "not in hand"));
	g_clear_error(&error);
	assert_false(store_job_add(store, NULL, LIST, 5, &plan, &error));
	assert_non_null(strstr(error->message, "not there"));
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	assert_true(store_job_due(store, 9, due, NULL));
	assert_int_equal(due->len, 0);
	/* About a post that waits, and about one that is done. */
	gint64 id = hold(store, 2);
	assert_true(store_job_add(store, NULL, LIST, id, &plan, NULL));
	assert_true(store_job_due(store, 9, due, NULL));
	assert_int_equal(due->len, 3);
	assert_int_equal(decide(store, id, STORE_HELD_REJECTED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(do_jobs(store), 4);
	assert_true(store_job_add(store, NULL, LIST, id, &plan, NULL));
	assert_int_equal(do_jobs(store), 1);
	check_invariants(*state);
}

/* The job and what follows from it: another connection sees both or neither, whatever has gone well before something fails. */
static void together_or_not_at_all(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_job_auto struct store_job *job = NULL;
	struct store_job_plan plan = {.kind = "answer"};
	gint64 first = add(store, "release");

	for (int good = 0; good <= 1; good++) {
		assert_int_equal(sql(*state, "UPDATE job SET due_at = 0 RETURNING 1"), 1);
		store_job_free(g_steal_pointer(&job));
		assert_int_equal(store_job_take(store, first, &job, NULL), STORE_TAKE_TAKEN);
		assert_true(store_together(store, NULL));
		assert_true(store_job_add(store, NULL, LIST, 0, &plan, NULL));
		assert_true(store_job_done(store, first, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), 1);
		assert_int_equal(store_together_end(store, good, NULL), good);
		assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), !good);
		assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'answer'"), good);
	}
	check_invariants(*state);
}

static void due_in_order(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	for (guint i = 0; i < 5; i++)
		add(store, "answer");
	sql(*state, "UPDATE job SET due_at = due_at - id WHERE id <> 2");
	sql(*state, "UPDATE job SET due_at = due_at + 100 WHERE id = 4");
	assert_true(store_job_due(store, 3, ids, NULL));
	assert_int_equal(ids->len, 3);
	assert_int_equal(g_array_index(ids, gint64, 0), 5);
	assert_int_equal(g_array_index(ids, gint64, 1), 3);
	assert_int_equal(g_array_index(ids, gint64, 2), 1);
	assert_true(store_job_due(store, 100, ids, NULL));
	assert_int_equal(ids->len, 4);
}

static void pauses_grow(void **state)
{
	static const gint64 pauses[] = {60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
	store_auto struct store *store = open_good(*state);
	gint64 id = add(store, "answer");

	for (guint i = 0; i < G_N_ELEMENTS(pauses); i++) {
		store_job_auto struct store_job *job = NULL;

		assert_int_equal(store_job_take(store, id, &job, NULL), STORE_TAKE_TAKEN);
		assert_int_equal(job->attempts, i + 1);
		assert_in_range(pause_of(*state, id), pauses[i] - 2, pauses[i]);
		/* It took long, and then failed: the pause counts from the end. A crash leaves the one from the beginning. */
		if (i % 2) {
			sql(*state, "UPDATE job SET due_at = due_at - 50");
			assert_true(store_job_retry(store, id, NULL));
		} else {
			store_job_release(store);
		}
		assert_in_range(pause_of(*state, id), pauses[i] - 2, pauses[i]);
		store_job_clear(&job);
		assert_int_equal(store_job_take(store, id, &job, NULL), STORE_TAKE_EARLY);
		assert_null(job);
		sql(*state, "UPDATE job SET due_at = unixepoch()");
	}
}

static void in_hand(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_auto struct store *other = open_good(*state);
	g_autoptr(GError) error = NULL;
	struct store_job *none;
	store_job_auto struct store_job *job = NULL;
	gint64 first = add(store, "answer"), second = add(store, "answer");

	store_job_release(store); /* nothing in hand: nothing happens */
	assert_false(store_job_done(store, first, NULL));
	assert_false(store_job_retry(store, 0, NULL));
	assert_int_equal(store_job_take(store, first, &job, NULL), STORE_TAKE_TAKEN);
	sql(*state, "UPDATE job SET due_at = 0");
	assert_int_equal(store_job_take(store, first, &none, NULL), STORE_TAKE_BUSY);
	assert_int_equal(store_job_take(other, first, &none, NULL), STORE_TAKE_BUSY);
	assert_int_equal(store_job_take(store, second, &none, &error), STORE_TAKE_TROUBLE);
	assert_non_null(strstr(error->message, "another job"));
	/* A K beside it: what a job hands over has one. */
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_false(store_job_done(store, second, NULL));
	assert_false(store_job_done(other, first, NULL));
	assert_true(store_job_done(store, first, NULL));
	assert_int_equal(claim(other, 1), STORE_IN_PROGRESS);
	assert_int_equal(store_job_take(other, first, &none, NULL), STORE_TAKE_GONE);
	assert_false(store_job_done(store, first, NULL));
	store_job_clear(&job);
	assert_int_equal(store_job_take(other, second, &job, NULL), STORE_TAKE_TAKEN);
}

static void numbers_of_no_job(void **state)
{
	static const gint64 numbers[] = {0, -1, 1, 2, G_MAXINT64, G_MININT64, (gint64)1 << 62, ((gint64)1 << 62) + 1};
	store_auto struct store *store = open_good(*state);
	struct store_job *job;

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		assert_int_equal(store_job_take(store, numbers[i], &job, NULL), STORE_TAKE_GONE);
		assert_null(job);
	}
	/* None of them left a lock or is in hand. */
	assert_int_equal(add(store, "answer"), 1);
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_TAKEN);
	store_job_free(job);
}

/* A clock that was a year ahead: the job is tried within an hour after it was set right. */
static void a_clock_that_was_ahead(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	add(store, "answer");
	add(store, "answer");
	sql(*state, "UPDATE job SET due_at = unixepoch() + CASE id WHEN 1 THEN 31536000 ELSE 3600 END");
	assert_true(store_expire(store, 1000, NULL));
	assert_true(store_job_due(store, 10, ids, NULL));
	assert_int_equal(ids->len, 1);
	assert_int_equal(g_array_index(ids, gint64, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(says_what_was_given),
		T(adds_all_or_nothing),
		T(together_or_not_at_all),
		T(due_in_order),
		T(pauses_grow),
		T(in_hand),
		T(numbers_of_no_job),
		T(a_clock_that_was_ahead),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
