/*
 * The scenario parser: any text is a scenario, or has an error at a place that is in it; a scenario decides. The input is the scenario, then
 * after a NUL what all its includes are.
 */
#include <stdint.h>

#include "test/fuzz/rules_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean find_include(gpointer context, const char *name, struct rules_text *found)
{
	*found = (struct rules_text){.file = g_strconcat("include.", name, NULL), .text = g_strdup(context)};
	return TRUE;
}

static void check_problems(const GPtrArray *problems, gboolean compiled)
{
	gboolean error = FALSE;

	for (guint i = 0; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);
		g_autofree char *line = rules_problem_text(problem);

		error |= !problem->warning;
		if (problem->line == 0 || problem->column == 0 || problem->column > RULES_FILE + 2 || !*problem->text)
			abort();
	}
	if (error == compiled)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autofree char *text = g_malloc(size + 1);
	const struct rules_facts facts = {
		.method = "smtp",
		.sender = "ann@example.org",
		.list_name = "choir",
		.list_domain = "lists.example.org",
		.now = 1790000000,
		.questions = &fuzz_questions,
	};

	memcpy(text, data, size);
	text[size] = '\0';
	gsize first = strlen(text);
	const struct rules_source source = {
		.file = "send.fuzz",
		.text = text,
		.include = first < size ? find_include : NULL,
		.context = first < size ? text + first + 1 : NULL,
	};
	struct rules_scenario *scenario = rules_compile(&source, problems);
	check_problems(problems, scenario != NULL);
	if (scenario)
		fuzz_decide(scenario, &facts);
	rules_scenario_free(scenario);
	return 0;
}
