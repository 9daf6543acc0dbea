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

static void load_footer(struct knowledge *knowledge, gboolean again, enum setting setting, const char *where)
{
	const char *path = settings_text(knowledge->settings, setting, where);
	g_autoptr(GError) error = NULL;

	if (*path == '\0' || g_hash_table_contains(knowledge->footers, path))
		return;
	struct footer_template *template = footer_template_load(path, &error);
	if (!template && !again)
		log_fatal("%s: %s", settings_row(setting)->name, error->message);
	if (!template)
		log_warning("ALARM %s: %s; posts of its lists wait", settings_row(setting)->name, error->message);
	g_hash_table_insert(knowledge->footers, g_strdup(path), template);
}

static void free_footer(gpointer template)
{
	footer_template_free(template);
}

static void load_footers(struct knowledge *knowledge, gboolean again)
{
	const char *const *const places[] = {settings_domains(knowledge->settings), settings_lists(knowledge->settings)};

	knowledge->footers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_footer);
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		for (const char *const *where = places[i]; *where; where++) {
			load_footer(knowledge, again, SET_header_file, *where);
			load_footer(knowledge, again, SET_footer_file, *where);
		}
}

gboolean knowledge_footer(const struct knowledge *knowledge, enum setting setting, const char *list, const struct footer_template **template)
{
	const char *path = settings_text(knowledge->settings, setting, list);

	*template = g_hash_table_lookup(knowledge->footers, path);
	return *template || *path == '\0';
}

static struct texts *load_texts(const struct settings *settings, gboolean again)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	struct texts *texts = texts_load_site(settings, again ? problems : NULL, &error);

	if (!texts)
		log_fatal("texts: %s", error->message);
	for (guint i = 0; i < problems->len; i++)
		log_warning("ALARM texts: %s; the distributed text stands in", (const char *)problems->pdata[i]);
	return texts;
}

void knowledge_load(const struct settings *settings, gboolean again, struct knowledge *knowledge)
{

	rules_warm_up();
	*knowledge = (struct knowledge){
		.settings = settings,
		.rules = load_rules(settings_text(settings, SET_rules_directory, NULL)),
		.texts = load_texts(settings, again),
		.smime = load_trust(settings),
	};
	load_footers(knowledge, again);
}

void knowledge_clear(struct knowledge *knowledge)
{
	rules_set_free(knowledge->rules);
	texts_free(knowledge->texts);
	smime_trust_free(knowledge->smime);
	g_hash_table_unref(knowledge->footers);
	*knowledge = (struct knowledge){0};
}
