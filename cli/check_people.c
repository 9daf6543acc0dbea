/* Users and groups. Started as root, the daemon gives up root for them, and refuses to start where one is missing. */
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "lib/base/privilege.h"

/* FALSE, with a finding, when it cannot be used. */
static gboolean check_user(struct check *check, enum setting setting, struct privilege_user *user)
{
	const char *name = settings_text(check->settings, setting, NULL);
	const char *error;

	if (privilege_find_user(name, user, &error))
		return TRUE;
	report_add(check->report, REPORT_ERROR, "%s %s: %s", settings_row(setting)->name, name, error);
	return FALSE;
}

static void check_group(struct check *check, enum setting setting, const char *todo)
{
	const char *name = settings_text(check->settings, setting, NULL);
	gid_t gid;

	if (*name == '\0' || privilege_find_group(name, &gid))
		return;
	report_add(check->report, REPORT_ERROR, "%s %s: there is no such group", settings_row(setting)->name, name);
	report_todo(check->report, "%s", todo);
}

static void check_peers(struct check *check)
{
	const char *const *name = settings_strings(check->settings, SET_lmtp_peer_users, NULL);
	uid_t uid;

	for (; *name; name++) {
		if (privilege_find_uid(*name, &uid))
			continue;
		report_add(check->report, REPORT_WARNING, "lmtp_peer_users: there is no user %s", *name);
		report_todo(check->report, "name the users that exist, or install Postfix first");
	}
}

/* The parser's user must be nobody else's: what it may, whoever owns the parser may. */
static void check_apart(struct check *check, const struct privilege_user *user, const struct privilege_user *intake)
{
	if (user->uid == intake->uid) {
		report_add(check->report, REPORT_ERROR, "user and intake_user are the same user");
		report_todo(check->report, "a parser that is taken over must not own the state store: give it a user of its own");
	} else if (user->gid == intake->gid) {
		report_add(check->report, REPORT_ERROR, "user and intake_user have the same group");
		report_todo(check->report, "the option file with the password is readable by that group: give each a group of its own");
	} else {
		report_add(check->report, REPORT_OK, "users %s and %s are there", settings_text(check->settings, SET_user, NULL),
			settings_text(check->settings, SET_intake_user, NULL));
	}
}

void check_people(struct check *check)
{
	struct privilege_user user, intake, relay;

	if (geteuid() != 0) {
		report_add(check->report, REPORT_WARNING,
			"this is not root: all is judged as if rollcall-lmtpd were started by user %u", (guint)geteuid());
		report_todo(check->report, "run it as root, or as the user that starts the daemon");
		check_peers(check);
		return;
	}
	gboolean both = check_user(check, SET_user, &user);
	both = check_user(check, SET_intake_user, &intake) && both;
	if (both)
		check_apart(check, &user, &intake);
	if (*settings_text(check->settings, SET_tls_user, NULL))
		(void)check_user(check, SET_tls_user, &relay);
	check_group(check, SET_listen_group, "name the group of Postfix's lmtp client, usually postfix");
	check_group(check, SET_qmqp_group, "name the group of Postfix's public directory, usually postdrop");
	check_peers(check);
}
