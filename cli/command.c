/* What all commands do first; see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"

/* g_option_context_parse() would print it in the locale's character set, and we have no locale: UTF-8 goes out as it is. */
void command_print_help(GOptionContext *context)
{
	g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

	fputs(text, stdout);
}

static void complain(const char *name, const char *text)
{
	fprintf(stderr, "%s: %s: see %s --help\n", name, text, name);
}

int command_parse(struct invocation *invocation, const GOptionEntry *own, const char *more)
{
	gboolean help = FALSE;
	g_autofree char *config = NULL;
	const GOptionEntry common[] = {
		COMMAND_HELP_ENTRY(&help),
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config,
			"Configuration file (default " ROLLCALL_CONFIG ")", "FILE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &invocation->json, "Print JSON", NULL},
		{NULL},
	};
	const struct command *command = invocation->command;
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
	g_autofree char *name = g_strdup_printf("rollcall %s", command->name);
	g_autofree char *summary = g_strdup_printf("%c%s.", g_ascii_toupper(command->summary[0]), command->summary + 1);

	g_set_prgname(name);
	g_option_context_set_summary(context, summary);
	g_option_context_set_description(context, more);
	g_option_context_set_help_enabled(context, FALSE);
	if (own)
		g_option_context_add_main_entries(context, own, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	if (!g_option_context_parse(context, &invocation->argc, &invocation->argv, &error)) {
		complain(name, error->message);
		return COMMAND_USAGE;
	}
	if (help) {
		command_print_help(context);
		return COMMAND_GOOD;
	}
	invocation->argc--;
	invocation->argv++;
	int most = !command->arguments ? 0 : strstr(command->arguments, "...") || strchr(command->arguments, ' ') ? G_MAXINT : 1;
	if (invocation->argc > most) {
		complain(name, "too many arguments");
		return COMMAND_USAGE;
	}
	if (config || !invocation->config) {
		g_free(invocation->config);
		invocation->config = config ? g_steal_pointer(&config) : g_strdup(ROLLCALL_CONFIG);
	}
	return COMMAND_GO_ON;
}

gboolean command_number(const struct invocation *invocation, gint64 *number)
{
	const char *text = invocation->argc > 0 ? invocation->argv[0] : "";
	guint64 value;

	if (!text_parse_number(text, strlen(text), 1, G_MAXINT64, &value)) {
		complain(g_get_prgname(), *text ? "expected the number of a held post" : "the number of a held post is missing");
		return FALSE;
	}
	*number = (gint64)value;
	return TRUE;
}

GBytes *command_config_read(const char *path, GError **error)
{
	GBytes *bytes = settings_read_file(path, error);

	if (!bytes && error && access(path, F_OK) != 0 && errno == ENOENT) {
		g_clear_error(error);
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "%s: %s; --config FILE names another", path, g_strerror(ENOENT));
	}
	return bytes;
}

struct settings *command_settings_read(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = command_config_read(path, error);
	gsize length;

	if (!bytes)
		return NULL;
	const char *data = g_bytes_get_data(bytes, &length);
	return settings_parse(data ? data : "", length, path, error);
}
