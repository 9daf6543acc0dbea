/*
 * room: trusted. Keyed hashes of persons, the key file, and one answer for each person, list and day (HOSTILE X10).
 */
#include "test/unit/held_help.h"

#include <errno.h>
#include <sys/stat.h>

#define JAN "jan@example.net"

struct person {
	guint8 hash[STORE_PERSON_SIZE];
};

static char *key_path(const char *directory)
{
	return g_build_filename(directory, "person.key", NULL);
}

static struct person hash(struct store *store, const char *address_key)
{
	g_autofree char *exact = g_strdup(address_key);
	g_autoptr(GError) error = NULL;
	struct person person;

	if (!store_person_hash(store, exact, person.hash, &error))
		fail_msg("hash: %s", error->message);
	return person;
}

static void assert_same(struct person a, struct person b, gboolean same)
{
	assert_int_equal(memcmp(a.hash, b.hash, STORE_PERSON_SIZE) == 0, same);
}

/* Computed by another implementation (Python's hmac), with the key 00 01 … 1f. */
static void is_hmac_sha_256(void **state)
{
	static const struct {
		const char *address_key, *hex;
	} table[] = {
		{"", "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb"},
		{JAN, "58dcc823497f5112c28a2c74ae5a090954a313ed99103e2d808eda526b01e8ed"},
	};
	g_autofree char *path = key_path(*state);
	store_auto struct store *store = open_good(*state);
	char key[STORE_PERSON_SIZE];

	for (guint i = 0; i < sizeof(key); i++)
		key[i] = (char)i;
	assert_true(g_file_set_contents(path, key, sizeof(key), NULL));
	assert_int_equal(chmod(path, 0600), 0);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		struct person person = hash(store, table[i].address_key);
		g_autoptr(GString) hex = g_string_new(NULL);

		for (guint j = 0; j < STORE_PERSON_SIZE; j++)
			g_string_append_printf(hex, "%02x", person.hash[j]);
		assert_string_equal(hex->str, table[i].hex);
	}
}

static void same_key_same_hash(void **state)
{
	store_auto struct store *store = open_good(*state);
	store_auto struct store *second = open_good(*state);
	g_autofree char *path = key_path(*state);
	struct person jan = hash(store, JAN);
	struct stat status;

	assert_same(jan, hash(store, JAN), TRUE);
	assert_same(jan, hash(second, JAN), TRUE);
	assert_same(jan, hash(store, "jan@example.ne"), FALSE);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, STORE_PERSON_SIZE);
	/* Another store, another key: hashes of two sites cannot be compared. */
	assert_int_equal(unlink(path), 0);
	store_auto struct store *third = open_good(*state);
	assert_same(jan, hash(third, JAN), FALSE);
	/* Nothing but the key itself is left of making it. */
	g_autoptr(GDir) entries = g_dir_open(*state, 0, NULL);
	for (const char *name; (name = g_dir_read_name(entries));)
		assert_false(g_str_has_prefix(name, "person.key."));
}

static void made_on_first_use_only(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autofree char *path = key_path(*state);
	mode_t mask = umask(0);

	assert_int_equal(access(path, F_OK), -1);
	hash(store, JAN);
	umask(mask);
	assert_int_equal(access(path, F_OK), 0);
	/* A draft that a killed process of our number has left is in nobody's way. */
	store_auto struct store *second = open_good(*state);
	g_autofree char *draft = g_strdup_printf("%s.%d", path, (int)getpid());
	assert_true(g_file_set_contents(draft, "half", -1, NULL));
	assert_int_equal(unlink(path), 0);
	hash(second, JAN);
	assert_int_equal(access(draft, F_OK), -1);
}

static void bad_key_files_are_refused(void **state)
{
	static const struct {
		const char *what;
		gsize size;
		mode_t mode;
	} table[] = {
		{"empty", 0, 0600}, {"short", 31, 0600}, {"long", 33, 0600}, {"group", 32, 0640}, {"world", 32, 0604},
		{"writable by others", 32, 0602},
	};
	store_auto struct store *store = open_good(*state);
	g_autofree char *path = key_path(*state);
	g_autofree char *elsewhere = g_build_filename(*state, "elsewhere", NULL);
	struct person person;

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) error = NULL;
		const char bytes[40] = "a key that is not of the right size";

		assert_true(g_file_set_contents(path, bytes, (gssize)table[i].size, NULL));
		assert_int_equal(chmod(path, table[i].mode), 0);
		if (store_person_hash(store, JAN, person.hash, &error))
			fail_msg("%s", table[i].what);
		assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_TROUBLE));
		assert_non_null(strstr(error->message, "person.key"));
		/* It is left as it is: tokens hang on it. */
		struct stat status;
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_size, table[i].size);
	}
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_false(store_person_hash(store, JAN, person.hash, NULL));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(store_person_hash(store, JAN, person.hash, NULL));
}

static void hash_in_child(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	struct person person;
	GError *error = NULL;

	wait_for_start(directory);
	if (!store_person_hash(store, JAN, person.hash, &error))
		FAIL_CHILD("hash: %s", error->message);
	if (write(to_parent, person.hash, STORE_PERSON_SIZE) != STORE_PERSON_SIZE)
		FAIL_CHILD("pipe");
	say(to_parent, (guint8)store_person_answer(store, person.hash, "choir@lists.example.org", NULL));
	store_close(store);
}

/* Twenty make the key at once: one wins, all have the same. And one of them answers. */
static void one_key_and_one_answer_for_twenty(void **state)
{
	enum { CHILDREN = 20 };
	pid_t pids[CHILDREN];
	int pipes[CHILDREN];
	guint answers = 0;
	struct person first, person;

	for (guint i = 0; i < CHILDREN; i++)
		pids[i] = start_child(hash_in_child, *state, &pipes[i]);
	g_usleep(100000); /* all have opened the store, or the race is a smaller one */
	g_autofree char *start = g_build_filename(*state, "start", NULL);
	assert_true(g_file_set_contents(start, "", 0, NULL));
	for (guint i = 0; i < CHILDREN; i++) {
		assert_int_equal(read(pipes[i], person.hash, STORE_PERSON_SIZE), STORE_PERSON_SIZE);
		if (i == 0)
			first = person;
		assert_same(first, person, TRUE);
		guint8 answer = hear(pipes[i]);
		assert_int_not_equal(answer, STORE_ANSWER_TROUBLE);
		answers += answer == STORE_ANSWER_NOW;
		assert_int_equal(wait_child(pids[i]), 0);
		close(pipes[i]);
	}
	assert_int_equal(answers, 1);
}

static void one_answer_a_day(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct person jan = hash(store, JAN), mie = hash(store, "mie@example.net");
	const struct {
		const char *sql; /* before it is asked */
		const struct person *person;
		const char *list;
		enum store_answer answer;
	} table[] = {
		{"", &jan, "choir@lists.example.org", STORE_ANSWER_NOW},
		{"", &jan, "choir@lists.example.org", STORE_ANSWER_LATER},
		{"", &jan, "board@lists.example.org", STORE_ANSWER_NOW},
		{"", &mie, "choir@lists.example.org", STORE_ANSWER_NOW},
		{"UPDATE answer SET answered_at = answered_at - 86300", &jan, "choir@lists.example.org", STORE_ANSWER_LATER},
		{"UPDATE answer SET answered_at = answered_at - 100", &jan, "choir@lists.example.org", STORE_ANSWER_NOW},
		{"", &jan, "choir@lists.example.org", STORE_ANSWER_LATER},
		/* A clock that was ahead must not silence a list until it is there again. */
		{"UPDATE answer SET answered_at = unixepoch() + 86400", &jan, "choir@lists.example.org", STORE_ANSWER_NOW},
		{"", &jan, "choir@lists.example.org", STORE_ANSWER_LATER},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		if (*table[i].sql)
			sql(*state, table[i].sql);
		if (store_person_answer(store, table[i].person->hash, table[i].list, NULL) != table[i].answer)
			fail_msg("row %u", i);
	}
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM answer"), 1);
	sql(*state, "UPDATE answer SET answered_at = answered_at - 86401");
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM answer"), 0);
}

static void no_address_is_on_the_disk(void **state)
{
	static const char *const files[] = {"store.db", "store.db-wal", "person.key", "claims.lock"};
	store_auto struct store *store = open_good(*state);
	struct person jan = hash(store, JAN);

	assert_int_equal(store_person_answer(store, jan.hash, "choir@lists.example.org", NULL), STORE_ANSWER_NOW);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(*state, files[i], NULL);
		g_autofree char *content = NULL;
		gsize length;

		assert_true(g_file_get_contents(path, &content, &length, NULL));
		assert_null(memmem(content, length, JAN, strlen(JAN)));
		assert_null(memmem(content, length, "jan@", 4));
		/* The key stays in its file. */
		g_autofree char *key_file = key_path(*state);
		g_autofree char *key = NULL;
		assert_true(g_file_get_contents(key_file, &key, NULL, NULL));
		assert_int_equal(memmem(content, length, key, STORE_PERSON_SIZE) != NULL, g_str_equal(files[i], "person.key"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(is_hmac_sha_256),
		T(same_key_same_hash),
		T(made_on_first_use_only),
		T(bad_key_files_are_refused),
		T(one_key_and_one_answer_for_twenty),
		T(one_answer_a_day),
		T(no_address_is_on_the_disk),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
