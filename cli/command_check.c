/*
 * rollcall check: is all fit for mail? The parts stand in the table below; each looks at one thing and adds findings.
 * With --offline only what stands on this machine's disk is looked at, so that a configuration manager can judge a file
 * before it is put in place: neither DNS nor the CRM nor Postfix is asked.
 * Knowingly not here: whether mail really flows.
 */
#include <stdio.h>

#include "cli/check.h"
#include "cli/command.h"
#include "cli/units.h"
#include "lib/crm/crm.h"

static const struct {
	enum { ALWAYS, OFFLINE, ONLINE } when;
	void (*look)(struct check *check);
} parts[] = {
	{ALWAYS, check_people},
	{ALWAYS, check_places},
	{ALWAYS, check_sockets},
	{ALWAYS, check_directories},
	{ONLINE, check_units},
	{ALWAYS, check_keys},
	{ALWAYS, check_smime},
	{ALWAYS, check_rules},
	{ALWAYS, check_texts},
	{ALWAYS, check_reasons},
	{OFFLINE, check_archives_offline},
	{ONLINE, check_archives},
	{OFFLINE, check_options},
	{ONLINE, check_dns},
	{ONLINE, check_crm},
	{ONLINE, check_relay},
	{ONLINE, check_postfix},
};

static void look(struct check *check, gboolean offline)
{
	g_autoptr(GError) error = NULL;
	settings_auto struct settings *settings = command_settings_read(check->config, &error);

	if (!settings) {
		report_add(check->report, REPORT_ERROR, "%s", error->message);
		return;
	}
	report_add(check->report, REPORT_OK, "%s: every setting is known and within its bounds", check->config);
	check->settings = settings;
	check->identity = identity_find(settings);
	check->by_units = units_are_for(check->config);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i].when == ALWAYS || (parts[i].when == OFFLINE) == offline)
			parts[i].look(check);
}

int command_check(struct invocation *invocation)
{
	gboolean offline = FALSE;
	g_autofree char *directory = NULL;
	const GOptionEntry own[] = {
		{"offline", 0, 0, G_OPTION_ARG_NONE, &offline, "Ask neither DNS nor the CRM nor Postfix", NULL},
		{"postfix-config", 0, 0, G_OPTION_ARG_FILENAME, &directory,
			"Postfix's configuration directory (default: the one postconf uses)", "DIR"},
		{NULL},
	};

	int status = command_parse(invocation, own, "Exit status: 0 all well, or warnings only; 1 errors; 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	struct check check = {
		.config = invocation->config, .postfix_directory = directory, .report = report_new()};
	look(&check, offline);
	g_autofree char *text = report_text(check.report, invocation->json);
	fputs(text, stdout);
	status = report_errors(check.report) > 0 ? COMMAND_BAD : COMMAND_GOOD;
	report_free(check.report);
	g_clear_pointer(&check.lists, g_array_unref);
	return status;
}
