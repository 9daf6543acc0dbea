/*
 * room: trusted. The state store in one process: the life of a record, its files and its versions, and bad directories (HOSTILE C9).
 */
#include "test/unit/skewed_time.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/store/store_directory.h"

/* ---- one process ---- */

static void life_of_a_post(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GString) id = g_string_new("old");
	g_autoptr(GError) error = NULL;

	assert_int_equal(claim(store, 1), STORE_NEW);
	store_release(store);
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_true(store_intent(store, key_of(1), "", &error));
	store_release(store);
	assert_int_equal(claim(store, 1), STORE_UNCLEAR);
	assert_true(store_forget(store, key_of(1), &error));
	store_release(store);
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_true(store_intent(store, key_of(1), "", &error));
	assert_true(store_done(store, key_of(1), "4bT2xk1Zz", &error));
	store_release(store);
	assert_int_equal(store_claim(store, key_of(1), id, &error), STORE_DONE);
	assert_string_equal(id->str, "4bT2xk1Zz");
	/* DONE holds nothing: another post can be taken in hand. */
	assert_int_equal(claim(store, 2), STORE_NEW);
	assert_null(error);
}

static void survives_closing(void **state)
{
	g_autoptr(GString) id = g_string_new(NULL);
	struct store *store = open_good(*state);

	assert_int_equal(claim(store, 7), STORE_NEW);
	assert_true(store_done(store, key_of(7), "ABC", NULL));
	store_close(store);
	store = open_good(*state);
	assert_int_equal(store_claim(store, key_of(7), id, NULL), STORE_DONE);
	assert_string_equal(id->str, "ABC");
	store_close(store);
	store_close(NULL);
}

static void only_what_is_in_hand(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_auto struct store *other = open_good(*state);
	g_autoptr(GError) error = NULL;

	store_release(store); /* nothing in hand: nothing happens */
	assert_false(store_intent(store, key_of(1), "", &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE));
	g_clear_error(&error);
	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_int_equal(claim(store, 1), STORE_IN_PROGRESS);
	assert_int_equal(claim(other, 1), STORE_IN_PROGRESS);
	assert_int_equal(claim(store, 2), STORE_TROUBLE);
	assert_int_equal(claim(other, 2), STORE_NEW);
	assert_false(store_done(store, key_of(2), "X", NULL));
	assert_false(store_forget(store, key_of(2), NULL));
	/* The refused second claim must not have cost the first one its lock. */
	store_release(other);
	assert_int_equal(claim(other, 1), STORE_IN_PROGRESS);
	assert_true(store_intent(store, key_of(1), "", NULL));
	store_release(store);
	assert_int_equal(claim(other, 1), STORE_UNCLEAR);
	assert_int_equal(sql(*state, "SELECT count(*) FROM post"), 1);
}

static void old_records_go(void **state)
{
	store_auto struct store *store = open_good(*state);

	for (guint32 i = 1; i <= 3; i++) {
		assert_int_equal(claim(store, i), STORE_NEW);
		assert_true(store_done(store, key_of(i), "A", NULL));
		store_release(store);
	}
	sql(*state, "UPDATE post SET changed = changed - 1000 WHERE key IN (SELECT key FROM post ORDER BY key LIMIT 2)");
	assert_true(store_expire(store, 1100, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM post"), 3);
	assert_true(store_expire(store, 900, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM post"), 1);
}

static void write_done(struct store *store, guint32 number)
{
	assert_int_equal(claim(store, number), STORE_NEW);
	assert_true(store_done(store, key_of(number), "A", NULL));
	store_release(store);
}

/* What is held under a K is released under it, if that is asked for by the very number. */
static void what_is_held_is_claimed_again(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GString) as = g_string_new(NULL);
	guint8 part[STORE_KEY_SIZE];

	assert_int_equal(claim(store, 1), STORE_NEW);
	assert_int_equal(store_claim_part(store, "mail", part, as, NULL), STORE_NEW);
	assert_true(store_intent(store, part, "release 6", NULL));
	assert_true(store_done(store, key_of(1), "held as 7", NULL));
	store_release(store);
	assert_int_equal(store_claim_held(store, key_of(1), "held as 8", as, NULL), STORE_DONE);
	assert_string_equal(as->str, "held as 7");
	assert_int_equal(store_claim_held(store, key_of(1), "held as 7", as, NULL), STORE_NEW);
	/* Its parts are known, and on whose word they were tried. */
	assert_int_equal(store_claim_part(store, "mail", part, as, NULL), STORE_UNCLEAR);
	assert_string_equal(as->str, "release 6");
	assert_true(store_intent(store, part, "", NULL));
	assert_int_equal(store_claim_part(store, "mail", part, as, NULL), STORE_UNCLEAR);
	assert_string_equal(as->str, "");
	assert_true(store_done(store, key_of(1), "A", NULL));
	store_release(store);
	assert_int_equal(store_claim_held(store, key_of(1), "held as 7", as, NULL), STORE_DONE);
	assert_int_equal(store_claim_held(store, key_of(2), "held as 7", as, NULL), STORE_NEW);
}

/* As long as somebody is asked whether a post has arrived, the store knows what of it is out. */
static void who_is_asked_keeps_them(void **state)
{
	static const struct {
		const char *kind, *size;
		gint64 left;
	} table[] = {{"4", "10", 1}, {"4", "0", 0}, {"1", "10", 0}, {"3", "10", 0}};

	for (guint32 i = 0; i < G_N_ELEMENTS(table); i++) {
		store_auto struct store *store = open_good(*state);
		g_autofree char *held = g_strdup_printf("INSERT INTO held (kind, state, list, author, sender, reason, facts, size, held_at, expires_at, decided_at) "
			"VALUES (%s, 2, 'a@b', '', '', '', x'', %s, 0, 0, 5)", table[i].kind, table[i].size);

		sql(*state, "DELETE FROM held");
		sql(*state, held);
		write_done(store, i);
		assert_true(store_age(store, 1001, NULL));
		assert_true(store_expire(store, 1000, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM post"), table[i].left);
		sql(*state, "DELETE FROM post");
	}
}

/* HOSTILE S6: whatever the time of day does, a record is as old as the time that somebody has watched. */
static void a_clock_that_jumps_makes_nothing_old(void **state)
{
	static const struct {
		const char *what;
		gint64 days;
	} jumps[] = {{"a year ahead", 400}, {"a day back", -1}, {"1970", -20700}, {"2038 and later", 5000}, {"none", 0}};
	const gint64 day = 86400, life = 7 * day;

	skew_begin();
	{
		store_auto struct store *store = open_good(*state);

		for (guint32 i = 0; i < G_N_ELEMENTS(jumps); i++) {
			write_done(store, i);
			skew_days(*state, jumps[i].days);
			assert_true(store_expire(store, life, NULL));
			if (sql(*state, "SELECT count(*) FROM post") != i + 1)
				fail_msg("%s: records are gone", jumps[i].what);
		}
		assert_true(store_age(store, 6 * day, NULL));
		write_done(store, 100);
		assert_true(store_age(store, -400 * day, NULL));
		assert_true(store_age(store, day, NULL));
		assert_true(store_expire(store, life, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM post"), G_N_ELEMENTS(jumps) + 1);
		assert_true(store_age(store, 1, NULL));
		assert_true(store_expire(store, life, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM post"), 1);
	}
	skew_end();
}

/* What a job has sent before it is done stands in the same records: they stay as long as there is hope for it. */
static void a_job_that_is_tried_for_days_keeps_them(void **state)
{
	static const struct {
		gint64 attempts, left;
	} table[] = {{99, 0}, {100, 1}, {1000, 1}, {1001, 0}};

	for (guint32 i = 0; i < G_N_ELEMENTS(table); i++) {
		store_auto struct store *store = open_good(*state);
		g_autofree char *job = g_strdup_printf("INSERT INTO job (held, list, kind, fields, attempts, made_at, due_at) "
			"VALUES (0, 'a@b', 'release', x'', %" G_GINT64_FORMAT ", 0, 0)", table[i].attempts);

		sql(*state, "DELETE FROM job");
		sql(*state, job);
		write_done(store, i);
		assert_true(store_age(store, 1001, NULL));
		assert_true(store_expire(store, 1000, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM post"), table[i].left);
		sql(*state, "DELETE FROM post");
	}
}

static void counts(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_count count = {.members = 99, .shrunk_since = 99};

	assert_true(store_count_get(store, "choir@lists.example.org", &count, NULL));
	assert_int_equal(count.members, 0);
	assert_int_equal(count.shrunk_since, 0);
	assert_true(store_count_set(
		store, "choir@lists.example.org", &(struct store_count){.members = 1000000}, NULL));
	assert_true(store_count_set(
		store, "choir@lists.example.org", &(struct store_count){.members = 4000000000u, .shrunk_since = G_GINT64_CONSTANT(5000000000)}, NULL));
	assert_true(store_count_get(store, "choir@lists.example.org", &count, NULL));
	assert_int_equal(count.members, 4000000000u);
	assert_int_equal(count.shrunk_since, G_GINT64_CONSTANT(5000000000));
	assert_true(store_count_get(store, "Choir@lists.example.org", &count, NULL));
	assert_int_equal(count.members, 0);
}

static void files_are_private(void **state)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "claims.lock"};
	mode_t mask = umask(0);
	store_auto struct store *store = open_good(*state);

	umask(mask);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(*state, names[i], NULL);
		struct stat status;

		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
	}
}

/* ---- schema ---- */

/* What a database looks like, layout of the text aside. */
static char *describe(const char *path, const char *script)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	GString *text = g_string_new(NULL);

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (script)
		assert_int_equal(sqlite3_exec(db, script, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
		"SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema "
		"UNION ALL SELECT application_id FROM pragma_application_id "
		"UNION ALL SELECT user_version FROM pragma_user_version ORDER BY 1",
		-1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		g_string_append_printf(text, "%s\n", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	g_auto(GStrv) words = g_strsplit_set(text->str, " \t\n", -1);
	g_string_truncate(text, 0);
	for (char **word = words; *word; word++)
		g_string_append(text, *word);
	return g_string_free(text, FALSE);
}

static void migrations_end_in_the_schema(void **state)
{
	g_autofree char *script = NULL;
	g_autofree char *path = g_build_filename(*state, "store.db", NULL);

	assert_true(g_file_get_contents("schema/store.sql", &script, NULL, NULL));
	store_close(open_good(*state));
	g_autofree char *ours = describe(path, NULL);
	g_autofree char *theirs = describe(":memory:", script);
	assert_non_null(strstr(ours, "CREATETABLEpost"));
	assert_string_equal(ours, theirs);
}

struct bad_file {
	const char *what;
	const char *sql;   /* makes store.db, or */
	const char *bytes; /* its content */
	int code;
	const char *says;
};

static const struct bad_file bad_files[] = {
	{"newer", "PRAGMA application_id = 1383023457; PRAGMA user_version = 1000; CREATE TABLE post (x);", NULL,
		STORE_ERROR_SCHEMA, "version 1000"},
	{"far newer", "PRAGMA application_id = 1383023457; PRAGMA user_version = 2147483647;", NULL, STORE_ERROR_SCHEMA,
		"newer"},
	{"negative", "PRAGMA application_id = 1383023457; PRAGMA user_version = -1;", NULL, STORE_ERROR_SCHEMA,
		"version -1"},
	{"foreign", "PRAGMA application_id = 42; CREATE TABLE post (x);", NULL, STORE_ERROR_SCHEMA, "no store of Rollcall"},
	{"foreign without a mark", "CREATE TABLE pictures (x);", NULL, STORE_ERROR_SCHEMA, "no store of Rollcall"},
	{"garbage", NULL, "this is no database at all, only some text that is longer than a header of 100 bytes, so there",
		STORE_ERROR_SCHEMA, "not a database"},
	{"half a header", NULL, "SQLite format 3", STORE_ERROR_SCHEMA, "not a database"},
	/* A migration that fails in its second table: nothing of the first may stay. */
	{"migration in vain", "PRAGMA application_id = 1383023457; CREATE TABLE list_count (x);", NULL, STORE_ERROR_TROUBLE,
		"already exists"},
};

static void bad_files_are_refused(void **state)
{
	g_autofree char *path = g_build_filename(*state, "store.db", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(bad_files); i++) {
		const struct bad_file *bad = &bad_files[i];
		g_autoptr(GError) error = NULL;
		g_autofree char *before = NULL, *after = NULL;

		if (bad->sql) {
			before = describe(path, bad->sql);
		} else {
			assert_true(g_file_set_contents(path, bad->bytes, -1, NULL));
		}
		assert_null(store_open(*state, &error));
		if (!g_error_matches(error, STORE_ERROR, bad->code) || !strstr(error->message, bad->says))
			fail_msg("%s: %s", bad->what, error->message);
		if (bad->sql) {
			after = describe(path, NULL);
			assert_string_equal(before, after);
		} else {
			assert_true(g_file_get_contents(path, &after, NULL, NULL));
			assert_string_equal(bad->bytes, after);
		}
		assert_int_equal(unlink(path), 0);
		/* A refused open must not leave its lock: the next one goes through. */
	}
	store_close(open_good(*state));
}

static void damage_is_trouble(void **state)
{
	g_autofree char *path = g_build_filename(*state, "store.db", NULL);
	g_autoptr(GError) error = NULL;

	store_close(open_good(*state));
	assert_int_equal(truncate(path, 4096), 0);
	assert_null(store_open(*state, &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE));
	assert_non_null(strstr(error->message, "malformed"));
}

/* ---- directory ---- */

static void bad_directories_are_refused(void **state)
{
	static const mode_t modes[] = {0750, 0701, 0710, 0720, 0702, 0777, 0740};
	g_autofree char *missing = g_build_filename(*state, "missing", NULL);
	g_autofree char *file = g_build_filename(*state, "file", NULL);
	const char *warning = "unset";
	g_autoptr(GError) error = NULL;

	assert_true(store_directory_check(*state, geteuid(), &warning, &error));
	assert_false(store_directory_check(*state, geteuid() + 1, &warning, &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_DIRECTORY));
	assert_non_null(strstr(error->message, "belongs to user"));
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_clear_error(&error);
		assert_int_equal(chmod(*state, modes[i]), 0);
		assert_null(store_open(*state, &error));
		assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_DIRECTORY));
		assert_non_null(strstr(error->message, "chmod 0700"));
	}
	assert_int_equal(chmod(*state, 0700), 0);
	g_clear_error(&error);
	assert_null(store_open(missing, &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_DIRECTORY));
	assert_true(g_file_set_contents(file, "", 0, NULL));
	g_clear_error(&error);
	assert_null(store_open(file, &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_DIRECTORY));
	/* None of them left anything behind. */
	g_autoptr(GDir) entries = g_dir_open(*state, 0, NULL);
	assert_string_equal(g_dir_read_name(entries), "file");
	assert_null(g_dir_read_name(entries));
}

static void network_file_systems_are_known(void **state)
{
	static const struct {
		guint32 magic;
		const char *name;
	} table[] = {
		{NFS_SUPER_MAGIC, "NFS"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"}, {0x517b, "SMB"}, {0x65735546, "FUSE"},
		{0x01021997, "9p"}, {0x00c36400, "Ceph"}, {EXT4_SUPER_MAGIC, NULL}, {XFS_SUPER_MAGIC, NULL},
		{BTRFS_SUPER_MAGIC, NULL}, {TMPFS_MAGIC, NULL}, {0x2fc12fc1 /* ZFS */, NULL}, {OVERLAYFS_SUPER_MAGIC, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		const char *name = store_directory_remote(table[i].magic);

		if (g_strcmp0(name, table[i].name) != 0)
			fail_msg("%08x: %s", table[i].magic, name ? name : "local");
	}
}

/* ---- speed ---- */

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

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_post_costs_little(void **state)
{
	enum { POSTS = 5000 };
	store_auto struct store *store = open_good(*state);

	syncs = 0;
	double start = cpu_seconds();
	for (guint32 i = 0; i < POSTS; i++) {
		assert_int_equal(claim(store, i), STORE_NEW);
		assert_true(store_intent(store, key_of(i), "", NULL));
		assert_true(store_done(store, key_of(i), "4bT2xk1Zz", NULL));
		store_release(store);
		if (i == 99)
			assert_int_equal(syncs, 0);
	}
	double each = (cpu_seconds() - start) / POSTS * 1e6;
	print_message("claim, intent, done, release: %.0f us CPU, %.3f syncs a post\n", each, (double)syncs / POSTS);
	assert_true(each < 300);
	/* It does come to the disk: a counter that stays 0 would mean that nothing was counted. */
	assert_in_range(syncs, 1, POSTS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(life_of_a_post),
		T(survives_closing),
		T(only_what_is_in_hand),
		T(old_records_go),
		T(what_is_held_is_claimed_again),
		T(who_is_asked_keeps_them),
		T(a_clock_that_jumps_makes_nothing_old),
		T(a_job_that_is_tried_for_days_keeps_them),
		T(counts),
		T(files_are_private),
		T(migrations_end_in_the_schema),
		T(bad_files_are_refused),
		T(damage_is_trouble),
		T(bad_directories_are_refused),
		T(network_file_systems_are_known),
		T(a_post_costs_little),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
