/*
 * room: trusted. Each statement of each call of the store fails once, by SQLite's own hand: it is interrupted, its commit is taken back, or somebody else
 * has the database locked. Then the call says why, not a byte of the database has changed, no transaction is left open, and the same call on the
 * same connection does its work. Opening fails for want of descriptors, one after the other.
 */
#include "test/unit/store_calls.h"

#include <errno.h>
#include <sys/resource.h>

/* ---- the scene ---- */

static void run_sql(struct store *store, const char *text)
{
	assert_int_equal(sqlite3_exec(store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void keep(struct store *store, guint32 number)
{
	const struct io_mapping message = {.data = "Subject: x\n\nkept\n", .length = 17};
	const struct store_kept_plan plan = {.list = LIST, .message = &message, .archived_at = "", .digest = TRUE, .archive = TRUE, .queue_id = "A"};

	assert_int_equal(claim(store, number), STORE_NEW);
	assert_true(store_kept_add(store, key_of(number), &plan, NULL));
	store_release(store);
}

static gint64 number_of(struct store *store, const char *text)
{
	sqlite3_stmt *read;

	assert_int_equal(sqlite3_prepare_v2(store->db, text, -1, &read, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(read), SQLITE_ROW);
	gint64 number = sqlite3_column_int64(read, 0);
	sqlite3_finalize(read);
	return number;
}

static void set_scene(struct scene *scene, enum hand hand)
{
	struct store *store = scene->store;
	struct store_token token = {.action = STORE_ACTION_CONFIRM, .life = 3600};

	store_release(store);
	store_job_release(store);
	run_sql(store, "DELETE FROM post; DELETE FROM held; DELETE FROM held_message; DELETE FROM job; DELETE FROM token; DELETE FROM token_bad;"
		"DELETE FROM death; DELETE FROM distributed; DELETE FROM kept; DELETE FROM kept_message; DELETE FROM digest_issue; DELETE FROM answer; DELETE FROM list_count");
	memset(scene->person, 7, sizeof(scene->person));
	memcpy(token.person, scene->person, sizeof(token.person));
	token.held = scene->held = hold(store, 1);
	assert_true(store_token_add(store, TOKEN, &token, NULL));
	scene->job = number_of(store, "SELECT min(id) FROM job");
	keep(store, 2);
	assert_true(store_digest_close(store, &(struct store_digest_plan){.list = LIST, .volume = 26, .most = 1000, .job = "digest"},
		&scene->issue, NULL));
	scene->issue_job = number_of(store, "SELECT max(id) FROM job");
	keep(store, 3);
	scene->kept = number_of(store, "SELECT max(id) FROM kept");
	assert_int_equal(number_of(store, "SELECT count(*) FROM job"), 3);
	if (hand == POST)
		assert_int_equal(claim(store, 77), STORE_NEW);
	if (hand == JOB || hand == ISSUE_JOB)
		have_job(scene, hand == JOB ? scene->job : scene->issue_job);
}

/* ---- faults ---- */

struct fault {
	sqlite3 *db;
	guint left; /* until it strikes; 0: not any more */
	gboolean struck;
};

static gboolean strikes(struct fault *fault)
{
	gboolean now = fault->left == 1;

	fault->left -= fault->left > 0;
	fault->struck |= now;
	return now;
}

static int interrupt_statement(unsigned kind, void *context, void *statement, void *text)
{
	struct fault *fault = context;

	if (strikes(fault))
		sqlite3_interrupt(fault->db);
	return 0;
}

static int refuse_commit(void *context)
{
	return strikes(context);
}

/* Not where the last statement has just ended: there it comes too late to stop anything, but SQLite tells of it all the same. */
static int interrupt_step(void *context)
{
	struct fault *fault = context;

	for (sqlite3_stmt *statement = NULL; (statement = sqlite3_next_stmt(fault->db, statement));)
		if (sqlite3_stmt_busy(statement))
			return strikes(fault);
	return 0;
}

static void arm(struct fault *fault, const char *how)
{
	if (strcmp(how, "statement") == 0)
		sqlite3_trace_v2(fault->db, SQLITE_TRACE_STMT, interrupt_statement, fault);
	else if (strcmp(how, "commit") == 0)
		sqlite3_commit_hook(fault->db, refuse_commit, fault);
	else
		sqlite3_progress_handler(fault->db, 1, interrupt_step, fault);
}

static void disarm(struct fault *fault)
{
	fault->left = 0;
	sqlite3_trace_v2(fault->db, 0, NULL, NULL);
	sqlite3_commit_hook(fault->db, NULL, NULL);
	sqlite3_progress_handler(fault->db, 0, NULL, NULL);
}

static GBytes *content(sqlite3 *db)
{
	sqlite3_int64 size;
	unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);

	assert_non_null(bytes);
	return g_bytes_new_with_free_func(bytes, (gsize)size, sqlite3_free, bytes);
}

/* A call that failed: with a reason, without a trace, and not for ever. */
static void failed_clean(struct scene *scene, gsize i, GBytes *before, GError *error)
{
	g_autoptr(GBytes) after = content(scene->store->db);
	g_autoptr(GError) again = NULL;

	if (!error || !g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE))
		fail_msg("%s: %s", calls[i].name, error ? error->message : "failed without a reason");
	if (!sqlite3_get_autocommit(scene->store->db))
		fail_msg("%s: a transaction is left open", calls[i].name);
	if (!g_bytes_equal(before, after))
		fail_msg("%s: something of it stays", calls[i].name);
	if (!calls[i].call(scene, &again))
		fail_msg("%s: once more: %s", calls[i].name, again ? again->message : "no");
}

/* The call with its n-th statement, commit or step failing. FALSE: it has fewer. */
static gboolean strike(struct scene *scene, gsize i, const char *how, guint n)
{
	struct fault fault = {.db = scene->store->db, .left = n};
	g_autoptr(GError) error = NULL;

	set_scene(scene, calls[i].hand);
	if (calls[i].call == do_discard)
		run_sql(scene->store, "DELETE FROM job WHERE held <> 0");
	g_autoptr(GBytes) before = content(fault.db);
	arm(&fault, how);
	gboolean good = calls[i].call(scene, &error);
	disarm(&fault);
	if (!good)
		failed_clean(scene, i, before, error);
	else if (error)
		fail_msg("%s: done, and an error: %s", calls[i].name, error->message);
	assert_true(good || fault.struck);
	return fault.struck;
}

/* ---- tests ---- */

static void strike_all(const char *directory, const char *how)
{
	store_auto struct store *store = open_good(directory);
	struct scene scene = {.store = store};

	for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
		guint n = 1;

		while (strike(&scene, i, how, n))
			n++;
		/* What reads commits nothing. */
		if (n == 1 && strcmp(how, "commit") != 0)
			fail_msg("%s has no statement", calls[i].name);
	}
}

static void each_statement_fails(void **state)
{
	strike_all(*state, "statement");
}

static void each_commit_fails(void **state)
{
	strike_all(*state, "commit");
}

/* In the middle of a statement, too, and where a message is written without one: at more and more places. */
static void calls_fail_half_way(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct scene scene = {.store = store};

	for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
		for (guint n = 2; strike(&scene, i, "step", n); n += 1 + n / 8)
			;
}

static void somebody_else_writes(void **state)
{
	store_auto struct store *store = open_good(*state), *other = open_good(*state);
	struct scene scene = {.store = store};
	guint refused = 0;

	sqlite3_busy_timeout(store->db, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
		g_autoptr(GError) error = NULL;

		set_scene(&scene, calls[i].hand);
		if (calls[i].call == do_discard)
			run_sql(store, "DELETE FROM job WHERE held <> 0");
		g_autoptr(GBytes) before = content(store->db);
		run_sql(other, "BEGIN IMMEDIATE");
		gboolean good = (calls[i].call == do_discard) || calls[i].call(&scene, &error);
		run_sql(other, "ROLLBACK");
		refused += !good;
		if (!good)
			failed_clean(&scene, i, before, error);
	}
	assert_in_range(refused, 20, G_N_ELEMENTS(calls) - 15);
}

/* Locks are the kernel's; one that says neither yes nor no (here for a descriptor that may not write) is trouble. */
static void locks_that_do_not_work(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct scene scene = {.store = store};
	g_autoptr(GError) error = NULL, job_error = NULL, copy_error = NULL;
	store_job_auto struct store_job *job = NULL;

	set_scene(&scene, POST);
	io_close(&store->claims);
	store->claims = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_false(do_distributed(&scene, &copy_error));
	assert_non_null(copy_error);
	store->holding = FALSE;
	assert_int_equal(store_claim(store, key_of(77), NULL, &error), STORE_TROUBLE);
	assert_non_null(error);
	assert_int_equal(store_job_take(store, scene.job, &job, &job_error), STORE_TAKE_TROUBLE);
	assert_non_null(job_error);
}

static void a_message_that_cannot_be_written_out(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct scene scene = {.store = store};
	io_autofd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	g_autoptr(GError) error = NULL;

	set_scene(&scene, NOTHING);
	assert_int_equal(store_kept_write(store, scene.kept, full, &error), STORE_MESSAGE_TROUBLE);
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_FULL));
}

/* ---- descriptors ---- */

static void allow_more_descriptors(rlim_t more)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		FAIL_CHILD("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(first);
	limit.rlim_cur = (rlim_t)first + more;
	if (first < 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		FAIL_CHILD("setrlimit");
}

/* Whatever runs out, there is a reason; with enough of them it works, and what failed before is in nobody's way. */
static void open_with_few(const char *directory, int to_parent)
{
	gboolean opened = FALSE, copied = FALSE, hashed = FALSE;

	for (rlim_t more = 0; more < 12; more++) {
		guint8 person[STORE_PERSON_SIZE];
		GError *error = NULL;

		allow_more_descriptors(more);
		struct store *store = store_open(directory, &error);
		if (!store == !error || (opened && !store))
			FAIL_CHILD("open, %u: %s", (guint)more, error ? error->message : "no reason");
		opened = store != NULL;
		g_clear_error(&error);
		allow_more_descriptors(store ? more % 4 : more);
		if (store && !store_person_hash(store, "a@example.org", person, &error) && !error)
			FAIL_CHILD("hash, %u: no reason", (guint)more);
		hashed |= store && !error;
		g_clear_error(&error);
		store_close(store);
		allow_more_descriptors(more);
		store = store_open_copy(directory, &error);
		if (!store == !error)
			FAIL_CHILD("copy, %u: %s", (guint)more, error ? error->message : "no reason");
		copied = store != NULL;
		g_clear_error(&error);
		store_close(store);
	}
	if (!opened || !copied || !hashed)
		FAIL_CHILD("opened %d, copied %d, hashed %d", opened, copied, hashed);
}

static void message_with_no_descriptor(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	GError *error = NULL;
	gint64 id = try_hold(store, 1, 1000, NULL);
	int fd;

	allow_more_descriptors(0);
	if (store_held_message(store, id, &fd, &error) != STORE_MESSAGE_TROUBLE || fd != -1 || !error)
		FAIL_CHILD("message");
}

static void descriptors_run_out(void **state)
{
	static const child_function children[] = {open_with_few, message_with_no_descriptor};

	for (guint i = 0; i < G_N_ELEMENTS(children); i++) {
		int from_child;

		assert_int_equal(wait_child(start_child(children[i], *state, &from_child)), 0);
		close(from_child);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_statement_fails),
		TEST(each_commit_fails),
		TEST(calls_fail_half_way),
		TEST(somebody_else_writes),
		TEST(locks_that_do_not_work),
		TEST(a_message_that_cannot_be_written_out),
		TEST(descriptors_run_out),
	};

	return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
