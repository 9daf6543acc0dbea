/*
 * rollcall test: tries rules without mail. `rollcall test -` answers JSON cases, one a line; `rollcall test DIR` runs a directory of cases and
 * compares each decision with what its file expects. Nothing is sent, stored or asked of the CRM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/rules_case.h"
#include "lib/rules/rules_site.h"

enum { LINE_LIMIT = 64 * 1024 * 1024 }; /* bytes of one case */

static const char more[] =
	"DIR has files NAME.json, each a case with a member \"expect\"; and, if there are any, scenari/ and search_filters/.\n"
	"With - each line of standard input is a case, and each line of standard output its answer.\n"
	"Exit status: 0 all as expected, 1 not, 64 wrong usage.";

/* What the cases may speak of. */
struct site {
	struct rules_set *set;
	const char *directory; /* of the cases; NULL: they come as lines */
};

/* ---- one case ---- */

static char *generate(JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);

	return json_to_string(root, FALSE);
}

/* The answer to a case as a JSON object; `*good`: it is a case. */
static JsonBuilder *answer(JsonNode *root, const struct site *site, const GError *parse_error, gboolean *good)
{
	JsonBuilder *out = json_builder_new();
	g_autoptr(GError) error = NULL;
	JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
	JsonNode *id = object ? json_object_get_member(object, "id") : NULL;
	struct rules_case one = {0};

	json_builder_begin_object(out);
	json_builder_set_member_name(out, "id");
	if (id)
		json_builder_add_value(out, json_node_copy(id));
	else
		json_builder_add_null_value(out);
	*good = object && rules_case_read(&one, object, &error);
	if (*good) {
		/* A case with its own scenario is whole: what stands on this machine must not change its answer. */
		one.set = site->directory || !rules_case_text(object, "scenario") ? site->set : NULL;
		rules_case_run(&one, out);
	} else {
		json_builder_set_member_name(out, "status");
		json_builder_add_string_value(out, "error");
		json_builder_set_member_name(out, "error");
		json_builder_add_string_value(
			out, error ? error->message : parse_error ? parse_error->message : "a case is a JSON object");
	}
	rules_case_clear(&one);
	json_builder_end_object(out);
	return out;
}

/* ---- lines ---- */

static int answer_lines(const struct site *site)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = COMMAND_GOOD;

	while ((length = getline(&line, &size, stdin)) > 0) {
		g_autoptr(GError) error = NULL;
		gboolean good;

		if (strspn(line, " \t\r\n") == (size_t)length)
			continue;
		gboolean parsed = length <= LINE_LIMIT && json_parser_load_from_data(parser, line, length, &error);
		g_autoptr(JsonBuilder) out = answer(parsed ? json_parser_get_root(parser) : NULL, site, error, &good);
		g_autofree char *text = generate(out);
		if (!good)
			status = COMMAND_BAD;
		puts(text);
		fflush(stdout);
	}
	free(line);
	return status;
}

/* ---- a directory ---- */

/* The post that a case names, read from a file beside it into the member "message". FALSE with `error`. */
static gboolean take_post(JsonObject *object, const char *directory, GError **error)
{
	const char *name = rules_case_text(object, "post");
	g_autofree char *path = name ? g_build_filename(directory, name, NULL) : NULL;
	g_autofree char *text = NULL;

	if (!name)
		return TRUE;
	if (!g_file_get_contents(path, &text, NULL, error))
		return FALSE;
	json_object_set_string_member(object, "message", text);
	return TRUE;
}

static gboolean same(JsonNode *a, JsonNode *b)
{
	return a && b && json_node_equal(a, b);
}

/* What differs from the expectation, or NULL. The caller frees it. */
static char *difference(JsonObject *expect, JsonObject *got)
{
	g_autoptr(GList) names = json_object_get_members(expect);
	JsonObject *rule = rules_case_object(got, "rule");
	const char *status = rules_case_text(got, "status");

	/* A scenario that is missing or broken refuses, too; nobody who expects a refusal means that. */
	if (!json_object_has_member(expect, "status") && strcmp(status, "ok") != 0)
		return g_strdup_printf("status is \"%s\", expected \"ok\"", status);

	for (GList *name = names; name; name = name->next) {
		JsonNode *wanted = json_object_get_member(expect, name->data);
		JsonNode *found = json_object_get_member(got, name->data);

		if (!found && rule)
			found = json_object_get_member(rule, name->data);
		if (same(wanted, found))
			continue;
		g_autofree char *wanted_text = json_to_string(wanted, FALSE);
		g_autofree char *found_text = found ? json_to_string(found, FALSE) : g_strdup("nothing");
		return g_strdup_printf("%s is %s, expected %s", (const char *)name->data, found_text, wanted_text);
	}
	return NULL;
}

/* Which rule it was, or why there is none, for who wants to mend it. */
static void print_failure(const char *name, const char *what, JsonObject *got)
{
	JsonObject *rule = rules_case_object(got, "rule");
	JsonArray *errors = json_object_has_member(got, "errors") ? json_object_get_array_member(got, "errors") : NULL;

	printf("%s: %s\n", name, what);
	if (rule)
		printf("    decided by %s:%d: %s\n", rules_case_text(rule, "file"), (int)json_object_get_int_member(rule, "line"),
			rules_case_text(rule, "text"));
	else if (rules_case_text(got, "error"))
		printf("    %s\n", rules_case_text(got, "error"));
	else if (errors && json_array_get_length(errors) > 0) {
		JsonObject *first = json_array_get_object_element(errors, 0);

		printf("    %s:%d:%d: %s\n", rules_case_text(first, "file"), (int)json_object_get_int_member(first, "line"),
			(int)json_object_get_int_member(first, "column"), rules_case_text(first, "text"));
	}
}

/* TRUE when the case's decision is what it expects. */
static gboolean run_file(const struct site *site, const char *name)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(site->directory, name, NULL);
	gboolean good;

	if (!json_parser_load_from_file(parser, path, &error)) {
		printf("%s: %s\n", name, error->message);
		return FALSE;
	}
	JsonNode *root = json_parser_get_root(parser);
	JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
	JsonObject *expect = rules_case_object(object, "expect");
	if (!expect || !take_post(object, site->directory, &error)) {
		printf("%s: %s\n", name, error ? error->message : "there is no object \"expect\" in it");
		return FALSE;
	}
	g_autoptr(JsonBuilder) out = answer(root, site, NULL, &good);
	g_autoptr(JsonNode) answered = json_builder_get_root(out);
	JsonObject *got = json_node_get_object(answered);
	g_autofree char *what = good ? difference(expect, got) : g_strdup(rules_case_text(got, "error"));
	if (what)
		print_failure(name, what, got);
	return !what;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int run_directory(const struct site *site)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(site->directory, 0, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	guint failed = 0;
	const char *name;

	if (!dir) {
		fprintf(stderr, "rollcall test: %s\n", error->message);
		return COMMAND_BAD;
	}
	while ((name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".json"))
			g_ptr_array_add(names, g_strdup(name));
	if (names->len == 0)
		fprintf(stderr, "rollcall test: %s has no case: no file NAME.json\n", site->directory);
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++)
		failed += run_file(site, g_ptr_array_index(names, i)) ? 0 : 1;
	printf("%u passed, %u failed\n", names->len - failed, failed);
	return failed || names->len == 0 ? COMMAND_BAD : COMMAND_GOOD;
}

/* ---- the command ---- */

/*
 * The scenarios that a case may name: those beside the cases, the site's, those that came with Rollcall. Rules can be tried where
 * there is no configuration that can be read; the site's are then those beside it.
 */
static struct rules_set *load_set(const char *directory, const char *config, GPtrArray *problems)
{
	settings_auto struct settings *settings = command_settings_read(config, NULL);
	g_autofree char *beside = g_path_get_dirname(config);

	return rules_site_load_behind(directory, settings ? settings_text(settings, SET_rules_directory, NULL) : beside, problems);
}

int command_test(struct invocation *invocation)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();

	int status = command_parse(invocation, NULL, more);
	if (status != COMMAND_GO_ON)
		return status;
	if (invocation->argc != 1) {
		fprintf(stderr, "rollcall test: a directory of cases, or -, is missing: see rollcall test --help\n");
		return COMMAND_USAGE;
	}
	const char *where = invocation->argv[0];
	struct site site = {.directory = strcmp(where, "-") == 0 ? NULL : where};
	site.set = load_set(site.directory, invocation->config, problems);
	for (guint i = 0; i < problems->len; i++) {
		g_autofree char *text = rules_problem_text(g_ptr_array_index(problems, i));

		fprintf(stderr, "rollcall test: %s\n", text);
	}
	status = site.directory ? run_directory(&site) : answer_lines(&site);
	rules_set_free(site.set);
	return status;
}
