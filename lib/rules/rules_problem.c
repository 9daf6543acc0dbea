/* Errors, warnings and words: what a scenario's writer gets to read. */
#include <stdarg.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/rules/rules_internal.h"

static void problem_free(gpointer data)
{
	struct rules_problem *problem = data;

	g_free(problem->file);
	g_free(problem->text);
	g_free(problem);
}

GPtrArray *rules_problems_new(void)
{
	return g_ptr_array_new_with_free_func(problem_free);
}

char *rules_problem_text(const struct rules_problem *problem)
{
	return g_strdup_printf("%s:%u:%u: %s%s", problem->file, problem->line, problem->column,
		problem->warning ? "warning: " : "", problem->text);
}

char *rules_rule_place(const struct rules_rule *rule)
{
	return rule->line ? g_strdup_printf("%s:%u", rule->file, rule->line) : g_strdup_printf("%s:%s", rule->file, rule->text);
}

void rules_problem_add(GPtrArray *problems, const char *file, guint line, const char *text)
{
	struct rules_problem *problem = g_new0(struct rules_problem, 1);

	problem->file = g_strdup(file);
	problem->line = line;
	problem->column = 1;
	problem->text = g_strdup(text);
	g_ptr_array_add(problems, problem);
}

static void note(struct rules_reader *reader, const char *place, gboolean warning, char *text)
{
	struct rules_problem *problem = g_new0(struct rules_problem, 1);

	problem->file = g_strdup(reader->file);
	problem->line = reader->line;
	problem->column = (guint)(place - reader->text) + 1;
	problem->warning = warning;
	problem->text = text;
	g_ptr_array_add(reader->compiler->problems, problem);
}

void rules_error(struct rules_reader *reader, const char *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(reader, place, FALSE, g_strdup_vprintf(format, arguments));
	va_end(arguments);
	reader->compiler->failed = TRUE;
}

void rules_warning(struct rules_reader *reader, const char *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(reader, place, TRUE, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

const char *rules_action_word(enum rules_action action)
{
	static const char *const words[] = {
		[RULES_DO_IT] = "do_it",
		[RULES_REJECT] = "reject",
		[RULES_REQUEST_AUTH] = "request_auth",
		[RULES_OWNER] = "owner",
		[RULES_EDITOR] = "editor",
		[RULES_EDITORKEY] = "editorkey",
		[RULES_LISTMASTER] = "listmaster",
		[RULES_HAM] = "ham",
		[RULES_SPAM] = "spam",
		[RULES_UNSURE] = "unsure",
		[RULES_DEFER] = "defer",
		[RULES_DISCARD] = "discard",
	};

	return words[action];
}

const char *rules_status_word(enum rules_status status)
{
	static const char *const words[] = {
		[RULES_DECIDED] = "decided",
		[RULES_NOT_COMPILED] = "not-compiled",
		[RULES_LIST_NOT_OPEN] = "list-no-open",
		[RULES_UNKNOWN_METHOD] = "unknown-auth-method",
		[RULES_NO_MATCH] = "no-rule-match",
		[RULES_TROUBLED] = "error-performing-condition",
		[RULES_UNKNOWN_ACTION] = "unknown-action",
	};

	return words[status];
}
