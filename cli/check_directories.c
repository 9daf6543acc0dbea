/*
 * State and run directory. The rules for the state directory are the store's own; nothing is created, and store.db is only looked at
 * by its first bytes, because opening it as a database would leave files beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "lib/base/io.h"
#include "lib/store/store.h"

static void check_state(struct check *check)
{
	const char *directory = settings_text(check->settings, SET_state_directory, NULL);
	uid_t owner = identity_user(&check->identity);
	const char *warning = NULL;
	g_autoptr(GError) error = NULL;

	if (store_directory_check(directory, owner, &warning, &error)) {
		report_add(check->report, warning ? REPORT_WARNING : REPORT_OK, "%s",
			warning ? warning : "the state directory belongs to the daemon alone, on a local file system");
		return;
	}
	report_add(check->report, REPORT_ERROR, "%s", error->message);
	if (access(directory, F_OK) != 0)
		report_todo(check->report, "install -d -m 0700 -o %s %s",
			check->identity.known ? settings_text(check->settings, SET_user, NULL) : "USER", directory);
}

/* SQLite's file begins with its name; one that does not was put there by somebody else, or is damaged. */
static void check_store(struct check *check)
{
	static const char magic[] = "SQLite format 3"; /* with its NUL: 16 bytes */
	const char *directory = settings_text(check->settings, SET_state_directory, NULL);
	g_autofree char *path = g_build_filename(directory, "store.db", NULL);
	char head[sizeof(magic)];
	struct stat status;
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	/* Of a directory that cannot be entered check_state() has told. */
	if (fd < 0 && (errno == ENOENT || faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) != 0))
		return;
	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		report_add(check->report, REPORT_ERROR, "%s: %s", path, fd < 0 ? g_strerror(errno) : "is no regular file");
	else if (status.st_uid != identity_user(&check->identity))
		report_add(check->report, REPORT_ERROR, "%s belongs to user %u and not to the daemon's", path, (guint)status.st_uid);
	else if (status.st_size > 0 &&
		(read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) || memcmp(head, magic, sizeof(magic)) != 0))
		report_add(check->report, REPORT_ERROR, "%s is no SQLite file", path);
	else
		return;
	report_todo(check->report, "with the daemon stopped, chown it or move it away; without it a post in flight may come twice");
}

/* The daemon makes the run directory itself when only the last part is missing. */
static void check_run(struct check *check)
{
	const char *directory = settings_text(check->settings, SET_run_directory, NULL);
	g_autofree char *parent = g_path_get_dirname(directory);
	struct stat status;

	if (stat(directory, &status) != 0 && errno == ENOENT && access(parent, W_OK | X_OK) == 0) {
		report_add(check->report, REPORT_OK, "run_directory %s will be made at start", directory);
	} else if (stat(directory, &status) != 0) {
		report_add(check->report, REPORT_ERROR, "run_directory %s: %s", directory, g_strerror(errno));
		report_todo(check->report, "mkdir -p %s", directory);
	} else if (!S_ISDIR(status.st_mode)) {
		report_add(check->report, REPORT_ERROR, "run_directory %s is no directory", directory);
	} else if (status.st_uid != 0 && status.st_uid != geteuid()) {
		report_add(check->report, REPORT_ERROR, "run_directory %s belongs to user %u", directory, (guint)status.st_uid);
		report_todo(check->report, "its owner could put a socket of their own there: chown root");
	} else if (status.st_mode & (S_IWGRP | S_IWOTH)) {
		report_add(check->report, REPORT_ERROR, "run_directory %s is writable by others (mode %04o)", directory,
			(guint)status.st_mode & 07777);
		report_todo(check->report, "chmod 0755 %s", directory);
	} else {
		report_add(check->report, REPORT_OK, "the run directory can be changed by nobody else");
	}
}

void check_directories(struct check *check)
{
	if (!identity_is_missing(&check->identity)) {
		check_state(check);
		check_store(check);
	}
	check_run(check);
}
