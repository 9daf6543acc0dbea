/* What is read before the sandbox closes; see knowledge.h. */
#include "lmtpd/intake/knowledge.h"

#include "lib/base/log.h"
#include "lib/rules/rules_site.h"

static struct rules_set *load_rules(const char *root)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	struct rules_set *set = rules_site_load(root, problems);

	for (guint i = 0; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);
		g_autofree char *text = rules_problem_text(problem);

		log_warning("%s%s", problem->warning ? "" : "ALARM scenario not usable: ", text);
	}
	return set;
}

static struct smime_trust *load_trust(const struct settings *settings)
{
	const char *bundle = settings_text(settings, SET_smime_ca_file, NULL);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct smime_trust *trust = NULL;

	if (*bundle)
		trust = smime_trust_load(bundle, settings_text(settings, SET_smime_crl, NULL), problems);
	for (guint i = 0; i < problems->len; i++)
		log_warning("ALARM S/MIME: %s", (const char *)g_ptr_array_index(problems, i));
	return trust;
}

static void load_footer(GHashTable *footers, const struct settings *settings, enum setting setting, const char *where)
{
	const char *path = settings_text(settings, setting, where);
	g_autoptr(GError) error = NULL;

	if (*path == '\0' || g_hash_table_contains(footers, path))
		return;
	struct footer_template *template = footer_template_load(path, &error);
	if (!template)
		log_fatal("%s: %s", settings_row(setting)->name, error->message);
	g_hash_table_insert(footers, g_strdup(path), template);
}

static void free_footer(gpointer template)
{
	footer_template_free(template);
}

static GHashTable *load_footers(const struct settings *settings)
{
	GHashTable *footers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_footer);
	const char *const *const places[] = {settings_domains(settings), settings_lists(settings)};

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		for (const char *const *where = places[i]; *where; where++) {
			load_footer(footers, settings, SET_header_file, *where);
			load_footer(footers, settings, SET_footer_file, *where);
		}
	return footers;
}

const struct footer_template *knowledge_footer(const struct knowledge *knowledge, enum setting setting, const char *list)
{
	return g_hash_table_lookup(knowledge->footers, settings_text(knowledge->settings, setting, list));
}

void knowledge_load(const struct settings *settings, struct knowledge *knowledge)
{
	g_autoptr(GError) error = NULL;

	rules_warm_up();
	*knowledge = (struct knowledge){
		.settings = settings,
		.rules = load_rules(settings_text(settings, SET_rules_directory, NULL)),
		.texts = texts_load_site(settings, &error),
		.smime = load_trust(settings),
		.footers = load_footers(settings),
	};
	if (!knowledge->texts)
		log_fatal("texts: %s", error->message);
}

void knowledge_clear(struct knowledge *knowledge)
{
	rules_set_free(knowledge->rules);
	texts_free(knowledge->texts);
	smime_trust_free(knowledge->smime);
	g_hash_table_unref(knowledge->footers);
	*knowledge = (struct knowledge){0};
}
