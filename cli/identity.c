/* Seeing with the daemon's eyes; see identity.h. */
#include "cli/identity.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/privilege.h"

struct identity identity_find(const struct settings *settings)
{
	struct identity identity = {.extra = (gid_t)-1};
	struct privilege_user user;
	const char *group = settings_text(settings, SET_qmqp_group, NULL);
	const char *error;

	if (geteuid() != 0 || !privilege_find_user(settings_text(settings, SET_user, NULL), &user, &error))
		return identity;
	identity = (struct identity){.known = TRUE, .uid = user.uid, .gid = user.gid, .extra = (gid_t)-1};
	if (*group && !privilege_find_group(group, &identity.extra))
		identity.extra = (gid_t)-1;
	return identity;
}

gboolean identity_is_missing(const struct identity *identity)
{
	return !identity->known && geteuid() == 0;
}

gboolean identity_assume(const struct identity *identity)
{
	if (!identity->known)
		return TRUE;
	if (setgroups(identity->extra == (gid_t)-1 ? 0 : 1, &identity->extra) == 0 &&
		setegid(identity->gid) == 0 && seteuid(identity->uid) == 0)
		return TRUE;
	int number = errno;
	identity_resume(identity);
	errno = number;
	return FALSE;
}

/* The groups that we came with are not needed again: as root we read all without them. */
void identity_resume(const struct identity *identity)
{
	if (!identity->known)
		return;
	if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(0, NULL) != 0)
		log_fatal("cannot become root again: %s", g_strerror(errno));
}

uid_t identity_user(const struct identity *identity)
{
	return identity->known ? identity->uid : geteuid();
}
