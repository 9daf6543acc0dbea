/*
 * What the tests of the store share: a directory for each test, keys, and child processes.
 * Whatever runs in a child says FAIL_CHILD, because cmocka's asserts would jump into the parent's copy of the runner.
 */
#ifndef ROLLCALL_TEST_UNIT_STORE_HELP_H
#define ROLLCALL_TEST_UNIT_STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/store/store_internal.h"

static inline int set_up(void **state)
{
	char *directory = g_dir_make_tmp("rollcall-store-XXXXXX", NULL);

	*state = directory;
	return directory ? 0 : -1;
}

static inline int tear_down(void **state)
{
	g_autofree char *directory = *state;
	g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		remove(path);
	}
	return rmdir(directory);
}

static inline struct store *open_good(const char *directory)
{
	g_autoptr(GError) error = NULL;
	struct store *store = store_open(directory, &error);

	if (!store)
		fail_msg("store_open: %s", error->message);
	return store;
}

static inline const guint8 *key_of(guint32 number)
{
	static guint8 key[STORE_KEY_SIZE];

	/* Spread over the whole key, as SHA-256 does. */
	for (guint i = 0; i < STORE_KEY_SIZE; i++)
		key[i] = (guint8)((number * 2654435761u) >> (i % 4 * 8)) ^ (guint8)(i * 29);
	return key;
}

static inline enum store_state claim(struct store *store, guint32 number)
{
	g_autoptr(GError) error = NULL;
	enum store_state state = store_claim(store, key_of(number), NULL, &error);

	assert_int_equal(state == STORE_TROUBLE, error != NULL);
	return state;
}

/* Runs SQL by a connection of its own: time travel, damage and questions. Returns the first column of the first row. */
static inline gint64 sql(const char *directory, const char *text)
{
	g_autofree char *path = g_build_filename(directory, "store.db", NULL);
	sqlite3 *db;
	sqlite3_stmt *statement;
	gint64 number = 0;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return number;
}

/* ---- children ---- */

#define FAIL_CHILD(...)                                                                                       \
	do {                                                                                                  \
		fprintf(stderr, "child, line %d: ", __LINE__);                                                \
		fprintf(stderr, __VA_ARGS__);                                                                 \
		fputc('\n', stderr);                                                                          \
		_exit(1);                                                                                     \
	} while (0)

typedef void (*child_function)(const char *directory, int to_parent);

/* Starts a child; what it writes to `to_parent` can be read from *from_child. */
static inline pid_t start_child(child_function function, const char *directory, int *from_child)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		alarm(60);
		function(directory, ends[1]);
		_exit(0);
	}
	assert_true(pid > 0);
	close(ends[1]);
	*from_child = ends[0];
	return pid;
}

static inline int wait_child(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void say(int to_parent, guint8 word)
{
	if (write(to_parent, &word, 1) != 1)
		FAIL_CHILD("pipe");
}

static inline guint8 hear(int from_child)
{
	guint8 word = 0;

	assert_int_equal(read(from_child, &word, 1), 1);
	return word;
}

static inline struct store *open_in_child(const char *directory)
{
	GError *error = NULL;
	struct store *store = store_open(directory, &error);

	if (!store)
		FAIL_CHILD("store_open: %s", error->message);
	return store;
}

static inline void end_child(pid_t pid, int from_child)
{
	kill(pid, SIGKILL);
	wait_child(pid);
	close(from_child);
}

/* Claims and records INTENT, says 1, and stays in that state until it is killed. */
static inline void die_after_intent(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);

	if (store_claim(store, key_of(1), NULL, NULL) != STORE_NEW || !store_intent(store, key_of(1), "", NULL))
		FAIL_CHILD("intent");
	say(to_parent, 1);
	pause();
}

#endif
