/*
 * rollcall: the sysadmin's command. Most of it looks and tells; what becomes of mail is changed by
 * accept, reject, discard and digest alone.
 * A command is a row of the table below and a file command_NAME.c. `--config` may stand before the command or behind it,
 * because configuration managers want it as the last word (`rollcall check --offline --config %s`).
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "lib/base/io.h"
#include "lib/base/log.h"

static const struct command commands[] = {
	{"accept", "NUMBER", "let a held post go out to its list", command_decide},
	{"archive", "status|retry LIST|forget LIST|import LIST FILE", "show what waits for archives, and bring old archives in", command_archive},
	{"check", NULL, "say whether all is fit for mail, and what to do where it is not", command_check},
	{"dkim", "keygen|record", "make DKIM keys, and show what DNS must say about them", command_dkim},
	{"digest", "LIST", "close a list's digest, so that it is sent now", command_digest},
	{"digests", "[LIST]", "show what waits for digests, and when they leave", command_digests},
	{"discard", "NUMBER", "throw a held post away; its author hears nothing", command_decide},
	{"explain", "[FILE...]", "say what would become of a mail, and why; nothing is sent", command_explain},
	{"held", "[LIST]", "show the posts that wait for a moderator or their author", command_held},
	{"lists", NULL, "show the lists that the CRM has now, and whether mail to them works", command_lists},
	{"reject", "NUMBER", "refuse a held post, with a text to its author", command_decide},
	{"settings", "[DOMAIN|LIST]", "show all settings with their value, its source and meaning", command_settings},
	{"show", "NUMBER", "show all about a held post, or the post itself", command_show},
	{"test", "DIR|-", "try scenarios on cases, without mail", command_test},
};

static char *describe_commands(void)
{
	GString *text = g_string_new("Commands:\n");

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		g_string_append_printf(text, "  %-10s %s\n", commands[i].name, commands[i].summary);
	g_string_append(text, "\nrollcall COMMAND --help tells more about each.");
	return g_string_free(text, FALSE);
}

static const struct command *find_command(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int usage_error(const char *text)
{
	fprintf(stderr, "rollcall: %s: see rollcall --help\n", text);
	return COMMAND_USAGE;
}

static int run(struct invocation *invocation, int argc, char **argv)
{
	if (argc < 2)
		return usage_error("a command is missing");
	invocation->command = find_command(argv[1]);
	if (!invocation->command) {
		g_autofree char *text = g_strdup_printf("there is no command \"%s\"", argv[1]);

		return usage_error(text);
	}
	invocation->argc = argc - 1;
	invocation->argv = argv + 1;
	return invocation->command->run(invocation);
}

int main(int argc, char **argv)
{
	struct invocation invocation = {0};
	gboolean version = FALSE, help = FALSE;
	const GOptionEntry entries[] = {
		COMMAND_HELP_ENTRY(&help),
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &invocation.config,
			"Configuration file (default " ROLLCALL_CONFIG ")", "FILE"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL},
		{NULL},
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new("COMMAND");
	g_autofree char *description = describe_commands();
	int status;

	io_fill_standard_descriptors();
	log_open("rollcall", LOG_TARGET_STDERR);
	g_set_prgname("rollcall");
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_description(context, description);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		status = usage_error(error->message);
	} else if (help) {
		command_print_help(context);
		status = COMMAND_GOOD;
	} else if (version) {
		puts("rollcall " ROLLCALL_VERSION);
		status = COMMAND_GOOD;
	} else {
		status = run(&invocation, argc, argv);
	}
	g_free(invocation.config);
	return status;
}
