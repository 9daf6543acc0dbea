/*
 * Patterns: PCRE2, as close to Perl as Sympa's own, always without regard to case, and bounded. pcre2_match()'s limits count anew at
 * each place of the subject, so a callout before each item of the pattern counts all of a decision's steps together: a pattern that
 * needs more is trouble, not "no match". A step may read the whole subject, so the clock is looked at, too. No JIT: the room that runs this may not make memory executable.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/rules/rules_internal.h"

enum {
	PATTERN_LENGTH = 8192,  /* code units */
	PATTERN_NESTING = 100,  /* parentheses */
	MATCH_LIMIT = 1000000,  /* backtracking points from one place of the subject */
	DEPTH_LIMIT = 100000,   /* of those inside each other */
	HEAP_LIMIT = 20 * 1024, /* KiB */
	CLOCK_STEPS = 64,       /* between two looks at the clock: each reads at most the whole subject */
};

static pcre2_compile_context *compile_context(void)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);

	if (!context)
		g_error("out of memory");
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, PATTERN_LENGTH);
	pcre2_set_parens_nest_limit(context, PATTERN_NESTING);
	return context;
}

pcre2_code *rules_pattern_compile(const char *text, char **message, gsize *offset)
{
	gsize length = strlen(text);
	guint32 options = PCRE2_CASELESS | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = compile_context();
	guchar buffer[160];
	int error = 0;

	/* Headers may hold bytes that are no UTF-8: they match nothing but what asks for them. */
	if (text_is_utf8(text, length))
		options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, length, options, &error, offset, context);
	pcre2_compile_context_free(context);
	if (code)
		return code;
	if (pcre2_get_error_message(error, buffer, sizeof(buffer)) < 0)
		buffer[0] = '\0';
	*message = g_strdup((const char *)buffer);
	return NULL;
}

static int count_step(pcre2_callout_block *block, void *data)
{
	struct rules_run *run = data;

	if (run->steps == 0)
		return PCRE2_ERROR_MATCHLIMIT;
	run->steps--;
	if (run->steps % CLOCK_STEPS == 0 &&
		run->matched + g_get_monotonic_time() - run->started > RULES_SECONDS * G_USEC_PER_SEC)
		return PCRE2_ERROR_MATCHLIMIT;
	return 0;
}

static int match(struct rules_run *run, const pcre2_code *code, const char *subject)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int result = PCRE2_ERROR_NOMEMORY;

	if (context && data) {
		pcre2_set_match_limit(context, MATCH_LIMIT);
		pcre2_set_depth_limit(context, DEPTH_LIMIT);
		pcre2_set_heap_limit(context, HEAP_LIMIT);
		pcre2_set_callout(context, count_step, run);
		run->started = g_get_monotonic_time();
		result = pcre2_match(code, (PCRE2_SPTR)subject, strlen(subject), 0, 0, data, context);
		run->matched += g_get_monotonic_time() - run->started;
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return result;
}

enum rules_truth rules_pattern_match(struct rules_run *run, const pcre2_code *code, const char *subject)
{
	int result = match(run, code, subject);

	if (result >= 0)
		return RULES_TRUE;
	if (result == PCRE2_ERROR_NOMATCH)
		return RULES_FALSE;
	return rules_trouble(run, "a pattern needs too many steps");
}

/* "[domain]" and "[host]" in a pattern are the list's domain. */
static char *put_domain(const char *text, const char *domain)
{
	g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
	g_autofree char *escaped = g_strjoinv("[.]", labels);
	GString *out = g_string_new(text);

	g_string_replace(out, "[domain]", escaped, 0);
	g_string_replace(out, "[host]", escaped, 0);
	return g_string_free(out, FALSE);
}

/* The code to match with. `*made`: it was compiled now and is the caller's. NULL: matches nothing. */
static const pcre2_code *code_of(struct rules_run *run, const struct rules_argument *argument, pcre2_code **made)
{
	g_autofree char *text = NULL, *message = NULL;
	rules_value_auto struct rules_value value = {0};
	gsize offset;

	if (argument->pattern)
		return argument->pattern;
	if (argument->kind == RULES_PATTERN) {
		text = put_domain(argument->text, run->facts->list_domain);
	} else {
		if (!rules_evaluate(run, argument, &value))
			return NULL;
		text = g_strdup(rules_value_text(&value));
	}
	if (!*text)
		return NULL;
	*made = rules_pattern_compile(text, &message, &offset);
	return *made;
}

enum rules_truth rules_condition_match(struct rules_run *run, const struct rules_node *term)
{
	rules_value_auto struct rules_value value = {0};
	enum rules_truth truth = RULES_FALSE;
	pcre2_code *made = NULL;

	if (!rules_evaluate(run, rules_term_argument(term, 0), &value))
		return RULES_TRUTH_TROUBLE;
	const pcre2_code *code = code_of(run, rules_term_argument(term, 1), &made);
	for (guint i = 0; code && i < value.items->len && truth == RULES_FALSE; i++)
		truth = rules_pattern_match(run, code, g_ptr_array_index(value.items, i));
	pcre2_code_free(made);
	return *run->trouble ? RULES_TRUTH_TROUBLE : truth;
}
