/* Runs a case for the rules and tells the way to its decision; see rules_case.h. */
#include <string.h>

#include "cli/rules_case.h"
#include "lib/list/address.h"

enum { SUBSCRIBER, OWNER, EDITOR, LISTMASTER };

/* ---- what the rules ask ---- */

static gboolean has_role(const struct rules_case *one, guint role, const char *address)
{
	g_autofree char *key = address_key(address);

	return g_hash_table_contains(one->roles[role], key);
}

static gboolean answer_standing(gpointer context, const char *list, const char *address, guint *standing)
{
	const struct rules_case *one = context;

	*standing = 0;
	if (g_ascii_strcasecmp(list, one->address) != 0)
		return TRUE;
	*standing |= has_role(one, SUBSCRIBER, address) ? RULES_IS_SUBSCRIBER : 0;
	*standing |= has_role(one, OWNER, address) ? RULES_IS_OWNER : 0;
	*standing |= has_role(one, EDITOR, address) ? RULES_IS_EDITOR : 0;
	*standing |= g_hash_table_size(one->roles[EDITOR]) > 0 ? RULES_HAS_EDITOR : 0;
	return TRUE;
}

static gboolean answer_listmaster(gpointer context, const char *address, gboolean *is)
{
	*is = has_role(context, LISTMASTER, address);
	return TRUE;
}

static gboolean answer_column(gpointer context, const char *name, char **value)
{
	const struct rules_case *one = context;
	JsonObject *row = rules_case_object(one->object, "crm");
	JsonNode *node = row ? json_object_get_member(row, name) : NULL;

	*value = NULL;
	if (!node || !JSON_NODE_HOLDS_VALUE(node))
		return TRUE;
	GValue cell = G_VALUE_INIT, text = G_VALUE_INIT;
	json_node_get_value(node, &cell);
	g_value_init(&text, G_TYPE_STRING);
	if (g_value_transform(&cell, &text))
		*value = g_value_dup_string(&text);
	g_value_unset(&cell);
	g_value_unset(&text);
	return TRUE;
}

static gboolean answer_total(gpointer context, gint64 *members)
{
	*members = ((const struct rules_case *)context)->total;
	return TRUE;
}

static gboolean answer_filter(gpointer context, const char *name, GPtrArray *texts)
{
	const struct rules_case *one = context;
	const char *text = rules_case_text(rules_case_object(one->object, "filters"), name);

	if (text)
		g_ptr_array_add(texts, g_strdup(text));
	else if (one->set)
		rules_set_filter(one->set, one->address, name, texts);
	return TRUE;
}

static const struct rules_questions questions = {answer_standing, answer_listmaster, answer_column, answer_total, answer_filter};

static gboolean find_include(gpointer context, const char *name, struct rules_text *found)
{
	const struct rules_case *one = context;
	JsonObject *includes = rules_case_object(one->object, "includes");
	g_autofree char *file = g_strconcat("include.", name, NULL);
	const char *text = rules_case_text(includes, name);

	if (!text)
		text = rules_case_text(includes, file);
	if (!text && one->set)
		return rules_set_text(one->set, one->address, file, found);
	if (!text)
		return FALSE;
	found->file = g_steal_pointer(&file);
	found->text = g_strdup(text);
	return TRUE;
}

/* ---- the answer ---- */

static void put(JsonBuilder *out, const char *name, const char *text)
{
	json_builder_set_member_name(out, name);
	if (text) {
		g_autofree char *valid = g_utf8_make_valid(text, -1);

		json_builder_add_string_value(out, valid);
	} else {
		json_builder_add_null_value(out);
	}
}

static void put_number(JsonBuilder *out, const char *name, gint64 value)
{
	json_builder_set_member_name(out, name);
	json_builder_add_int_value(out, value);
}

static void put_rule(JsonBuilder *out, const char *name, const struct rules_rule *rule)
{
	json_builder_set_member_name(out, name);
	if (!rule) {
		json_builder_add_null_value(out);
		return;
	}
	json_builder_begin_object(out);
	put(out, "file", rule->file);
	put_number(out, "line", rule->line);
	put_number(out, "column", rule->column);
	put(out, "text", rule->text);
	json_builder_end_object(out);
}

static void put_problems(JsonBuilder *out, const char *name, const GPtrArray *problems, gboolean warnings)
{
	json_builder_set_member_name(out, name);
	json_builder_begin_array(out);
	for (guint i = 0; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);

		if (problem->warning != warnings)
			continue;
		json_builder_begin_object(out);
		put(out, "file", problem->file);
		put_number(out, "line", problem->line);
		put_number(out, "column", problem->column);
		put(out, "text", problem->text);
		json_builder_end_object(out);
	}
	json_builder_end_array(out);
}

static const char *truth_word(enum rules_truth truth)
{
	switch (truth) {
	case RULES_FALSE:
		return "no";
	case RULES_TRUE:
		return "yes";
	case RULES_TRUTH_TROUBLE:
		return "trouble";
	}
	return "trouble";
}

static void put_step(JsonBuilder *out, const struct rules_step *step)
{
	json_builder_begin_object(out);
	put(out, "file", step->rule->file);
	put_number(out, "line", step->rule->line);
	put(out, "text", step->rule->text);
	json_builder_set_member_name(out, "method");
	json_builder_add_boolean_value(out, step->method);
	put(out, "held", truth_word(step->truth));
	json_builder_set_member_name(out, "conditions");
	json_builder_begin_array(out);
	for (guint i = 0; i < step->saw->len; i++) {
		const struct rules_saw *saw = g_ptr_array_index(step->saw, i);

		json_builder_begin_object(out);
		put(out, "condition", saw->text);
		put(out, "saw", saw->values);
		put(out, "held", truth_word(saw->truth));
		json_builder_end_object(out);
	}
	json_builder_end_array(out);
	json_builder_end_object(out);
}

static void put_decision(JsonBuilder *out, const struct rules_decision *decision, gboolean compiled)
{
	put(out, "status", compiled ? "ok" : "not-compiled");
	put(out, "action", decision->word);
	json_builder_set_member_name(out, "modifiers");
	json_builder_begin_array(out);
	for (const char *const *modifier = decision->modifiers; *modifier; modifier++)
		json_builder_add_string_value(out, *modifier);
	json_builder_end_array(out);
	put(out, "argument", decision->argument);
	put(out, "reason", decision->reason);
	put(out, "template", decision->template);
	if (*decision->trouble)
		put(out, "trouble", decision->trouble);
	put_rule(out, "rule", decision->rule);
}

/* ---- the run ---- */

static struct rules_facts facts_of(const struct rules_case *one)
{
	JsonObject *object = one->object, *list = rules_case_object(object, "list");
	const char *method = rules_case_text(object, "auth");

	return (struct rules_facts){
		.method = method ? method : "smtp",
		.dkim_is_smtp = json_object_get_boolean_member_with_default(object, "dkim_is_smtp", FALSE),
		.sender = one->sender,
		.remote_host = rules_case_text(object, "remote_host"),
		.remote_address = rules_case_text(object, "remote_addr"),
		.dkim_domain = rules_case_text(object, "dkim_domain"),
		.sasl = rules_case_text(object, "sasl"),
		.dmarc = rules_case_text(object, "dmarc"),
		.list_name = one->list,
		.list_domain = one->domain,
		.list_status = rules_case_text(list, "status"),
		.emergency = list && json_object_get_boolean_member_with_default(list, "emergency", FALSE),
		.parameters = one->parameters,
		.custom_vars = one->custom_vars,
		.conf = one->conf,
		.header = &one->header,
		.data = one->message,
		.length = one->length,
		.body = one->body,
		.now = one->now,
		.questions = &questions,
		.context = (gpointer)one,
	};
}

/* The scenario that the case means, compiled; the caller frees. NULL with problems. */
static struct rules_scenario *compile(const struct rules_case *one, const struct rules_text *found, GPtrArray *problems)
{
	const struct rules_source source = {
		.file = found->file,
		.text = found->text,
		.include = find_include,
		.context = (gpointer)one,
		.no_blocklist = !json_object_get_boolean_member_with_default(one->object, "blocklist", FALSE),
		.parameters = (const char *const *)one->parameter_names,
	};

	return rules_compile(&source, problems);
}

void rules_case_run(const struct rules_case *one, JsonBuilder *out)
{
	g_autoptr(GPtrArray) problems = rules_problems_new(), trace = rules_trace_new();
	const char *text = rules_case_text(one->object, "scenario"), *name = rules_case_text(one->object, "name");
	g_autofree char *file = g_strconcat("send.", name ? name : "test", NULL);
	const struct rules_facts facts = facts_of(one);
	struct rules_scenario *scenario = NULL;
	struct rules_text found = {0};

	if (text)
		found = (struct rules_text){.file = g_strdup(file), .text = g_strdup(text)};
	if (text || (one->set && rules_set_text(one->set, one->address, file, &found)))
		scenario = compile(one, &found, problems);
	struct rules_decision decision = rules_decide(scenario, &facts, trace);
	put_decision(out, &decision, scenario != NULL);
	json_builder_set_member_name(out, "trace");
	json_builder_begin_array(out);
	for (guint i = 0; i < trace->len; i++)
		put_step(out, g_ptr_array_index(trace, i));
	json_builder_end_array(out);
	if (!found.text)
		put(out, "error", "there is no scenario of that name");
	put_problems(out, "errors", problems, FALSE);
	put_problems(out, "warnings", problems, TRUE);
	rules_scenario_free(scenario);
	g_free(found.file);
	g_free(found.text);
}
