/*
 * Decides: rule by rule in their order, the first that is for the post's method and whose condition holds. Conditions are looked at from left to
 * right and only as far as needed, so a CRM that is down hurts those posts only whose rules ask it.
 */
#include <stdarg.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/rules/rules_internal.h"

enum { SHOWN = 80, SHOWN_ITEMS = 5 }; /* of values in a trace */

static const char *const no_modifiers[] = {NULL};

enum rules_truth rules_trouble(struct rules_run *run, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!*run->trouble)
		(void)g_vsnprintf(run->trouble, sizeof(run->trouble), format, arguments);
	va_end(arguments);
	return RULES_TRUTH_TROUBLE;
}

gboolean rules_ask(struct rules_run *run)
{
	if (run->questions == 0) {
		(void)rules_trouble(run, "the rules ask more than %d questions about this post", RULES_QUESTIONS);
		return FALSE;
	}
	run->questions--;
	return TRUE;
}

/* ---- the trace ---- */

static void saw_free(gpointer data)
{
	struct rules_saw *saw = data;

	g_free(saw->values);
	g_free(saw);
}

static void step_free(gpointer data)
{
	struct rules_step *step = data;

	g_ptr_array_unref(step->saw);
	g_free(step);
}

GPtrArray *rules_trace_new(void)
{
	return g_ptr_array_new_with_free_func(step_free);
}

/* What the variables of a term were. Answers are remembered, so nothing is asked for this alone; see note(). */
static char *show_values(struct rules_run *run, const struct rules_node *term)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < term->arguments->len; i++) {
		const struct rules_argument *argument = rules_term_argument(term, i);
		rules_value_auto struct rules_value value = {0};

		if (argument->kind != RULES_VARIABLE || !rules_evaluate(run, argument, &value))
			continue;
		for (guint j = 0; j < MIN(value.items->len, SHOWN_ITEMS); j++) {
			const char *item = g_ptr_array_index(value.items, j);
			g_autofree char *shown = text_printable_dup(item, strlen(item), SHOWN);

			g_string_append_printf(out, "%s\"%s\"", out->len ? ", " : "", shown);
		}
		if (value.items->len > SHOWN_ITEMS)
			g_string_append(out, ", ...");
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void note(struct rules_run *run, const struct rules_node *term, enum rules_truth truth)
{
	struct rules_saw *saw = g_new0(struct rules_saw, 1);
	guint questions = run->questions;
	char trouble[sizeof(run->trouble)];

	saw->text = term->text;
	saw->truth = truth;
	memcpy(trouble, run->trouble, sizeof(trouble));
	run->questions = 0;
	saw->values = show_values(run, term);
	g_ptr_array_add(run->saw, saw);
	/* Whether somebody watches must not change the decision, nor what is asked. */
	run->questions = questions;
	memcpy(run->trouble, trouble, sizeof(trouble));
}

static struct rules_step *step_new(GPtrArray *trace, const struct rules_rule *rule)
{
	struct rules_step *step = g_new0(struct rules_step, 1);

	step->rule = rule;
	step->saw = g_ptr_array_new_with_free_func(saw_free);
	g_ptr_array_add(trace, step);
	return step;
}

/* ---- evaluation ---- */

/* Its depth is bounded by RULES_NESTING and the length of a file's line. */
static enum rules_truth evaluate(struct rules_run *run, const struct rules_node *node)
{
	enum rules_truth truth;

	switch (node->kind) {
	case RULES_TERM:
		truth = node->condition->evaluate(run, node);
		if (run->saw)
			note(run, node, truth);
		return truth;
	case RULES_NOT:
		truth = evaluate(run, node->left);
		if (truth == RULES_TRUTH_TROUBLE)
			return truth;
		return truth == RULES_TRUE ? RULES_FALSE : RULES_TRUE;
	case RULES_AND:
		truth = evaluate(run, node->left);
		return truth == RULES_TRUE ? evaluate(run, node->right) : truth;
	case RULES_OR:
		truth = evaluate(run, node->left);
		return truth == RULES_FALSE ? evaluate(run, node->right) : truth;
	}
	g_assert_not_reached();
}

static guint method_bit(const struct rules_facts *facts)
{
	static const struct {
		const char *name;
		guint bit;
	} methods[] = {
		{"smtp", RULES_METHOD_SMTP},
		{"dkim", RULES_METHOD_DKIM},
		{"md5", RULES_METHOD_MD5},
		{"smime", RULES_METHOD_SMIME},
		{"pgp", RULES_METHOD_PGP},
	};

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++)
		if (strcmp(facts->method, methods[i].name) == 0)
			return facts->dkim_is_smtp && methods[i].bit == RULES_METHOD_DKIM ? RULES_METHOD_SMTP : methods[i].bit;
	return 0;
}

/* Only its beginning is tested, as in Sympa: what is more than a method's name is served by rules for all of them. */
static gboolean is_method(const char *method)
{
	static const char *const names[] = {"smtp", "md5", "pgp", "smime", "dkim"};

	for (guint i = 0; method && i < G_N_ELEMENTS(names); i++)
		if (g_str_has_prefix(method, names[i]))
			return TRUE;
	return FALSE;
}

static gboolean serves(const struct rules_compiled_rule *rule, const struct rules_facts *facts, guint bit)
{
	guint methods = rule->methods;
	guint all = RULES_METHOD_ALL;

	if (facts->dkim_is_smtp) {
		if (methods & RULES_METHOD_DKIM)
			methods |= RULES_METHOD_SMTP;
		methods &= ~(guint)RULES_METHOD_DKIM;
		all &= ~(guint)RULES_METHOD_DKIM;
	}
	return methods == all || (methods & bit) != 0;
}

/* Looks at a rule's condition, NULL when the rule is for other methods. */
static enum rules_truth look(struct rules_run *run, const struct rules_rule *rule, const struct rules_node *condition,
	GPtrArray *trace)
{
	struct rules_step *step = trace ? step_new(trace, rule) : NULL;

	run->saw = step ? step->saw : NULL;
	enum rules_truth truth = condition ? evaluate(run, condition) : RULES_FALSE;
	if (step) {
		step->method = condition != NULL;
		step->truth = truth;
	}
	return truth;
}

/* ---- decisions ---- */

static struct rules_decision decision_of(enum rules_status status, enum rules_action action, const struct rules_rule *rule)
{
	return (struct rules_decision){
		.status = status,
		.action = action,
		.word = rules_action_word(action),
		.modifiers = no_modifiers,
		.reason = status == RULES_DECIDED ? NULL : rules_status_word(status),
		.rule = rule,
	};
}

static struct rules_decision troubled(const struct rules_run *run, const struct rules_rule *rule)
{
	struct rules_decision decision = decision_of(RULES_TROUBLED, RULES_DEFER, rule);

	(void)g_strlcpy(decision.trouble, run->trouble, sizeof(decision.trouble));
	return decision;
}

static struct rules_decision decided(const struct rules_compiled_rule *rule)
{
	const struct rules_outcome *outcome = &rule->outcome;

	if (!outcome->known)
		return decision_of(RULES_UNKNOWN_ACTION, RULES_REJECT, &rule->at);
	struct rules_decision decision = decision_of(RULES_DECIDED, outcome->action, &rule->at);
	decision.word = outcome->word;
	decision.modifiers = (const char *const *)outcome->modifiers;
	decision.argument = outcome->argument;
	decision.reason = outcome->reason;
	decision.template = outcome->template;
	return decision;
}

/* The first check of the list's settings that holds and says what to do. FALSE: the scenario decides. */
static gboolean run_checks(struct rules_run *run, GPtrArray *trace, struct rules_decision *decision)
{
	const struct rules_checks *checks = run->facts->checks;
	g_autoptr(GPtrArray) no_arguments = g_ptr_array_new();

	for (guint i = 0; checks && i < RULES_CHECK_COUNT; i++) {
		const struct rules_check_row *row = rules_check_row((enum rules_check)i);
		const struct rules_condition condition = {.evaluate = row->evaluate};
		const struct rules_node term = {
			.kind = RULES_TERM, .condition = &condition, .arguments = no_arguments, .text = (char *)row->text};

		enum rules_truth truth = checks->does[i] == RULES_DO_IT ? RULES_FALSE : look(run, &row->rule, &term, trace);
		if (truth == RULES_FALSE)
			continue;
		*decision = truth == RULES_TRUE ? decision_of(RULES_DECIDED, checks->does[i], &row->rule) : troubled(run, &row->rule);
		if (truth == RULES_TRUE)
			decision->reason = row->reason;
		return TRUE;
	}
	return FALSE;
}

static struct rules_decision run_rules(const struct rules_scenario *scenario, struct rules_run *run, GPtrArray *trace)
{
	guint bit = method_bit(run->facts);

	for (guint i = 0; i < scenario->rules->len; i++) {
		const struct rules_compiled_rule *rule = g_ptr_array_index(scenario->rules, i);
		gboolean served = serves(rule, run->facts, bit);
		enum rules_truth truth = look(run, &rule->at, served ? rule->condition : NULL, trace);

		if (truth == RULES_TRUE)
			return decided(rule);
		if (truth == RULES_FALSE)
			continue;
		return troubled(run, &rule->at);
	}
	return decision_of(RULES_NO_MATCH, RULES_REJECT, NULL);
}

struct rules_decision rules_decide(const struct rules_scenario *scenario, const struct rules_facts *facts, GPtrArray *trace)
{
	struct rules_run run = {.facts = facts, .steps = RULES_STEPS, .questions = RULES_QUESTIONS};

	if (facts->list_status && strcmp(facts->list_status, "open") != 0)
		return decision_of(RULES_LIST_NOT_OPEN, RULES_REJECT, NULL);
	if (!is_method(facts->method))
		return decision_of(RULES_UNKNOWN_METHOD, RULES_REJECT, NULL);
	struct rules_decision decision = decision_of(RULES_NOT_COMPILED, RULES_REJECT, NULL);
	run.answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!run_checks(&run, trace, &decision) && scenario)
		decision = run_rules(scenario, &run, trace);
	g_hash_table_unref(run.answers);
	walk_clear(&run.walk);
	return decision;
}
