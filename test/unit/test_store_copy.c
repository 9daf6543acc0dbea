/*
 * room: trusted. lib/store/store_copy.c: what a question sees of the store, and that nothing of a question stays.
 */
#include "test/unit/held_help.h"

#include <sys/stat.h>

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names and bytes of everything in the directory: the log's index (-shm) is memory of SQLite's and not looked at. */
static char *fingerprint(const char *directory)
{
	g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while ((name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(directory, name, NULL), *content = NULL;
		gsize length = 0;

		if (g_str_has_suffix(name, "-shm"))
			continue;
		assert_true(g_file_get_contents(path, &content, &length, NULL));
		g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)content, length);
		g_ptr_array_add(lines, g_strdup_printf("%s %s", name, hash));
	}
	g_ptr_array_sort(lines, by_name);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

static struct store *open_copy(const char *directory)
{
	g_autoptr(GError) error = NULL;
	struct store *store = store_open_copy(directory, &error);

	if (!store)
		fail_msg("store_open_copy: %s", error->message);
	return store;
}

static guint members(struct store *store)
{
	struct store_count count;

	assert_true(store_count_get(store, LIST, &count, NULL));
	return count.members;
}

/* Does with it all that a question may do. */
static void use(struct store *copy, gint64 held, guint number)
{
	struct store_count count = {.members = 3};
	guint8 person[STORE_PERSON_SIZE];
	struct store_decision decision;
	const struct store_verdict accept = {.state = STORE_HELD_ACCEPTED, .jobs = release_job, .job_count = 1};
	g_autoptr(GError) error = NULL;

	assert_true(store_is_untouched(copy));
	assert_true(store_count_set(copy, LIST, &count, NULL));
	assert_int_equal(members(copy), 3);
	assert_false(store_is_untouched(copy));
	assert_true(store_person_hash(copy, AUTHOR, person, &error));
	assert_int_equal(store_person_answer(copy, person, LIST, &error), STORE_ANSWER_NOW);
	/* What was done before is not known, and a new post is held under the next number. */
	gint64 next = try_hold(copy, number, 500, &error);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(next, held + 1);
	if (held > 0)
		assert_int_equal(store_held_decide(copy, held, &accept, &decision, &error), STORE_ORDER_DECIDED);
}

static void of_no_store(void **state)
{
	const char *directory = *state;
	g_autofree char *nowhere = g_build_filename(directory, "nowhere", NULL);
	store_auto struct store *copy = open_copy(directory);
	store_auto struct store *other = open_copy(nowhere);

	use(copy, 0, 1);
	use(other, 0, 1);
	g_autofree char *after = fingerprint(directory);
	assert_string_equal(after, "");
}

static void of_a_closed_store(void **state)
{
	struct store *store = open_good(*state);
	struct store_count count = {.members = 77};
	guint8 real[STORE_PERSON_SIZE], seen[STORE_PERSON_SIZE];
	g_autoptr(GError) error = NULL;

	assert_true(store_count_set(store, LIST, &count, NULL));
	assert_true(store_person_hash(store, AUTHOR, real, NULL));
	gint64 held = try_hold(store, 1, 3000, &error);
	assert_int_not_equal(held, 0);
	store_close(store);
	g_autofree char *before = fingerprint(*state);
	store_auto struct store *copy = open_copy(*state);
	assert_int_equal(members(copy), 77);
	assert_true(store_person_hash(copy, AUTHOR, seen, NULL));
	assert_memory_equal(real, seen, sizeof(real));
	use(copy, held, 1);
	g_autofree char *after = fingerprint(*state);
	assert_string_equal(before, after);
}

/* What stands in the log alone is seen, too, and the next copy sees the next state. */
static void of_an_open_store(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_count count = {.members = 77};
	g_autoptr(GError) error = NULL;

	gint64 held = try_hold(store, 1, 3000, &error);
	assert_true(store_count_set(store, LIST, &count, NULL));
	g_autofree char *before = fingerprint(*state);
	for (int i = 0; i < 2; i++) {
		store_auto struct store *copy = open_copy(*state);

		assert_int_equal(members(copy), 77);
		use(copy, held, 1);
	}
	g_autofree char *after = fingerprint(*state);
	assert_string_equal(before, after);
	assert_int_equal(members(store), 77);
	count.members = 78;
	assert_true(store_count_set(store, LIST, &count, NULL));
	store_auto struct store *later = open_copy(*state);
	assert_int_equal(members(later), 78);
}

static void of_another_version(void **state)
{
	store_close(open_good(*state));
	g_autofree char *path = g_build_filename(*state, "store.db", NULL);
	sqlite3 *db = NULL;
	g_autoptr(GError) error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	g_autofree char *before = fingerprint(*state);
	assert_null(store_open_copy(*state, &error));
	assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_SCHEMA));
	g_autofree char *after = fingerprint(*state);
	assert_string_equal(before, after);
}

static void of_what_is_no_store(void **state)
{
	g_autofree char *path = g_build_filename(*state, "store.db", NULL);
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(path, "something else, and long enough to look like it", -1, NULL));
	assert_null(store_open_copy(*state, &error));
	assert_non_null(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_no_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_closed_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_an_open_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_another_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_what_is_no_store, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("store_copy", tests, NULL, NULL);
}
