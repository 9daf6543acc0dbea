/*
 * Search files: lines of addresses with "*" as a wildcard, compared with the whole address. In a line only the first "*" is one, as in
 * Sympa. Lines that begin with "#" or ";" and empty ones say nothing. Several files of a name are all read.
 */
#include <string.h>

#include "lib/rules/rules_internal.h"

enum { LINE = 1024 }; /* bytes of a line that are looked at: an address has 254 */

static gboolean is_blank_line(const char *line, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isspace(line[i]))
			return FALSE;
	return TRUE;
}

gboolean rules_line_matches(const char *line, gsize length, const char *address)
{
	const char *star = memchr(line, '*', length);
	gsize size = strlen(address);

	if (!star)
		return size == length && g_ascii_strncasecmp(line, address, length) == 0;
	gsize head = (gsize)(star - line), tail = length - head - 1;
	return size >= head + tail && g_ascii_strncasecmp(line, address, head) == 0 &&
	       g_ascii_strncasecmp(star + 1, address + size - tail, tail) == 0;
}

static gboolean file_matches(const char *text, const char *address)
{
	while (*text) {
		gsize whole = strcspn(text, "\n");
		gsize length = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;

		if (length <= LINE && text[0] != '#' && text[0] != ';' && !is_blank_line(text, length) &&
			rules_line_matches(text, length, address))
			return TRUE;
		text += whole + (text[whole] == '\n');
	}
	return FALSE;
}

enum rules_truth rules_search(struct rules_run *run, const char *name, const char *address, gboolean *found)
{
	const struct rules_questions *questions = run->facts->questions;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	*found = FALSE;
	if (!rules_ask(run))
		return RULES_TRUTH_TROUBLE;
	if (questions && questions->filter && !questions->filter(run->facts->context, name, texts))
		return rules_trouble(run, "a search file could not be read");
	*found = texts->len > 0;
	for (guint i = 0; i < texts->len; i++)
		if (file_matches(g_ptr_array_index(texts, i), address))
			return RULES_TRUE;
	return RULES_FALSE;
}

enum rules_truth rules_condition_search(struct rules_run *run, const struct rules_node *term)
{
	rules_value_auto struct rules_value value = {0};
	gboolean found;

	if (!rules_evaluate(run, rules_term_argument(term, 0), &value))
		return RULES_TRUTH_TROUBLE;
	const char *name = rules_value_text(&value);
	if (!g_str_has_suffix(name, ".txt") || strchr(name, '/'))
		return rules_trouble(run, "search() can only read files NAME.txt here");
	enum rules_truth truth = rules_search(run, name, run->facts->sender ? run->facts->sender : "nobody", &found);
	if (truth == RULES_FALSE && !found && strcmp(name, "blocklist.txt") != 0)
		return rules_trouble(run, "there is no search file of the name that a rule gives");
	return truth;
}
