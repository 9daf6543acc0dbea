/*
 * Who is banned: an address of the list's setting, of the site's ban.txt, or of blocklist.txt. An entry is an address, an address with one
 * "*", or, beginning with "^", a pattern as Mailman has them, which is PCRE2 here and bounded with all others of the decision. A pattern
 * that is none is told when files and settings are read; met here it is trouble, because nobody knows whom it was to keep out.
 */
#include <string.h>

#include "lib/mail/address_list.h"
#include "lib/rules/rules_internal.h"

enum { PATTERNS = 1000, LINE = 1024 }; /* patterns that one decision compiles: some milliseconds; bytes of an entry */

char *rules_ban_fault(const char *entry)
{
	char *message = NULL;
	gsize offset;

	if (*entry != '^')
		return strchr(entry, '@') ? NULL : g_strdup("is no address, and no pattern that begins with ^");
	pcre2_code *code = rules_pattern_compile(entry, &message, &offset);
	pcre2_code_free(code);
	return message;
}

static enum rules_truth pattern_holds(struct rules_run *run, const char *entry, const char *address)
{
	g_autofree char *message = NULL;
	gsize offset;

	if (run->patterns++ >= PATTERNS)
		return rules_trouble(run, "there are more than %d patterns of banned addresses", PATTERNS);
	pcre2_code *code = rules_pattern_compile(entry, &message, &offset);
	if (!code)
		return rules_trouble(run, "one of the patterns of banned addresses is none");
	enum rules_truth truth = rules_pattern_match(run, code, address);
	pcre2_code_free(code);
	return truth;
}

static enum rules_truth entry_holds(struct rules_run *run, const char *entry, const char *address)
{
	if (*entry == '^')
		return pattern_holds(run, entry, address);
	return rules_line_matches(entry, strlen(entry), address) ? RULES_TRUE : RULES_FALSE;
}

/* The next entry; FALSE at the end. `*line` counts lines; the caller frees `*entry`. */
static gboolean next_entry(const char **text, guint *line, char **entry)
{
	while (**text) {
		gsize length = strcspn(*text, "\n");
		g_autofree char *found = g_strstrip(g_strndup(*text, MIN(length, LINE)));

		*text += length + ((*text)[length] == '\n');
		(*line)++;
		if (!*found || *found == '#' || *found == ';')
			continue;
		*entry = g_steal_pointer(&found);
		return TRUE;
	}
	return FALSE;
}

void rules_ban_check(const char *file, const char *text, GPtrArray *problems)
{
	char *entry;
	guint line = 0;

	while (next_entry(&text, &line, &entry)) {
		g_autofree char *fault = rules_ban_fault(entry);

		if (fault)
			rules_problem_add(problems, file, line, fault);
		g_free(entry);
	}
}

static enum rules_truth file_holds(struct rules_run *run, const char *text, const char *address)
{
	enum rules_truth truth = RULES_FALSE;
	char *entry;
	guint line = 0;

	while (truth == RULES_FALSE && next_entry(&text, &line, &entry)) {
		truth = entry_holds(run, entry, address);
		g_free(entry);
	}
	return truth;
}

static enum rules_truth is_banned(struct rules_run *run, const char *address)
{
	const struct rules_facts *facts = run->facts;
	const char *const *own = facts->checks ? facts->checks->banned : NULL;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	enum rules_truth truth = RULES_FALSE;
	gboolean found;

	for (; own && *own && truth == RULES_FALSE; own++)
		truth = entry_holds(run, *own, address);
	if (truth != RULES_FALSE)
		return truth;
	if (facts->questions && facts->questions->filter && !facts->questions->filter(facts->context, "ban.txt", texts))
		return rules_trouble(run, "a search file could not be read");
	for (guint i = 0; i < texts->len && truth == RULES_FALSE; i++)
		truth = file_holds(run, g_ptr_array_index(texts, i), address);
	return truth == RULES_FALSE ? rules_search(run, "blocklist.txt", address, &found) : truth;
}

enum rules_truth rules_condition_is_banned(struct rules_run *run, const struct rules_node *term)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	enum rules_truth truth = RULES_FALSE;

	if (term->arguments->len == 0)
		return is_banned(run, run->facts->sender ? run->facts->sender : "nobody");
	rules_value_auto struct rules_value value = {0};
	if (!rules_evaluate(run, rules_term_argument(term, 0), &value))
		return RULES_TRUTH_TROUBLE;
	for (guint i = 0; i < value.items->len; i++)
		address_list_read(g_ptr_array_index(value.items, i), addresses);
	for (guint i = 0; i < addresses->len && truth == RULES_FALSE; i++)
		truth = is_banned(run, g_ptr_array_index(addresses, i));
	return truth;
}
