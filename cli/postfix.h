/*
 * What a Postfix is set to do, asked of its own postconf(1) and postmap(1), so that its rules about defaults, $names and tables
 * are its own. Three calls of postconf when it is opened; each look-up in tables is one of postmap for each table.
 * Knowingly not here: a running Postfix. What is told is what stands in its files.
 */
#ifndef ROLLCALL_CLI_POSTFIX_H
#define ROLLCALL_CLI_POSTFIX_H

#include <glib.h>

struct postfix;

/**
 * Reads the configuration in `directory` (NULL: postconf's own). NULL without `error` when there is no postconf on this
 * machine, with `error` when it has something to say. The caller ends it with postfix_free().
 */
struct postfix *postfix_open(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void postfix_free(struct postfix *postfix);

/** The configuration directory that it read. */
const char *postfix_directory(const struct postfix *postfix);

/** A parameter of main.cf, its default else, with $names filled in; "" when there is no such parameter. */
const char *postfix_setting(const struct postfix *postfix, const char *name);
/** The same for one service of master.cf ("NAME/TYPE"), where "-o" goes before main.cf. */
const char *postfix_service_setting(const struct postfix *postfix, const char *service, const char *name);

/** A service's command with its arguments as one line ("lmtp -o …"), or NULL when master.cf has no such service. */
const char *postfix_service_command(const struct postfix *postfix, const char *service);
/** Whether the service runs `program`. FALSE also when there is no such service. */
gboolean postfix_service_runs(const struct postfix *postfix, const char *service, const char *program);
/** All services, as "NAME/TYPE". The caller frees the array, the texts belong to `postfix`. */
GPtrArray *postfix_services(const struct postfix *postfix) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Looks `keys` (NULL-terminated) up in the tables that parameter `name` lists. The result maps keys to their first answer; a key
 * without one is not in it. The caller unrefs.
 */
GHashTable *postfix_lookup(struct postfix *postfix, const char *name, const char *const *keys) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the domain list in parameter `name` has `domain`: by name, in a file or in a table. Negated entries are passed over. */
gboolean postfix_lists_domain(struct postfix *postfix, const char *name, const char *domain);

/** The tables that could not be asked by the two above, each once. The array and its texts belong to `postfix`. */
const GPtrArray *postfix_unasked(const struct postfix *postfix);

#endif
