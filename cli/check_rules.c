/*
 * Scenarios: every file of the site compiles, every list's setting names one that is there, banned addresses can be read, and the CRM's
 * view has the columns that rules ask for. Files are read as whoever runs the check; the daemon says at its start what it cannot read.
 */
#include <string.h>

#include "cli/check.h"
#include "lib/crm/crm.h"
#include "lib/rules/rules_site.h"

static struct rules_set *load(struct check *check, GPtrArray *problems)
{
	return rules_site_load(settings_text(check->settings, SET_rules_directory, NULL), problems);
}

static void check_scenario(struct check *check, struct rules_set *set, const char *where)
{
	const char *name = settings_text(check->settings, SET_scenario, where);
	g_autofree char *reason = NULL;

	if (rules_set_find(set, where, name, &reason))
		return;
	report_add(check->report, REPORT_ERROR, "scenario send.%s of %s: %s", name, where, reason);
	report_todo(check->report, "until it is mended, posts wait in Postfix");
}

static void check_banned(struct check *check, const char *where)
{
	for (const char *const *entry = settings_strings(check->settings, SET_banned, where); *entry; entry++) {
		g_autofree char *fault = rules_ban_fault(*entry);

		if (fault)
			report_add(check->report, REPORT_ERROR, "%s:%u: banned: \"%s\": %s", check->config,
				settings_line(check->settings, SET_banned, where), *entry, fault);
	}
}

static void check_place(struct check *check, struct rules_set *set, const char *where)
{
	check_scenario(check, set, where);
	check_banned(check, where);
}

void check_rules(struct check *check)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	struct rules_set *set = load(check, problems);
	guint errors = report_errors(check->report);

	for (guint i = 0; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);

		report_add(check->report, problem->warning ? REPORT_WARNING : REPORT_ERROR, "%s:%u:%u: %s", problem->file, problem->line,
			problem->column, problem->text);
	}
	for (const char *const *domain = settings_domains(check->settings); *domain; domain++)
		check_place(check, set, *domain);
	for (const char *const *list = settings_lists(check->settings); *list; list++)
		check_place(check, set, *list);
	if (report_errors(check->report) == errors)
		report_add(check->report, REPORT_OK, "every scenario can be used, and every list has one");
	rules_set_free(set);
}

/* ---- the columns ---- */

struct columns {
	struct check *check;
	struct crm *crm;
	GHashTable *known; /* column to whether it is there */
	gboolean trouble;
};

/* Sympa's own words for some columns are the configured ones, which the CRM's part of the check looks at. */
static gboolean is_word(const char *column)
{
	return strcmp(column, "email") == 0 || strcmp(column, "gecos") == 0 || strcmp(column, "reception") == 0;
}

static void check_column(gpointer context, const struct rules_rule *rule, const char *column, gboolean sympas)
{
	struct columns *columns = context;
	struct verdict verdict;

	if (columns->trouble || (sympas && is_word(column)) || !g_hash_table_add(columns->known, g_strdup(column)))
		return;
	switch (crm_has_column(columns->crm, column, &verdict)) {
	case CRM_FOUND:
		return;
	case CRM_NOT_FOUND:
		report_add(columns->check->report, REPORT_ERROR, "%s:%u: the CRM's view has no column '%s'", rule->file, rule->line, column);
		report_todo(columns->check->report, "add it to the view, or mend the rule: posts that it is asked about wait");
		return;
	case CRM_TROUBLE:
		columns->trouble = TRUE;
		return;
	}
}

static void check_scenario_columns(gpointer context, const struct rules_scenario *scenario)
{
	rules_scenario_columns(scenario, check_column, context);
}

void check_columns(struct check *check, struct crm *crm)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct rules_set *set = load(check, problems);
	struct columns columns = {.check = check, .crm = crm, .known = known};

	rules_set_each(set, check_scenario_columns, &columns);
	rules_set_free(set);
}
