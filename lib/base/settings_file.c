/*
 * The bytes of a configuration file, with the checks that make it trustworthy; see settings.h.
 * Reading and parsing are apart, so that the master can hand the same bytes to every program.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/settings.h"

enum { FILE_LIMIT = 1024 * 1024 };

static gboolean fail_file(GError **error, const char *path, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "%s: %s", path, what);
	return FALSE;
}

static gboolean check_file(const char *path, const struct stat *status, GError **error)
{
	if (!S_ISREG(status->st_mode))
		return fail_file(error, path, "expected a regular file");
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return fail_file(error, path, "must be owned by root (or by the user who runs this)");
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return fail_file(error, path, "must not be writable by group or others: chmod go-w");
	if (status->st_size > FILE_LIMIT)
		return fail_file(error, path, "is larger than 1 MiB");
	return TRUE;
}

GBytes *settings_read_file(const char *path, GError **error)
{
	struct stat status;
	/* O_NONBLOCK, so that a FIFO cannot hang the start. */
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &status) != 0) {
		fail_file(error, path, g_strerror(errno));
		return NULL;
	}
	if (!check_file(path, &status, error))
		return NULL;
	g_autofree char *data = g_malloc((gsize)status.st_size + 1);
	size_t used = 0;
	while (used < (size_t)status.st_size) {
		ssize_t count = read(fd, data + used, (size_t)status.st_size - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			fail_file(error, path, g_strerror(errno));
			return NULL;
		}
		if (count == 0)
			break;
		used += (size_t)count;
	}
	return g_bytes_new_take(g_steal_pointer(&data), used);
}
