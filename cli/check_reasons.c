/*
 * Keys of reasons: a scenario may refuse with any word, and whether the site or we have a sentence for it in each language that lists have shows only when
 * an author gets the general one. What rules and texts are broken in is told by their own parts.
 */
#include "cli/check.h"
#include "lib/mail/texts.h"
#include "lib/rules/rules_site.h"

struct reasons {
	struct check *check;
	const struct texts *texts;
	const char *language; /* of the list in hand */
	GHashTable *told;      /* keys */
};

static void check_key(gpointer context, const struct rules_rule *rule, const char *key)
{
	struct reasons *reasons = context;
	g_autofree char *text = texts_sentence(reasons->texts, reasons->language, key, NULL);

	if (text || !g_hash_table_add(reasons->told, g_strdup(key)))
		return;
	report_add(reasons->check->report, REPORT_WARNING, "%s:%u: there is no sentence for the reason '%s': authors get the general one", rule->file, rule->line, key);
	report_todo(reasons->check->report, "write it into LANGUAGE/sentences of texts_directory, as %s: TEXT", key);
}

static void check_place(struct reasons *reasons, struct rules_set *set, const char *where)
{
	const struct settings *settings = reasons->check->settings;
	g_autofree char *fault = NULL;

	reasons->language = settings_text(settings, SET_language, where);
	const struct rules_scenario *scenario = rules_set_find(set, where, settings_text(settings, SET_scenario, where), &fault);
	if (scenario)
		rules_scenario_reasons(scenario, check_key, reasons);
}

void check_reasons(struct check *check)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autoptr(GPtrArray) broken = g_ptr_array_new_with_free_func(g_free);
	struct texts *texts = texts_load_site(check->settings, broken, NULL);
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct reasons reasons = {.check = check, .texts = texts, .told = told};

	if (!texts)
		return;
	struct rules_set *set = rules_site_load(settings_text(check->settings, SET_rules_directory, NULL), problems);
	for (const char *const *domain = settings_domains(check->settings); *domain; domain++)
		check_place(&reasons, set, *domain);
	for (const char *const *list = settings_lists(check->settings); *list; list++)
		check_place(&reasons, set, *list);
	rules_set_free(set);
	texts_free(texts);
}
