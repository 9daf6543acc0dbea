/*
 * room: trusted. Held posts in one process: their life, decisions, damage to the message (HOSTILE X8), what stays of
 * whom, and a store of version 1. What races and kill -9 do: test_store_held_processes.c.
 */
#include "test/unit/held_help.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/store/store_token.h"

/* Counted, and still done: SQLite in this binary finds these before libc's. */
static guint syncs;

int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static void assert_message(struct store *store, gint64 id, guint seed, gsize size)
{
	g_autofree char *wanted = message_text(seed, size);
	io_autofd int fd = -1;
	struct io_mapping got;

	assert_int_equal(store_held_message(store, id, &fd, NULL), STORE_MESSAGE_WHOLE);
	assert_true(io_map(fd, TRUE, &got));
	assert_int_equal(got.length, size);
	assert_memory_equal(got.data, wanted, size);
	io_unmap(&got);
}

static void assert_no_message(struct store *store, gint64 id, const char *why)
{
	g_autoptr(GError) error = NULL;
	int fd = 42;

	assert_int_equal(store_held_message(store, id, &fd, &error), STORE_MESSAGE_MISSING);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(error->message, why));
}

/* ---- life ---- */

static void is_held_with_all_that_belongs(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_held_auto struct store_held *held = NULL;
	store_job_auto struct store_job *job = NULL;
	g_autoptr(GString) as = g_string_new(NULL);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	const char *rule = NULL;
	gint64 id = hold(store, 1);

	assert_int_equal(store_claim(store, key_of(1), as, NULL), STORE_DONE);
	assert_string_equal(as->str, "held as 1");
	assert_true(store_held_get(store, id, &held, NULL));
	assert_int_equal(held->id, 1);
	assert_int_equal(held->kind, STORE_HELD_MODERATION);
	assert_string_equal(held->list, LIST);
	assert_string_equal(held->author, AUTHOR);
	assert_string_equal(held->sender, "");
	assert_string_equal(held->reason, "not a member");
	assert_true(g_variant_lookup(held->facts, "rule", "&s", &rule));
	assert_string_equal(rule, "send.private:3");
	assert_int_equal(held->message_size, 3000);
	assert_in_range(held->held_at, now, now + 60);
	assert_in_range(held->expires_at, held->held_at + 86400, held->held_at + 86400 + 2 * STORE_STEP);
	assert_int_equal(held->decision.state, STORE_HELD_WAITING);
	assert_int_equal(held->decision.at, 0);
	assert_false(held->decision.by_person);
	assert_message(store, id, 1, 3000);
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_TAKEN);
	assert_int_equal(job->held, id);
	assert_string_equal(job->list, LIST);
	assert_string_equal(job->kind, "notice-moderators");
	store_job_release(store);
	store_held_clear(&held);
	assert_true(store_held_get(store, 2, &held, NULL));
	assert_null(held);
	assert_no_message(store, 2, "not there");
	check_invariants(*state);
}

static void waits_for_the_disk_only_where_it_promises(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_decision decision;
	store_job_auto struct store_job *job = NULL;

	syncs = 0;
	hold(store, 1);
	assert_in_range(syncs, 1, 10);
	syncs = 0;
	assert_int_equal(claim(store, 2), STORE_NEW);
	assert_true(store_done(store, key_of(2), "A", NULL));
	store_release(store);
	assert_int_equal(store_job_take(store, 1, &job, NULL), STORE_TAKE_TAKEN);
	assert_true(store_job_done(store, 1, NULL));
	assert_int_equal(syncs, 0);
	assert_int_equal(decide(store, 1, STORE_HELD_ACCEPTED, &decision), STORE_ORDER_DECIDED);
	assert_in_range(syncs, 1, 10);
	/* The second click costs neither disk nor lock. */
	syncs = 0;
	assert_int_equal(decide(store, 1, STORE_HELD_ACCEPTED, &decision), STORE_ORDER_ALREADY);
	assert_true(store_job_add(store, NULL, LIST, 0, first_jobs, NULL));
	assert_in_range(syncs, 1, 10);
	syncs = 0;
	assert_int_equal(claim(store, 3), STORE_NEW);
	assert_true(store_done(store, key_of(3), "A", NULL));
	assert_int_equal(syncs, 0);
}

static void first_decision_wins(void **state)
{
	static const enum store_held_state states[] = {STORE_HELD_ACCEPTED, STORE_HELD_REJECTED, STORE_HELD_DISCARDED,
		STORE_HELD_EXPIRED, STORE_HELD_WITHDRAWN, STORE_HELD_CONFIRMED};
	static const char *const words[] = {"accepted", "rejected", "discarded", "expired", "withdrawn", "confirmed"};
	store_auto struct store *store = open_good(*state);
	guint8 person[STORE_PERSON_SIZE] = {7, 8, 9};

	assert_string_equal(store_held_word(STORE_HELD_WAITING), "waiting");
	for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
		struct store_verdict verdict = {.state = states[i], .jobs = release_job, .job_count = 1,
			.decider = i % 2 ? person : NULL};
		struct store_decision decision, second;
		gint64 id = hold(store, i);

		assert_string_equal(store_held_word(states[i]), words[i]);
		assert_int_equal(store_held_decide(store, id, &verdict, &decision, NULL), STORE_ORDER_DECIDED);
		assert_int_equal(decision.state, states[i]);
		assert_int_equal(decision.by_person, i % 2);
		assert_memory_equal(decision.decider, i % 2 ? person : (guint8[STORE_PERSON_SIZE]){0}, STORE_PERSON_SIZE);
		assert_in_range(g_get_real_time() / G_USEC_PER_SEC - decision.at, 0, 60);
		for (guint j = 0; j < G_N_ELEMENTS(states); j++) {
			assert_int_equal(decide(store, id, states[j], &second), STORE_ORDER_ALREADY);
			assert_int_equal(second.state, decision.state);
			assert_int_equal(second.at, decision.at);
			assert_int_equal(second.by_person, decision.by_person);
			assert_memory_equal(second.decider, decision.decider, STORE_PERSON_SIZE);
		}
		/* The jobs of one decision, and of no other. */
		assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), i + 1);
		assert_message(store, id, i, 3000);
	}
	check_invariants(*state);
}

static void leaves_a_tombstone_when_all_is_done(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_held_auto struct store_held *held = NULL;
	struct store_decision decision;
	gint64 id = hold(store, 1), other = hold(store, 2);

	assert_int_equal(do_jobs(store), 4);
	/* Jobs done, but nobody decided: it stays. */
	assert_message(store, id, 1, 3000);
	assert_int_equal(decide(store, id, STORE_HELD_ACCEPTED, &decision), STORE_ORDER_DECIDED);
	assert_message(store, id, 1, 3000);
	assert_int_equal(do_jobs(store), 1);
	assert_no_message(store, id, "not there");
	assert_message(store, other, 2, 3000);
	assert_true(store_held_get(store, id, &held, NULL));
	assert_string_equal(held->list, LIST);
	assert_string_equal(held->author, "");
	assert_string_equal(held->reason, "");
	assert_int_equal(g_variant_n_children(held->facts), 0);
	assert_int_equal(held->message_size, 0);
	assert_int_equal(held->decision.state, STORE_HELD_ACCEPTED);
	assert_int_equal(decide(store, id, STORE_HELD_REJECTED, &decision), STORE_ORDER_ALREADY);
	assert_int_equal(decision.state, STORE_HELD_ACCEPTED);
	/* No jobs left and none to follow: at once. */
	struct store_verdict quiet = {.state = STORE_HELD_DISCARDED};
	assert_int_equal(store_held_decide(store, other, &quiet, &decision, NULL), STORE_ORDER_DECIDED);
	assert_no_message(store, other, "not there");
	check_invariants(*state);
}

static void what_is_removed_is_gone_from_the_disk(void **state)
{
	struct store *store = open_good(*state);
	struct store_decision decision;
	gint64 id = hold(store, 1);

	store_close(store);
	assert_true(on_disk(*state, "store.db", MARK));
	assert_true(on_disk(*state, "store.db", AUTHOR));
	store = open_good(*state);
	assert_int_equal(decide(store, id, STORE_HELD_DISCARDED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(do_jobs(store), 3);
	store_close(store);
	assert_false(on_disk(*state, "store.db", MARK));
	assert_false(on_disk(*state, "store.db", AUTHOR));
}

static void numbers_are_never_given_twice(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_decision decision;
	gint64 id = hold(store, 1);

	assert_int_equal(decide(store, id, STORE_HELD_DISCARDED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(do_jobs(store), 3);
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM held"), 0);
	assert_int_equal(decide(store, id, STORE_HELD_ACCEPTED, &decision), STORE_ORDER_UNKNOWN);
	assert_int_equal(hold(store, 2), id + 1);
	assert_int_equal(sql(*state, "SELECT min(id) FROM job"), 4);
}

static void tombstones_stay_as_long_as_a_token_asks(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token token = {.action = STORE_ACTION_ACCEPT, .life = 3600};
	struct store_decision decision;

	token.held = hold(store, 1);
	assert_true(store_token_add(store, "token", &token, NULL));
	assert_true(store_expire(store, 1000, NULL));
	assert_message(store, token.held, 1, 3000);
	assert_int_equal(decide(store, token.held, STORE_HELD_DISCARDED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(do_jobs(store), 3);
	assert_true(store_expire(store, 1000, NULL));
	assert_true(store_age(store, 3600 + 30 * 86400, NULL));
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM held"), 1);
	assert_true(store_age(store, 1, NULL));
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM held"), 0);
	assert_int_equal(sql(*state, "SELECT count(*) FROM token"), 0);
}

static guint listed(struct store *store, const char *list, gboolean waiting, gint64 after, guint most)
{
	struct store_held_query query = {.list = list, .waiting = waiting, .after = after, .most = most};
	g_autoptr(GPtrArray) posts = store_held_list(store, &query, NULL);
	guint numbers = 0;

	assert_non_null(posts);
	for (guint i = 0; i < posts->len; i++)
		numbers = numbers * 10 + (guint)((struct store_held *)g_ptr_array_index(posts, i))->id;
	return numbers;
}

static void lists_and_expiry(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct store_decision decision;

	for (guint i = 1; i <= 5; i++)
		hold(store, i);
	sql(*state, "UPDATE held SET list = 'other@lists.example.org' WHERE id IN (2, 4)");
	assert_int_equal(decide(store, 3, STORE_HELD_REJECTED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(listed(store, NULL, FALSE, 0, 100), 12345);
	assert_int_equal(listed(store, NULL, TRUE, 0, 100), 1245);
	assert_int_equal(listed(store, LIST, TRUE, 0, 100), 15);
	assert_int_equal(listed(store, LIST, FALSE, 1, 1), 3);
	assert_int_equal(listed(store, "choir", FALSE, 0, 100), 0);
	assert_true(store_held_due(store, 10, due, NULL));
	assert_int_equal(due->len, 0);
	sql(*state, "UPDATE held SET expires_at = (SELECT seconds FROM age) - id WHERE id <> 1");
	assert_true(store_held_due(store, 2, due, NULL));
	assert_int_equal(due->len, 2);
	assert_int_equal(g_array_index(due, gint64, 0), 5);
	assert_int_equal(g_array_index(due, gint64, 1), 4);
	assert_true(store_held_due(store, 10, due, NULL));
	assert_int_equal(due->len, 3);
}

/* ---- what cannot be held ---- */

static void bad_plans(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_held_plan plan = {.kind = STORE_HELD_CONFIRMATION, .list = LIST, .author = "", .sender = "", .reason = ""};
	io_autofd int open_file = io_memory_file("open");
	io_autofd int empty = io_memory_file_with("empty", "", 0);
	io_autofd int good = message_file(1, 10);
	const struct {
		int message;
		guint in_hand;
		const char *says;
	} table[] = {
		{open_file, 1, "not permitted"},
		{empty, 1, "empty"},
		{-1, 1, "descriptor"},
		{good, 2, "not in hand"},
	};
	gint64 id;

	assert_int_equal(write(open_file, "x", 1), 1);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) error = NULL;

		plan.message = table[i].message;
		assert_int_equal(claim(store, table[i].in_hand), STORE_NEW);
		assert_false(store_held_add(store, key_of(1), &plan, &id, &error));
		if (!strstr(error->message, table[i].says))
			fail_msg("%u: %s", i, error->message);
		assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE));
		store_release(store);
	}
	assert_int_equal(sql(*state, "SELECT (SELECT count(*) FROM held) + (SELECT count(*) FROM post)"), 0);
	assert_int_equal(claim(store, 1), STORE_NEW);
	plan.message = good;
	assert_true(store_held_add(store, key_of(1), &plan, &id, NULL));
	check_invariants(*state);
}

static void hold_much_with_little(const char *directory, int to_parent)
{
	enum { MUCH = 50 * 1024 * 1024, LITTLE = 16 * 1024 * 1024 };
	io_autofd int file = io_memory_file("much");
	char piece[4096];
	GError *error = NULL;
	struct store *store = open_in_child(directory);

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < MUCH; i += (int)sizeof(piece))
		if (write(file, piece, sizeof(piece)) != sizeof(piece))
			FAIL_CHILD("memory file");
	struct store_held_plan plan = {.kind = STORE_HELD_MODERATION, .list = LIST, .author = "", .sender = "", .reason = "",
		.message = file, .life = 1};
	if (!io_memory_seal(file) || setrlimit(RLIMIT_DATA, &(struct rlimit){LITTLE, LITTLE}) != 0)
		FAIL_CHILD("limit");
	gint64 id, start = g_get_monotonic_time();
	if (store_claim(store, key_of(1), NULL, NULL) != STORE_NEW || !store_held_add(store, key_of(1), &plan, &id, &error))
		FAIL_CHILD("hold: %s", error->message);
	gint64 held = g_get_monotonic_time();
	int fd;
	if (store_held_message(store, id, &fd, &error) != STORE_MESSAGE_WHOLE || lseek(fd, 0, SEEK_END) != MUCH)
		FAIL_CHILD("read: %s", error ? error->message : "length");
	print_message("50 MB: held in %.2f s, read in %.2f s\n", (double)(held - start) / 1e6,
		(double)(g_get_monotonic_time() - held) / 1e6);
	store_close(store);
}

/* 50 MB with 16 MB of memory for everything: no second copy. */
static void no_second_copy_in_memory(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	print_message("the sanitizer's own memory does not fit: skipped\n");
	skip();
#endif
	int from_child;
	pid_t pid = start_child(hold_much_with_little, *state, &from_child);

	assert_int_equal(wait_child(pid), 0);
	close(from_child);
}

/* ---- damage (X8) ---- */

/* Changes one byte of store.db, `offset` bytes after the place where `bytes` stand. */
static void flip(const char *directory, const char *bytes, gssize offset)
{
	g_autofree char *path = g_build_filename(directory, "store.db", NULL);
	g_autofree char *content = NULL;
	gsize length;

	assert_true(g_file_get_contents(path, &content, &length, NULL));
	char *place = memmem(content, length, bytes, strlen(bytes));
	assert_non_null(place);
	place[offset] ^= 0x10;
	io_autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, place + offset, 1, place + offset - content), 1);
}

/* Sets a byte of the page on which `bytes` stand: the first four say which page of the message comes next. */
static void break_chain(const char *directory, const char *bytes)
{
	g_autofree char *path = g_build_filename(directory, "store.db", NULL);
	g_autofree char *content = NULL;
	gsize length;

	assert_true(g_file_get_contents(path, &content, &length, NULL));
	char *place = memmem(content, length, bytes, strlen(bytes));
	assert_non_null(place);
	io_autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "\x7f", 1, (place - content) / 4096 * 4096), 1);
}

static void remove_the_message(const char *directory)
{
	sql(directory, "DELETE FROM held_message");
}

static void flip_in_the_message(const char *directory)
{
	flip(directory, MARK, 3);
}

static void break_the_chain(const char *directory)
{
	break_chain(directory, MARK);
}

static void change_the_hash(const char *directory)
{
	sql(directory, "UPDATE held_message SET hash = zeroblob(32)");
}

static void cut_the_message(const char *directory)
{
	sql(directory, "UPDATE held_message SET message = substr(message, 1, 100)");
}

static void a_damaged_message_is_missing(void **state)
{
	static void (*const damages[])(const char *) = {
		remove_the_message, flip_in_the_message, break_the_chain, change_the_hash, cut_the_message};

	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		struct store *store = open_good(*state);
		struct store_token token = {.action = STORE_ACTION_ACCEPT, .life = 3600};
		struct store_bearer bearer = {.token = "token", .list = LIST, .person = token.person};
		struct store_verdict accept = {.state = STORE_HELD_ACCEPTED, .jobs = release_job, .job_count = 1};
		struct store_token_found found;
		struct store_decision decision;

		token.held = try_hold(store, i, 40000, NULL);
		assert_true(store_token_add(store, "token", &token, NULL));
		store_close(store);
		damages[i](*state);
		store = open_good(*state);
		assert_no_message(store, token.held, i == 0 ? "not there" : "damaged");
		assert_int_equal(decide(store, token.held, STORE_HELD_ACCEPTED, &decision), STORE_ORDER_MISSING);
		assert_int_equal(decide(store, token.held, STORE_HELD_CONFIRMED, &decision), STORE_ORDER_MISSING);
		assert_int_equal(store_token_use(store, &bearer, &accept, &found, NULL), STORE_ORDER_MISSING);
		assert_int_equal(found.held, token.held);
		assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), 0);
		assert_int_equal(sql(*state, "SELECT state FROM held"), STORE_HELD_WAITING);
		/* What needs no message still can be done. */
		assert_int_equal(decide(store, token.held, STORE_HELD_DISCARDED, &decision), STORE_ORDER_DECIDED);
		store_close(store);
		g_autofree char *path = g_build_filename(*state, "store.db", NULL);
		assert_int_equal(unlink(path), 0);
	}
}

/* What is read of a row is valid in form whatever a disk made of it: GVariant and the wire die of what is not. */
static void a_damaged_row_is_still_text(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_held_auto struct store_held *held = NULL;

	hold(store, 1);
	sql(*state, "UPDATE held SET author = CAST(x'61ff62' AS TEXT), facts = x'ff00ff00ff00ffffff'");
	assert_true(store_held_get(store, 1, &held, NULL));
	assert_true(g_utf8_validate(held->author, -1, NULL));
	assert_true(g_variant_is_normal_form(held->facts));
	g_autofree char *text = g_variant_print(held->facts, FALSE);
	assert_non_null(text);
}

/* ---- versions ---- */

/* As the first release wrote it. */
static const char *const version_1[] = {
	"PRAGMA application_id = 1383023457",
	"PRAGMA user_version = 1",
	"PRAGMA journal_mode = WAL",
	"CREATE TABLE post (key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32), state INTEGER NOT NULL CHECK (state IN (1, 2)), "
	"queue_id TEXT NOT NULL, changed INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"CREATE TABLE list_count (list TEXT NOT NULL PRIMARY KEY, members INTEGER NOT NULL CHECK (members >= 0), "
	"shrunk_since INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	"INSERT INTO list_count VALUES ('" LIST "', 412, 0)",
};

static void make_version_1(const char *directory)
{
	for (guint i = 0; i < G_N_ELEMENTS(version_1); i++)
		sql(directory, version_1[i]);
}

static void a_store_of_version_1_goes_on(void **state)
{
	struct store_count count;

	make_version_1(*state);
	store_auto struct store *store = open_good(*state);
	assert_int_equal(sql(*state, "PRAGMA user_version"), 6);
	assert_true(store_count_get(store, LIST, &count, NULL));
	assert_int_equal(count.members, 412);
	hold(store, 1);
	check_invariants(*state);
}

static void a_migration_that_fails_leaves_version_1(void **state)
{
	g_autoptr(GError) error = NULL;

	make_version_1(*state);
	/* The last table of the step is in the way: none of those before may stay. */
	sql(*state, "CREATE TABLE answer (x)");
	assert_null(store_open(*state, &error));
	assert_non_null(strstr(error->message, "already exists"));
	assert_int_equal(sql(*state, "PRAGMA user_version"), 1);
	assert_int_equal(sql(*state, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'held%'"), 0);
	sql(*state, "DROP TABLE answer");
	store_close(open_good(*state));
}

/* Each statement of the common path finds its rows by a key or an index; a subquery only has what one found. */
static void statements_read_no_tables(void **state)
{
	static const struct {
		const char *name, *sql;
	} table[] = {
#define X(name, sql) {#name, "EXPLAIN QUERY PLAN " sql},
		STORE_STATEMENTS(X)
#undef X
	};
	store_auto struct store *store = open_good(*state);

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		sqlite3_stmt *plan;

		/* The last is for the console, which lists all issues that there are: the closed ones that have not left yet. */
		if (g_str_has_suffix(table[i].name, "_EXPIRE") ||
			g_str_equal(table[i].name, "DIGEST_CLOSED"))
			continue;
		assert_int_equal(sqlite3_prepare_v2(store->db, table[i].sql, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			/* kept_archive has nothing but what waits, and all of that is asked for. */
			if (g_str_has_prefix(step, "SCAN") && !strstr(step, "CONSTANT ROW") && !strstr(step, "subquery") &&
				!g_str_has_suffix(step, "INDEX kept_archive"))
				fail_msg("%s: %s", table[i].name, step);
		}
		sqlite3_finalize(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(is_held_with_all_that_belongs),
		T(waits_for_the_disk_only_where_it_promises),
		T(first_decision_wins),
		T(leaves_a_tombstone_when_all_is_done),
		T(what_is_removed_is_gone_from_the_disk),
		T(numbers_are_never_given_twice),
		T(tombstones_stay_as_long_as_a_token_asks),
		T(lists_and_expiry),
		T(bad_plans),
		T(no_second_copy_in_memory),
		T(a_damaged_message_is_missing),
		T(a_damaged_row_is_still_text),
		T(a_store_of_version_1_goes_on),
		T(a_migration_that_fails_leaves_version_1),
		T(statements_read_no_tables),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
