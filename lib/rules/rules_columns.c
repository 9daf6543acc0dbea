/* Which columns of the CRM a scenario asks for: so that `rollcall check` can say that one is missing before a post waits for it. */
#include "lib/rules/rules_internal.h"

struct search {
	const struct rules_rule *rule;
	rules_column_found found;
	gpointer context;
};

/* Its depth is bounded as that of evaluation is. */
static void look(const struct search *search, const struct rules_node *node)
{
	gboolean sympas;

	if (!node)
		return;
	look(search, node->left);
	look(search, node->right);
	for (guint i = 0; node->arguments && i < node->arguments->len; i++) {
		const struct rules_argument *argument = rules_term_argument(node, i);

		if (argument->kind == RULES_VARIABLE && argument->variable && rules_variable_is_column(argument->variable, &sympas))
			search->found(search->context, search->rule, argument->key, sympas);
	}
}

void rules_scenario_columns(const struct rules_scenario *scenario, rules_column_found found, gpointer context)
{
	for (guint i = 0; i < scenario->rules->len; i++) {
		const struct rules_compiled_rule *rule = g_ptr_array_index(scenario->rules, i);
		const struct search search = {.rule = &rule->at, .found = found, .context = context};

		look(&search, rule->condition);
	}
}

void rules_scenario_reasons(const struct rules_scenario *scenario, rules_reason_found found, gpointer context)
{
	for (guint i = 0; i < scenario->rules->len; i++) {
		const struct rules_compiled_rule *rule = g_ptr_array_index(scenario->rules, i);
		/* Of the two, Sympa would send the template. */
		const char *key = rule->outcome.template ? rule->outcome.template : rule->outcome.reason;

		if (key)
			found(context, &rule->at, key);
	}
}
