/*
 * Who a process runs as. Users and groups in settings are names or numbers ("rollcall", "61001",
 * "61001:61001"), so that a container without passwd entries works.
 */
#ifndef ROLLCALL_BASE_PRIVILEGE_H
#define ROLLCALL_BASE_PRIVILEGE_H

#include <glib.h>
#include <sys/stat.h>
#include <sys/types.h>

struct privilege_user {
	uid_t uid;
	gid_t gid;
};

/** Looks a user up; FALSE with the reason in `error` (static text) when there is none or it is root. */
gboolean privilege_find_user(const char *text, struct privilege_user *user, const char **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Looks a user up by name or number, root included; for lists of peers. */
gboolean privilege_find_uid(const char *text, uid_t *uid) G_GNUC_WARN_UNUSED_RESULT;

/** Looks a group up. */
gboolean privilege_find_group(const char *text, gid_t *gid) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Becomes that user for good, with no other group than `extra` (when not (gid_t)-1), and proves that there is
 * no way back. Only for root; anything that fails is fatal.
 */
void privilege_drop(const struct privilege_user *user, gid_t extra);

/** No new privileges by exec, no core dumps, no ptrace by our own user. Fatal when the kernel refuses. */
void privilege_lock(void);

/**
 * What keeps a file from being a secret of this process: a regular file of root's or our own user's, closed to all others. Static text with
 * what to do about it; NULL when nothing does.
 */
const char *privilege_secret_fault(const struct stat *status);

#endif
