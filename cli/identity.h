/*
 * Being rollcall-dispatch for a while: what root can read says nothing about what the daemon can, so files, sockets and the CRM are
 * looked at with its user and group. The real user stays root, so it is no wall against anybody; it is a way to see.
 */
#ifndef ROLLCALL_CLI_IDENTITY_H
#define ROLLCALL_CLI_IDENTITY_H

#include <glib.h>
#include <sys/types.h>

#include "lib/base/settings.h"

struct identity {
	gboolean known; /**< TRUE: the fields below are who dispatch will be. FALSE: it will be whoever we are */
	uid_t uid;
	gid_t gid;
	gid_t extra; /**< qmqp_group; (gid_t)-1 when there is none */
};

/** Who dispatch will be by the settings. Not root, or a user that is not there: not known. */
struct identity identity_find(const struct settings *settings);

/** Whether it is not known because the daemon's user is not there: then nothing can be said about what belongs to it. */
gboolean identity_is_missing(const struct identity *identity);

/** Becomes it. FALSE with errno when the kernel refuses; TRUE and nothing done when it is not known. */
gboolean identity_assume(const struct identity *identity) G_GNUC_WARN_UNUSED_RESULT;
/** Becomes root again. */
void identity_resume(const struct identity *identity);

/** The user whose files dispatch can own: `uid`, or ours when it is not known. */
uid_t identity_user(const struct identity *identity);

#endif
