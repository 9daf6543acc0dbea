/*
 * rollcall settings: every setting, its value, where it comes from and what it means. What it prints is itself a
 * configuration that says the same, so it may be saved, compared and read back.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/settings_text.h"
#include "lib/list/list.h"

/* With --default there is no file; one domain is shown, so that its settings are seen, too. */
static const char defaults[] = "[domain lists.example.org]\n";

struct wish {
	gboolean only_defaults, only_changed, manual;
};

static struct settings *read_settings(const struct invocation *invocation, const struct wish *wish, GError **error)
{
	if (wish->only_defaults)
		return settings_parse(defaults, strlen(defaults), "defaults", error);
	return command_settings_read(invocation->config, error);
}

static gboolean is_domain(const struct settings *settings, const char *text)
{
	return g_strv_contains(settings_domains(settings), text);
}

/* The domain or list address that the user means, in normal form; NULL when it can be none of ours. The caller frees. */
static char *find_place(const struct settings *settings, const char *text)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	if (is_domain(settings, lower))
		return g_steal_pointer(&lower);
	return list_address_from_column(settings, lower, strlen(lower));
}

static int show(const struct settings_view *view, gboolean json)
{
	g_autofree char *text = json ? settings_text_json(view) : settings_text_file(view);

	fputs(text, stdout);
	return COMMAND_GOOD;
}

static int run(const struct invocation *invocation, const struct wish *wish)
{
	g_autoptr(GError) error = NULL;
	settings_auto struct settings *settings = read_settings(invocation, wish, &error);
	g_autofree char *place = NULL;

	if (!settings) {
		fprintf(stderr, "rollcall settings: %s\n", error->message);
		return COMMAND_BAD;
	}
	if (invocation->argc > 0) {
		place = find_place(settings, invocation->argv[0]);
		if (!place) {
			fprintf(stderr, "rollcall settings: \"%s\" is no domain or list of ours\n", invocation->argv[0]);
			return COMMAND_BAD;
		}
	}
	struct settings_view view = {
		.settings = settings, .file = invocation->config, .where = place, .only_changed = wish->only_changed};
	return show(&view, invocation->json);
}

int command_settings(struct invocation *invocation)
{
	struct wish wish = {0};
	const GOptionEntry own[] = {
		{"default", 0, 0, G_OPTION_ARG_NONE, &wish.only_defaults, "Show the defaults; no file is read", NULL},
		{"changed", 0, 0, G_OPTION_ARG_NONE, &wish.only_changed, "Show only what the file sets", NULL},
		{"manual", 0, 0, G_OPTION_ARG_NONE, &wish.manual, "Print the settings' part of rollcall.conf(5)", NULL},
		{NULL},
	};

	int status = command_parse(invocation, own,
		"For a list or a domain: what holds there, wherever it was set. Whether the list exists only the CRM knows.\n"
		"Exit status: 0 shown, 1 the configuration cannot be read, 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	if (wish.only_defaults && (wish.only_changed || invocation->argc > 0)) {
		fputs("rollcall settings: --default shows everything and nothing else: see rollcall settings --help\n", stderr);
		return COMMAND_USAGE;
	}
	if (!wish.manual)
		return run(invocation, &wish);
	g_autofree char *text = settings_text_manual();
	fputs(text, stdout);
	return COMMAND_GOOD;
}
