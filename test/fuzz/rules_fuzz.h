/* For the fuzz targets of lib/rules: callbacks that answer something, from nothing but their question. */
#ifndef TEST_FUZZ_RULES_FUZZ_H
#define TEST_FUZZ_RULES_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "lib/rules/rules.h"

static inline gboolean fuzz_standing(gpointer context, const char *list, const char *address, guint *standing)
{
	*standing = g_str_hash(address) & 15;
	return *standing != 13;
}

static inline gboolean fuzz_listmaster(gpointer context, const char *address, gboolean *is)
{
	*is = g_str_hash(address) & 1;
	return TRUE;
}

static inline gboolean fuzz_column(gpointer context, const char *name, char **value)
{
	*value = g_str_hash(name) & 1 ? g_strdup(name) : NULL;
	return TRUE;
}

static inline gboolean fuzz_total(gpointer context, gint64 *members)
{
	*members = 7;
	return TRUE;
}

/* The context is the text of every search file. */
static inline gboolean fuzz_filter(gpointer context, const char *name, GPtrArray *texts)
{
	if (context)
		g_ptr_array_add(texts, g_strdup(context));
	return TRUE;
}

static const struct rules_questions fuzz_questions = {fuzz_standing, fuzz_listmaster, fuzz_column, fuzz_total, fuzz_filter};

/* Decides with and without somebody who watches: the same must come out, and all that is shown is printable. */
static inline void fuzz_decide(const struct rules_scenario *scenario, const struct rules_facts *facts)
{
	g_autoptr(GPtrArray) trace = rules_trace_new();
	struct rules_decision blind = rules_decide(scenario, facts, NULL), seen = rules_decide(scenario, facts, trace);

	/* Watching asks nothing and spends no step, so nothing may differ. */
	if (blind.status != seen.status || blind.action != seen.action || blind.rule != seen.rule)
		abort();
	if (seen.status == RULES_TROUBLED && (seen.action != RULES_DEFER || !*seen.trouble))
		abort();
	if (seen.status == RULES_DECIDED && (!seen.rule || !seen.word || !*seen.word || !seen.modifiers))
		abort();
	for (guint i = 0; i < trace->len; i++) {
		const struct rules_step *step = g_ptr_array_index(trace, i);

		for (guint j = 0; j < step->saw->len; j++) {
			const struct rules_saw *saw = g_ptr_array_index(step->saw, j);

			for (const char *c = saw->values; *c; c++)
				if (*c < 32 || *c > 126)
					abort();
		}
	}
}

#endif
