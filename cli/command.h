/*
 * What the files of `rollcall` share: the commands, how each is called, and the configuration they all read first.
 */
#ifndef ROLLCALL_CLI_COMMAND_H
#define ROLLCALL_CLI_COMMAND_H

#include <glib.h>

#include "lib/base/settings.h"

/** Exit statuses; the manual names them too. */
enum { COMMAND_GOOD = 0, COMMAND_BAD = 1, COMMAND_USAGE = 64, COMMAND_GO_ON = -1 };

/** A row of options: --help, which prints by command_print_help(). */
#define COMMAND_HELP_ENTRY(flag) {"help", 'h', 0, G_OPTION_ARG_NONE, flag, "Show this help and exit", NULL}
void command_print_help(GOptionContext *context);

struct invocation;

struct command {
	const char *name;
	const char *arguments; /**< what stands behind the options in the usage line, or NULL; one, or with "..." or a blank in it any number */
	const char *summary;   /**< one sentence without its stop */
	int (*run)(struct invocation *invocation);
};

/** One call of a command. */
struct invocation {
	const struct command *command;
	char *config; /**< path of the configuration file; owned */
	gboolean json;
	int argc; /**< arguments, without the command's name and without what command_parse() took */
	char **argv;
};

/**
 * Takes the command's options `own` (ending in {NULL}, may be NULL) and those that all commands have out of the arguments.
 * `more` stands at the end of its --help. COMMAND_GO_ON, or the exit status after telling the user what is wrong (also for
 * an argument where the command takes none) or what they wanted to know.
 */
int command_parse(struct invocation *invocation, const GOptionEntry *own, const char *more) G_GNUC_WARN_UNUSED_RESULT;

/** The number of a held post that is the command's argument; FALSE after telling the user that there is none. */
gboolean command_number(const struct invocation *invocation, gint64 *number) G_GNUC_WARN_UNUSED_RESULT;

/** The bytes of the configuration file, as settings_read_file() has them; if there is none, `error` says how to name another. */
GBytes *command_config_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Reads the configuration. NULL with `error` ("FILE:LINE: …"). The caller frees it. */
struct settings *command_settings_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The commands. Each returns an exit status. */
int command_archive(struct invocation *invocation);
int command_check(struct invocation *invocation);
/** accept, reject and discard. */
int command_decide(struct invocation *invocation);
/** The next one of a list; of all lists. */
int command_digest(struct invocation *invocation);
int command_digests(struct invocation *invocation);
int command_explain(struct invocation *invocation);
int command_dkim(struct invocation *invocation);
int command_held(struct invocation *invocation);
int command_lists(struct invocation *invocation);
int command_settings(struct invocation *invocation);
int command_show(struct invocation *invocation);
int command_test(struct invocation *invocation);

#endif
