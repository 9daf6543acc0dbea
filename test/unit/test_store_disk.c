/*
 * room: trusted. The state store on disks that are full, without inodes, read-only, or an overlay (HOSTILE S5, C9). Small
 * file systems are mounted in a mount namespace of the child's own; as an ordinary user that needs user namespaces, else the
 * test says that it was skipped.
 */
#include "test/unit/held_help.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { CANNOT_MOUNT = 77 };

static void write_proc(const char *path, const char *text)
{
	io_autofd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(CANNOT_MOUNT);
}

/* A mount namespace of our own: as root, or as nobody special in a user namespace where we stay who we are. */
static void own_mounts(void)
{
	g_autofree char *uids = g_strdup_printf("%u %u 1", (guint)geteuid(), (guint)geteuid());
	g_autofree char *gids = g_strdup_printf("%u %u 1", (guint)getegid(), (guint)getegid());

	if (unshare(CLONE_NEWNS) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			_exit(CANNOT_MOUNT);
		write_proc("/proc/self/uid_map", uids);
		write_proc("/proc/self/setgroups", "deny");
		write_proc("/proc/self/gid_map", gids);
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		_exit(CANNOT_MOUNT);
}

static void mount_small(const char *directory, const char *options)
{
	own_mounts();
	if (mount("none", directory, "tmpfs", 0, options) != 0)
		_exit(CANNOT_MOUNT);
}

static void expect_error(gboolean result, GError **error, enum store_error code, const char *doing)
{
	if (result)
		FAIL_CHILD("%s: worked", doing);
	if (!g_error_matches(*error, STORE_ERROR, (int)code))
		FAIL_CHILD("%s: error %d: %s", doing, (*error)->code, (*error)->message);
	g_clear_error(error);
}

/* Fills what is left, to the last byte. */
static void fill(const char *path)
{
	static const char zeros[4096];
	io_autofd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	if (fd < 0 || errno != ENOSPC)
		FAIL_CHILD("filling: %s", g_strerror(errno));
}

/* Records one post after the other until that fails; the last one stays in hand. */
static guint32 post_until_error(struct store *store, guint32 limit, GError **error)
{
	for (guint32 i = 0; i < limit; i++) {
		if (store_claim(store, key_of(i), NULL, error) != STORE_NEW)
			FAIL_CHILD("a claim needs no room");
		if (!store_intent(store, key_of(i), "", error))
			return i;
		store_release(store);
	}
	FAIL_CHILD("still room after %u posts", limit);
}

/* The same connection goes on by itself when there is room again. */
static void recovers(struct store *store, guint32 last)
{
	GError *error = NULL;

	if (!store_intent(store, key_of(last), "", &error) || !store_done(store, key_of(last), "A", &error))
		FAIL_CHILD("after making room: %s", error->message);
	store_release(store);
	if (store_claim(store, key_of(last), NULL, NULL) != STORE_DONE)
		FAIL_CHILD("done was not recorded");
	if (last > 0 && store_claim(store, key_of(last - 1), NULL, NULL) != STORE_UNCLEAR)
		FAIL_CHILD("an earlier record is gone");
	store_close(store);
}

static void on_a_full_disk(const char *directory, int to_parent)
{
	g_autofree char *filler = g_build_filename(directory, "filler", NULL);
	GError *error = NULL;
	struct store_count count = {.members = 5};

	mount_small(directory, "size=512k,mode=0700");
	struct store *store = open_in_child(directory);
	fill(filler);
	guint32 last = post_until_error(store, 10, &error);
	expect_error(FALSE, &error, STORE_ERROR_FULL, "intent");
	expect_error(store_count_set(store, "a@b", &count, &error), &error, STORE_ERROR_FULL, "count");
	if (unlink(filler) != 0)
		FAIL_CHILD("unlink");
	recovers(store, last);
}

/* A message that does not fit is 452 and leaves nothing; a small one goes in, on the same connection. */
static void holding_on_a_full_disk(const char *directory, int to_parent)
{
	GError *error = NULL;

	mount_small(directory, "size=2m,mode=0700");
	struct store *store = open_in_child(directory);
	gboolean held = try_hold(store, 1, 3 * 1024 * 1024, &error) != 0;
	expect_error(held, &error, STORE_ERROR_FULL, "hold");
	if (store_claim(store, key_of(1), NULL, NULL) != STORE_NEW)
		FAIL_CHILD("a K is left of it");
	store_release(store);
	if (try_hold(store, 2, 100000, &error) != 1)
		FAIL_CHILD("hold: %s", error ? error->message : "another number");
	int fd;
	if (store_held_message(store, 1, &fd, NULL) != STORE_MESSAGE_WHOLE)
		FAIL_CHILD("message");
	store_close(store);
	check_invariants(directory);
}

/* A decision that does not fit: nothing of it stays, and it can be made when there is room. */
static void deciding_on_a_full_disk(const char *directory, int to_parent)
{
	g_autofree char *filler = g_build_filename(directory, "filler", NULL);
	struct store_verdict verdict = {.state = STORE_HELD_ACCEPTED, .jobs = release_job, .job_count = 1};
	struct store_decision decision;
	GError *error = NULL;

	mount_small(directory, "size=512k,mode=0700");
	struct store *store = open_in_child(directory);
	gint64 id = try_hold(store, 1, 1000, &error);
	fill(filler);
	gboolean decided = store_held_decide(store, id, &verdict, &decision, &error) != STORE_ORDER_TROUBLE;
	expect_error(decided, &error, STORE_ERROR_FULL, "decide");
	if (decision.state != STORE_HELD_WAITING || unlink(filler) != 0)
		FAIL_CHILD("decided");
	if (store_held_decide(store, id, &verdict, &decision, &error) != STORE_ORDER_DECIDED)
		FAIL_CHILD("decide: %s", error->message);
	store_close(store);
	check_invariants(directory);
}

static void opening_on_a_full_disk(const char *directory, int to_parent)
{
	g_autofree char *filler = g_build_filename(directory, "filler", NULL);
	GError *error = NULL;

	mount_small(directory, "size=256k,mode=0700");
	fill(filler);
	expect_error(store_open(directory, &error) != NULL, &error, STORE_ERROR_FULL, "open");
	if (unlink(filler) != 0)
		FAIL_CHILD("unlink");
	store_close(open_in_child(directory));
}

/* Room for 0, 1, 2 … files: each of claims.lock, store.db, -wal and -shm is once the one that does not fit. */
static void without_inodes(const char *directory, int to_parent)
{
	GError *error = NULL;

	own_mounts();
	for (guint inodes = 2; inodes <= 4; inodes++) {
		g_autofree char *options = g_strdup_printf("size=1m,mode=0700,nr_inodes=%u", inodes);

		if (mount("none", directory, "tmpfs", 0, options) != 0)
			_exit(CANNOT_MOUNT);
		expect_error(store_open(directory, &error) != NULL, &error, STORE_ERROR_FULL, options);
		if (umount2(directory, MNT_DETACH) != 0)
			FAIL_CHILD("umount");
	}
}

static void on_a_read_only_mount(const char *directory, int to_parent)
{
	GError *error = NULL;

	mount_small(directory, "size=1m,mode=0700");
	store_close(open_in_child(directory));
	if (mount("none", directory, NULL, MS_REMOUNT | MS_RDONLY, "size=1m,mode=0700") != 0)
		FAIL_CHILD("remount");
	expect_error(store_open(directory, &error) != NULL, &error, STORE_ERROR_TROUBLE, "open");
	if (mount("none", directory, NULL, MS_REMOUNT, "size=1m,mode=0700") != 0)
		FAIL_CHILD("remount");
	store_close(open_in_child(directory));
}

/* A write that fails for another reason; needs no mount. */
static void against_a_file_size_limit(const char *directory, int to_parent)
{
	GError *error = NULL;

	signal(SIGXFSZ, SIG_IGN);
	struct store *store = open_in_child(directory);
	if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 256 * 1024, .rlim_max = RLIM_INFINITY}) != 0)
		FAIL_CHILD("rlimit");
	guint32 last = post_until_error(store, 1000, &error);
	expect_error(FALSE, &error, STORE_ERROR_TROUBLE, "intent");
	if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) != 0)
		FAIL_CHILD("rlimit");
	recovers(store, last);
}

/* An overlay is let through with a warning; that locks and shared memory hold there is shown by another process. */
static void on_an_overlay(const char *directory, int to_parent)
{
	g_autofree char *options = g_strdup_printf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", directory,
		directory, directory);
	static const char *const parts[] = {"lower", "upper", "work", "merged"};
	const char *warning = NULL;
	GError *error = NULL;
	int from_child;

	mount_small(directory, "mode=0700");
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(directory, parts[i], NULL);

		if (mkdir(part, 0700) != 0)
			FAIL_CHILD("mkdir");
	}
	g_autofree char *merged = g_build_filename(directory, "merged", NULL);
	if (mount("none", merged, "overlay", 0, options) != 0)
		_exit(CANNOT_MOUNT);
	if (!store_directory_check(merged, geteuid(), &warning, &error) || !warning || !strstr(warning, "overlay"))
		FAIL_CHILD("no warning");
	struct store *store = open_in_child(merged);
	pid_t pid = start_child(die_after_intent, merged, &from_child);
	if (hear(from_child) != 1 || store_claim(store, key_of(1), NULL, NULL) != STORE_IN_PROGRESS)
		FAIL_CHILD("the lock does not hold");
	end_child(pid, from_child);
	if (store_claim(store, key_of(1), NULL, NULL) != STORE_UNCLEAR)
		FAIL_CHILD("the record was not seen");
	store_close(store);
}

static void run_mounted(child_function function, const char *directory)
{
	int from_child;
	int status = wait_child(start_child(function, directory, &from_child));

	close(from_child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT) {
		print_message("no mounts allowed here: skipped\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void full_disk(void **state)
{
	run_mounted(on_a_full_disk, *state);
}

static void full_disk_and_a_held_post(void **state)
{
	run_mounted(holding_on_a_full_disk, *state);
}

static void full_disk_and_a_decision(void **state)
{
	run_mounted(deciding_on_a_full_disk, *state);
}

static void full_disk_at_opening(void **state)
{
	run_mounted(opening_on_a_full_disk, *state);
}

static void inodes_full(void **state)
{
	run_mounted(without_inodes, *state);
}

static void read_only_mount(void **state)
{
	run_mounted(on_a_read_only_mount, *state);
}

static void overlay(void **state)
{
	run_mounted(on_an_overlay, *state);
}

static void file_size_limit(void **state)
{
	run_mounted(against_a_file_size_limit, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(full_disk),
		T(full_disk_at_opening),
		T(full_disk_and_a_held_post),
		T(full_disk_and_a_decision),
		T(inodes_full),
		T(read_only_mount),
		T(file_size_limit),
		T(overlay),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
