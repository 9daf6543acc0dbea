/*
 * What Postfix tells of who wrote: the login of whoever sent over its submission service, and its own name, by which its Received fields are known. Where it
 * tells neither, nothing fails: authors only count for less than they could, and nobody sees why.
 */
#include "cli/check_postfix.h"

#include <string.h>

#include "lib/base/process.h"

/* The pipe client gets the login from pipe(8) itself. */
static gboolean has_pipe_client(const struct postfix *postfix, const GPtrArray *services)
{
	for (guint i = 0; i < services->len; i++) {
		const char *command = postfix_service_command(postfix, g_ptr_array_index(services, i));

		if (command && strstr(command, "rollcall-pipe"))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_on(const struct postfix *postfix, const char *service, const char *name)
{
	return g_ascii_strcasecmp(postfix_service_setting(postfix, service, name), "yes") == 0;
}

static void check_name(struct postfix_check *part, const char *service)
{
	const struct settings *settings = part->check->settings;
	const char *const *hosts = settings_strings(settings, SET_border_hosts, NULL);
	const char *const us[] = {process_hostname(settings), NULL};
	const char *name = postfix_service_setting(part->postfix, service, "myhostname");

	for (hosts = *hosts ? hosts : us; *hosts; hosts++)
		if (g_ascii_strcasecmp(*hosts, name) == 0)
			return;
	report_add(part->check->report, REPORT_WARNING,
		"Postfix: %s calls itself %s, which is none of border_hosts (or else hostname): what it tells of logins and SPF does not count",
		service, name);
	report_todo(part->check->report, "set border_hosts to %s and the other servers that a post may pass", name);
}

void check_border(struct postfix_check *part)
{
	const struct settings *settings = part->check->settings;
	g_autoptr(GPtrArray) services = postfix_services(part->postfix);
	gboolean matched = !settings_is(settings, SET_sasl_match, NULL, "none") && !has_pipe_client(part->postfix, services);
	gboolean asked = *settings_strings(settings, SET_border_authserv_ids, NULL) != NULL;

	for (guint i = 0; i < services->len; i++) {
		const char *service = g_ptr_array_index(services, i);
		gboolean logins;

		if (!postfix_service_runs(part->postfix, service, "smtpd"))
			continue;
		logins = matched && is_on(part->postfix, service, "smtpd_sasl_auth_enable");
		if (logins && !is_on(part->postfix, service, "smtpd_sasl_authenticated_header")) {
			report_add(part->check->report, REPORT_WARNING,
				"Postfix: %s does not tell who is logged in, so no login proves an author", service);
			report_todo(part->check->report, "set smtpd_sasl_authenticated_header = yes in main.cf, or here sasl_match = none");
		} else if (logins || asked) {
			check_name(part, service);
		}
	}
}
