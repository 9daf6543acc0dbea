/* A case of dmarc_cases.h, run against any door. */
#ifndef TEST_UNIT_DMARC_HELP_H
#define TEST_UNIT_DMARC_HELP_H

#include <string.h>

#include "lib/mail/dmarc.h"
#include "test/unit/dmarc_cases.h"

/* "RESULT DOMAIN", anything after the first blank is the domain. */
static inline const char *dmarc_help_word(const char *text, char **rest)
{
	static const char *const words[] = {"pass", "fail", "policy", "temperror", "softfail"};
	const char *blank = strchr(text, ' ');

	*rest = g_strdup(blank + 1);
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (strncmp(text, words[i], (size_t)(blank - text)) == 0)
			return words[i];
	g_error("no such word: %s", text);
}

static inline void dmarc_help_fill(const struct dmarc_case *one, struct authentication *found)
{
	g_auto(GStrv) signatures = one->dkim ? g_strsplit(one->dkim, ", ", -1) : NULL;

	for (char **text = signatures; text && *text; text++) {
		struct authentication_dkim *dkim = authentication_add_dkim(found);

		g_free(dkim->domain);
		dkim->result = dmarc_help_word(*text, &dkim->domain);
	}
	if (one->spf)
		found->spf.result = dmarc_help_word(one->spf, &found->spf.domain);
}

static inline const char *dmarc_help_or_dash(const char *text)
{
	return text && *text ? text : "-";
}

/* What came out, as `expected` and `aligned` have it. */
static inline char *dmarc_help_run(const struct dmarc_case *one, const struct txt_door *door, char **aligned)
{
	struct authentication found;
	g_autoptr(GString) marks = g_string_new(NULL);

	authentication_init(&found);
	dmarc_help_fill(one, &found);
	gboolean settled = dmarc_evaluate(one->author, door, &found);
	for (guint i = 0; found.dkim && i < found.dkim->len; i++)
		g_string_append_c(marks, ((struct authentication_dkim *)g_ptr_array_index(found.dkim, i))->aligned ? '+' : '-');
	g_string_append_c(marks, found.spf.aligned ? '+' : '-');
	*aligned = g_strdup(marks->str);
	char *text = g_strdup_printf("%s %s %s %s%s", found.dmarc.result, dmarc_help_or_dash(found.dmarc.policy),
		dmarc_help_or_dash(found.dmarc.organisation), dmarc_help_or_dash(found.dmarc.domain), settled ? "" : " later");
	authentication_clear(&found);
	return text;
}

#endif
