/*
 * Scenarios stand in rules_directory/scenari (site), rules_directory/domains/DOMAIN/scenari and
 * rules_directory/lists/NAME@DOMAIN/scenari, each beside a search_filters; the distributed ones are part of the program.
 */
#include "lmtpd/intake/knowledge.h"

#include <string.h>

#include "lib/base/log.h"

/* Directories below `parent` whose names are a scope: a domain of ours, or a list's address. */
static void add_places(GArray *places, GPtrArray *texts, const char *root, const char *parent, gboolean lists)
{
	g_autofree char *path = g_build_filename(root, parent, NULL);
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		if ((strchr(name, '@') != NULL) != lists || name[0] == '.')
			continue;
		struct rules_place place = {.scope = g_ascii_strdown(name, -1), .directory = g_build_filename(path, name, NULL)};

		g_ptr_array_add(texts, (char *)place.scope);
		g_ptr_array_add(texts, (char *)place.directory);
		g_array_append_val(places, place);
	}
}

static struct rules_set *load_rules(const char *root)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct rules_place));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) problems = rules_problems_new();
	struct rules_place site = {.scope = "", .directory = root};

	add_places(places, texts, root, "lists", TRUE);
	add_places(places, texts, root, "domains", FALSE);
	g_array_append_val(places, site);
	struct rules_set *set =
		rules_set_load((const struct rules_place *)(void *)places->data, places->len, NULL, problems);
	for (guint i = 0; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);
		g_autofree char *text = rules_problem_text(problem);

		log_warning("%s%s", problem->warning ? "" : "ALARM scenario not usable: ", text);
	}
	return set;
}

void knowledge_load(const struct settings *settings, struct knowledge *knowledge)
{
	g_autoptr(GError) error = NULL;
	const char *const directories[] = {
		settings_text(settings, SET_texts_directory, NULL),
		ROLLCALL_DATA "/texts",
		NULL,
	};

	rules_warm_up();
	*knowledge = (struct knowledge){
		.settings = settings,
		.rules = load_rules(settings_text(settings, SET_rules_directory, NULL)),
		.texts = texts_load(directories, &error),
	};
	if (!knowledge->texts)
		log_fatal("texts: %s", error->message);
}

void knowledge_clear(struct knowledge *knowledge)
{
	rules_set_free(knowledge->rules);
	texts_free(knowledge->texts);
	*knowledge = (struct knowledge){0};
}
