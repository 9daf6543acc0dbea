/* Users, groups and dropping privileges; see privilege.h. */
#include "lib/base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

/* (uid_t)-1 means "leave as it is" to the kernel, so it is not a number that may be given. */
static gboolean parse_id(const char *text, size_t length, guint64 *id)
{
	return text_parse_number(text, length, 0, G_MAXUINT32 - 1, id);
}

gboolean privilege_find_uid(const char *text, uid_t *uid)
{
	guint64 number;

	if (parse_id(text, strlen(text), &number)) {
		*uid = (uid_t)number;
		return TRUE;
	}
	const struct passwd *entry = getpwnam(text);
	if (!entry)
		return FALSE;
	*uid = entry->pw_uid;
	return TRUE;
}

gboolean privilege_find_user(const char *text, struct privilege_user *user, const char **error)
{
	size_t uid_length = strcspn(text, ":");
	guint64 uid, gid;

	if (parse_id(text, uid_length, &uid)) {
		gid = uid;
		*error = "expected NAME, UID or UID:GID";
		if (text[uid_length] == ':' &&
			!parse_id(text + uid_length + 1, strlen(text + uid_length + 1), &gid))
			return FALSE;
		*user = (struct privilege_user){.uid = (uid_t)uid, .gid = (gid_t)gid};
	} else {
		const struct passwd *entry = getpwnam(text);

		*error = "no such user; make it with adduser --system --group --no-create-home --home /nonexistent";
		if (!entry)
			return FALSE;
		*user = (struct privilege_user){.uid = entry->pw_uid, .gid = entry->pw_gid};
	}
	*error = "must not be root";
	return user->uid != 0 && user->gid != 0;
}

gboolean privilege_find_group(const char *text, gid_t *gid)
{
	guint64 number;

	if (parse_id(text, strlen(text), &number)) {
		*gid = (gid_t)number;
		return TRUE;
	}
	const struct group *entry = getgrnam(text);
	if (!entry)
		return FALSE;
	*gid = entry->gr_gid;
	return TRUE;
}

void privilege_drop(const struct privilege_user *user, gid_t extra)
{
	size_t count = extra == (gid_t)-1 ? 0 : 1;

	if (setgroups(count, &extra) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
		setresuid(user->uid, user->uid, user->uid) != 0)
		log_fatal("cannot become user %u: %s", (guint)user->uid, g_strerror(errno));
	if (setuid(0) == 0 || geteuid() != user->uid || getegid() != user->gid)
		log_fatal("could become root again after dropping privileges");
}

void privilege_lock(void)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
		setrlimit(RLIMIT_CORE, &none) != 0)
		log_fatal("cannot give up new privileges: %s", g_strerror(errno));
}

const char *privilege_secret_fault(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "is no regular file";
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return "must be owned by root (or by the user who runs this): chown root";
	if (status->st_mode & (S_IRWXG | S_IRWXO))
		return "must be closed to group and others: chmod 0600";
	return NULL;
}
