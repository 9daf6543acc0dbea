/* Asking a Postfix what it is set to do; see postfix.h. */
#include "cli/postfix.h"

#include <string.h>

#include "cli/postfix_text.h"
#include "cli/run.h"

enum { PATIENCE = 30 }; /* seconds; a table may ask a server of its own */

struct postfix {
	char *directory, *postconf, *postmap;
	GHashTable *settings;  /* name to value */
	GHashTable *overrides; /* "service/type/name" to value */
	GHashTable *services;  /* "name/type" to command line */
	GPtrArray *unasked;    /* tables that gave no answer: not asked again, since each try may take a while */
};

void postfix_free(struct postfix *postfix)
{
	if (!postfix)
		return;
	g_free(postfix->directory);
	g_free(postfix->postconf);
	g_free(postfix->postmap);
	g_hash_table_unref(postfix->settings);
	g_hash_table_unref(postfix->overrides);
	g_hash_table_unref(postfix->services);
	g_ptr_array_unref(postfix->unasked);
	g_free(postfix);
}

/* What postconf says with one option; NULL with `error`. */
static char *ask(const struct postfix *postfix, const char *option, GError **error)
{
	const char *argv[] = {postfix->postconf, "-c", postfix->directory, option, NULL};
	const char *default_argv[] = {postfix->postconf, option, NULL};
	struct run_result result;
	char *output = NULL;

	if (!run_program(postfix->directory ? argv : default_argv, "", PATIENCE, &result, error))
		return NULL;
	if (result.status == 0)
		output = g_steal_pointer(&result.output);
	else
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "postconf: %s", result.errors);
	run_result_clear(&result);
	return output;
}

/* Takes lines "name = value" in. */
static void take_settings(GHashTable *table, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		char *equals = strstr(*line, " =");

		if (!equals)
			continue;
		*equals = '\0';
		g_hash_table_insert(table, g_strdup(*line), g_strstrip(g_strdup(equals + 2)));
	}
}

/* A line of master.cf: name, type, five columns, command. postconf has put each entry on one line. */
static void take_services(GHashTable *table, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		char *fields[7] = {NULL};
		char *place = *line;

		for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
			place += strspn(place, " \t");
			fields[i] = place;
			place += strcspn(place, " \t");
			if (*place)
				*place++ = '\0';
		}
		place += strspn(place, " \t");
		if (*place)
			g_hash_table_insert(table, g_strdup_printf("%s/%s", fields[0], fields[1]), g_strdup(place));
	}
}

static GHashTable *new_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static gboolean read_all(struct postfix *postfix, GError **error)
{
	g_autofree char *settings = ask(postfix, "-x", error);
	g_autofree char *services = settings ? ask(postfix, "-M", error) : NULL;
	g_autofree char *overrides = services ? ask(postfix, "-Px", error) : NULL;

	if (!overrides)
		return FALSE;
	take_settings(postfix->settings, settings);
	take_services(postfix->services, services);
	take_settings(postfix->overrides, overrides);
	if (!postfix->directory)
		postfix->directory = g_strdup(postfix_setting(postfix, "config_directory"));
	return TRUE;
}

struct postfix *postfix_open(const char *directory, GError **error)
{
	g_autofree char *postconf = run_find("postconf");

	if (!postconf)
		return NULL;
	struct postfix *postfix = g_new0(struct postfix, 1);
	postfix->directory = g_strdup(directory);
	postfix->postconf = g_steal_pointer(&postconf);
	postfix->postmap = run_find("postmap");
	postfix->settings = new_table();
	postfix->overrides = new_table();
	postfix->services = new_table();
	postfix->unasked = g_ptr_array_new_with_free_func(g_free);
	if (!read_all(postfix, error))
		g_clear_pointer(&postfix, postfix_free);
	return postfix;
}

const char *postfix_directory(const struct postfix *postfix)
{
	return postfix->directory;
}

const char *postfix_setting(const struct postfix *postfix, const char *name)
{
	const char *value = g_hash_table_lookup(postfix->settings, name);

	return value ? value : "";
}

const char *postfix_service_setting(const struct postfix *postfix, const char *service, const char *name)
{
	g_autofree char *place = g_strdup_printf("%s/%s", service, name);
	const char *value = g_hash_table_lookup(postfix->overrides, place);

	return value ? value : postfix_setting(postfix, name);
}

const char *postfix_service_command(const struct postfix *postfix, const char *service)
{
	return g_hash_table_lookup(postfix->services, service);
}

gboolean postfix_service_runs(const struct postfix *postfix, const char *service, const char *program)
{
	const char *command = postfix_service_command(postfix, service);
	gsize length = strlen(program);

	return command && strncmp(command, program, length) == 0 && (command[length] == '\0' || command[length] == ' ');
}

GPtrArray *postfix_services(const struct postfix *postfix)
{
	GPtrArray *names = g_ptr_array_new();
	GHashTableIter iterator;
	void *name;

	g_hash_table_iter_init(&iterator, postfix->services);
	while (g_hash_table_iter_next(&iterator, &name, NULL))
		g_ptr_array_add(names, name);
	return names;
}

static void take_answers(GHashTable *answers, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		char *tab = strchr(*line, '\t');

		if (!tab)
			continue;
		*tab = '\0';
		if (!g_hash_table_contains(answers, *line))
			g_hash_table_insert(answers, g_strdup(*line), g_strdup(tab + 1));
	}
}

/* postmap(1) asks a table directly; "proxy:" is the daemons' way to the same one. `input` is a key a line. */
static void ask_table(struct postfix *postfix, const char *table, const char *input, GHashTable *answers)
{
	const char *name = g_str_has_prefix(table, "proxy:") ? table + strlen("proxy:") : table;
	const char *argv[] = {postfix->postmap, "-c", postfix->directory, "-q", "-", name, NULL};
	struct run_result result = {0};

	if (g_ptr_array_find_with_equal_func(postfix->unasked, table, g_str_equal, NULL))
		return;
	/* No answer for any key is status 1 without a word; trouble has words. */
	if (postfix->postmap && run_program(argv, input, PATIENCE, &result, NULL) &&
		(result.status == 0 || result.errors[0] == '\0'))
		take_answers(answers, result.output);
	else
		g_ptr_array_add(postfix->unasked, g_strdup(table));
	run_result_clear(&result);
}

GHashTable *postfix_lookup(struct postfix *postfix, const char *name, const char *const *keys)
{
	g_auto(GStrv) tables = postfix_text_elements(postfix_setting(postfix, name));
	g_autofree char *lines = g_strjoinv("\n", (char **)keys);
	g_autofree char *input = g_strconcat(lines, "\n", NULL);
	GHashTable *answers = new_table();

	for (char **table = tables; *table; table++)
		ask_table(postfix, *table, input, answers);
	return answers;
}

static gboolean element_has_domain(struct postfix *postfix, const char *element, const char *domain)
{
	g_autofree char *input = g_strconcat(domain, "\n", NULL);

	if (*element == '/') {
		g_autofree char *text = NULL;

		if (!g_file_get_contents(element, &text, NULL, NULL))
			return FALSE;
		g_auto(GStrv) lines = postfix_text_elements(text);
		return g_strv_contains((const char *const *)lines, domain);
	}
	if (strchr(element, ':')) {
		g_autoptr(GHashTable) answers = new_table();

		ask_table(postfix, element, input, answers);
		return g_hash_table_contains(answers, domain);
	}
	return g_ascii_strcasecmp(element, domain) == 0;
}

gboolean postfix_lists_domain(struct postfix *postfix, const char *name, const char *domain)
{
	g_auto(GStrv) elements = postfix_text_elements(postfix_setting(postfix, name));

	for (char **element = elements; *element; element++)
		if (element_has_domain(postfix, *element, domain))
			return TRUE;
	return FALSE;
}

const GPtrArray *postfix_unasked(const struct postfix *postfix)
{
	return postfix->unasked;
}
