/*
 * The service of Postfix's that carries posts to us: it must end at one of our sockets, as a user that we let in, and wait longer
 * for our answer than we take, since a post that is answered too late goes out twice.
 */
#include <string.h>

#include "cli/check_postfix.h"
#include "cli/endpoint.h"
#include "cli/postfix_text.h"
#include "lib/base/privilege.h"

enum { MARGIN = 30 }; /* seconds between our deadline and Postfix's */

static gboolean is_ours(const struct check *check, const struct endpoint *endpoint)
{
	gboolean found = FALSE;

	for (const char *const *text = settings_strings(check->settings, SET_listen, NULL); *text && !found; text++) {
		struct endpoint ours;

		if (!endpoint_parse(*text, &ours))
			continue;
		found = endpoint_same(&ours, endpoint);
		endpoint_clear(&ours);
	}
	return found;
}

/* Over a unix socket we know who asks. */
static void check_peer(struct check *check, const char *user)
{
	uid_t theirs, allowed;

	if (!privilege_find_uid(user, &theirs))
		return;
	for (const char *const *name = settings_strings(check->settings, SET_lmtp_peer_users, NULL); *name; name++)
		if (privilege_find_uid(*name, &allowed) && allowed == theirs)
			return;
	report_add(check->report, REPORT_ERROR, "Postfix comes as user %s, whom lmtp_peer_users does not let in", user);
	report_todo(check->report, "add %s to lmtp_peer_users", user);
}

static void check_wait(struct postfix_check *part, const char *service)
{
	const char *text = postfix_service_setting(part->postfix, service, "lmtp_data_done_timeout");
	gint64 ours = settings_number(part->check->settings, SET_post_deadline, NULL);
	guint64 theirs;

	if (!postfix_text_seconds(text, &theirs) || (gint64)theirs >= ours + MARGIN)
		return;
	report_add(part->check->report, (gint64)theirs <= ours ? REPORT_ERROR : REPORT_WARNING,
		"Postfix waits %s for our answer (lmtp_data_done_timeout of %s), our post_deadline is %" G_GINT64_FORMAT
		" s: a slow post may go out twice", text, service, ours);
	report_todo(part->check->report, "set post_deadline at least %d s below it", MARGIN);
}

/* The word behind `option` in a command line, or NULL. The caller frees. */
static char *word_behind(const char *command, const char *option)
{
	const char *place = strstr(command, option);

	if (!place)
		return NULL;
	place += strlen(option);
	place += strspn(place, " ");
	return g_strndup(place, strcspn(place, " "));
}

/* The socket that the service goes to and, over a unix socket, as whom. Both NULL when it does not go to any LMTP server. */
static void read_service(struct postfix_check *part, const char *service, const char *nexthop, char **socket, char **user)
{
	const char *command = postfix_service_command(part->postfix, service);

	*socket = *user = NULL;
	if (postfix_service_runs(part->postfix, service, "lmtp")) {
		gboolean whole = g_str_has_prefix(nexthop, "unix:") || g_str_has_prefix(nexthop, "inet:");

		*socket = g_strconcat(whole ? "" : "inet:", nexthop, NULL);
		*user = g_strdup(postfix_setting(part->postfix, "mail_owner"));
	} else if (command && postfix_service_runs(part->postfix, service, "pipe") && strstr(command, "rollcall-pipe")) {
		*socket = word_behind(command, "--socket ");
		*user = word_behind(command, "user=");
	}
}

void check_transport(struct postfix_check *part, const char *service, const char *nexthop, const char *what)
{
	struct report *report = part->check->report;
	g_autofree char *socket = NULL, *user = NULL;
	struct endpoint endpoint = {0};

	read_service(part, service, nexthop, &socket, &user);
	if (!socket) {
		report_add(report, REPORT_ERROR, "Postfix: mail for %s goes to %s%s%s, not to us", what, service,
			*nexthop ? " for " : "", nexthop);
		report_todo(report, "rollcall-postfix --domain DOMAIN apply; an earlier table in transport_maps goes first");
	} else if (!endpoint_parse(socket, &endpoint) || !is_ours(part->check, &endpoint)) {
		report_add(report, REPORT_ERROR, "Postfix: mail for %s goes to %s, where we do not listen", what, socket);
		report_todo(report, "rollcall-postfix --lmtp WHERE --domain DOMAIN apply, with one of the setting listen");
	} else {
		report_add(report, REPORT_OK, "Postfix: mail for %s comes to us by %s", what, socket);
		if (endpoint.kind == ENDPOINT_UNIX && user)
			check_peer(part->check, user);
		if (postfix_service_runs(part->postfix, service, "lmtp"))
			check_wait(part, service);
	}
	endpoint_clear(&endpoint);
}
