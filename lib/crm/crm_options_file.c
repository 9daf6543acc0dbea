/*
 * The bytes of the option file, with the checks that make it trustworthy (HOSTILE C2); see
 * crm_options.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/credential.h"
#include "lib/base/io.h"
#include "lib/base/privilege.h"
#include "lib/crm/crm_options.h"

enum { FILE_LIMIT = 64 * 1024, GROUPS_LIMIT = 64 };

static gboolean fail(GError **error, const char *path, const char *what)
{
	g_set_error(error, CRM_OPTIONS_ERROR, CRM_OPTIONS_ERROR_FILE, "%s: %s", path, what);
	return FALSE;
}

/*
 * The group that dispatch runs as counts as ours even when root asks (`rollcall check`), since
 * that is who the mode of the file is meant for.
 */
static gboolean is_our_group(gid_t gid, const struct settings *settings)
{
	gid_t groups[GROUPS_LIMIT];
	int count = getgroups(GROUPS_LIMIT, groups);
	struct privilege_user user;
	const char *reason;

	if (gid == 0 || gid == getegid())
		return TRUE;
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return TRUE;
	return privilege_find_user(settings_text(settings, SET_user, NULL), &user, &reason) && user.gid == gid;
}

static gboolean check(const char *path, const struct stat *status, const struct settings *settings, GError **error)
{
	if (!S_ISREG(status->st_mode))
		return fail(error, path, "expected a regular file");
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return fail(error, path, "must be owned by root (or by the user who reads it)");
	if (status->st_mode & (S_IWGRP | S_IRWXO))
		return fail(error, path,
			"holds a password: no right for others, no write right for the group (chmod 0640)");
	if (status->st_mode & S_IRGRP && !credential_is_one(path) && !is_our_group(status->st_gid, settings))
		return fail(error, path, "may be read by a group that is not ours (chgrp it to rollcall's group)");
	if (status->st_size > FILE_LIMIT)
		return fail(error, path, "is larger than 64 KiB");
	return TRUE;
}

static gboolean read_all(int fd, char *data, gsize size, gsize *used)
{
	while (*used < size) {
		ssize_t count = read(fd, data + *used, size - *used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return FALSE;
		if (count == 0)
			break;
		*used += (gsize)count;
	}
	return TRUE;
}

gboolean crm_options_read(const struct settings *settings, struct crm_options *options, GError **error)
{
	g_autofree char *path = credential_path(settings_text(settings, SET_option_file, NULL));
	struct stat status;

	*options = (struct crm_options){0};
	/* O_NONBLOCK, so that a FIFO cannot hang us. */
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) != 0)
		return fail(error, path, g_strerror(errno));
	if (!check(path, &status, settings, error))
		return FALSE;

	gsize size = (gsize)status.st_size, used = 0;
	g_autofree char *data = g_malloc(size + 1);
	gboolean done = read_all(fd, data, size, &used)
		? crm_options_parse(
			  data, used, settings_text(settings, SET_option_group, NULL), path, options, error)
		: fail(error, path, g_strerror(errno));
	explicit_bzero(data, size);
	return done;
}

const char *crm_options_todo(const GError *error)
{
	return g_error_matches(error, CRM_OPTIONS_ERROR, CRM_OPTIONS_ERROR_FILE) ? "it must be root's, with the group of the setting user, mode 0640" : NULL;
}
