/*
 * is_subscriber(), is_owner(), is_editor(), is_listmaster(): what an address is on a list now. Each address is asked once. A list
 * without a moderator has its owners in their place; a listmaster counts as owner of every list.
 */
#include <string.h>

#include "lib/mail/address_list.h"
#include "lib/rules/rules_internal.h"

/* The addresses in the argument. FALSE on trouble. */
static gboolean read_who(struct rules_run *run, const struct rules_argument *argument, GPtrArray *addresses)
{
	rules_value_auto struct rules_value value = {0};

	if (!rules_evaluate(run, argument, &value))
		return FALSE;
	for (guint i = 0; i < value.items->len; i++)
		address_list_read(g_ptr_array_index(value.items, i), addresses);
	return TRUE;
}

/* What was answered before: the number behind the question, or -1. */
static int remembered(const struct rules_run *run, const char *question)
{
	gpointer known;

	return g_hash_table_lookup_extended(run->answers, question, NULL, &known) ? (int)g_ascii_strtoll(known, NULL, 10) : -1;
}

static void remember(struct rules_run *run, const char *question, guint answer)
{
	g_hash_table_insert(run->answers, g_strdup(question), g_strdup_printf("%u", answer));
}

static gboolean ask_listmaster(struct rules_run *run, const char *address, gboolean *is)
{
	const struct rules_questions *questions = run->facts->questions;
	g_autofree char *question = g_strconcat("listmaster ", address, NULL);
	int known = remembered(run, question);

	*is = known > 0;
	if (known >= 0 || !questions || !questions->listmaster)
		return TRUE;
	if (!rules_ask(run))
		return FALSE;
	if (!questions->listmaster(run->facts->context, address, is)) {
		(void)rules_trouble(run, "whether the author is a listmaster is not known now");
		return FALSE;
	}
	remember(run, question, *is ? 1 : 0);
	return TRUE;
}

static gboolean ask_standing(struct rules_run *run, const char *list, const char *address, guint *standing)
{
	const struct rules_questions *questions = run->facts->questions;
	g_autofree char *question = g_strconcat("standing ", list, " ", address, NULL);
	int known = remembered(run, question);

	*standing = known > 0 ? (guint)known : 0;
	if (known >= 0 || !questions || !questions->standing)
		return TRUE;
	if (!rules_ask(run))
		return FALSE;
	if (!questions->standing(run->facts->context, list, address, standing)) {
		(void)rules_trouble(run, "what the author is on the list is not known now");
		return FALSE;
	}
	remember(run, question, *standing);
	return TRUE;
}

/* One address on one list. */
static enum rules_truth holds(struct rules_run *run, const char *list, const char *address, guint wanted)
{
	gboolean listmaster = FALSE;
	guint standing;

	if (!ask_standing(run, list, address, &standing))
		return RULES_TRUTH_TROUBLE;
	if (wanted == RULES_IS_EDITOR && !(standing & RULES_HAS_EDITOR))
		wanted = RULES_IS_EDITOR | RULES_IS_OWNER;
	if (standing & wanted)
		return RULES_TRUE;
	if (wanted == RULES_IS_OWNER && !ask_listmaster(run, address, &listmaster))
		return RULES_TRUTH_TROUBLE;
	return listmaster ? RULES_TRUE : RULES_FALSE;
}

/* The list that the first argument names: "name" is of our domain. NULL on trouble. */
static char *read_list(struct rules_run *run, const struct rules_argument *argument)
{
	rules_value_auto struct rules_value value = {0};

	if (!rules_evaluate(run, argument, &value))
		return NULL;
	const char *name = rules_value_text(&value);
	if (strchr(name, '@'))
		return g_ascii_strdown(name, -1);
	g_autofree char *address = g_strdup_printf("%s@%s", name, run->facts->list_domain);
	return g_ascii_strdown(address, -1);
}

static enum rules_truth is_on_list(struct rules_run *run, const struct rules_node *term, guint wanted)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	enum rules_truth truth = RULES_FALSE;

	if (!read_who(run, rules_term_argument(term, 1), addresses))
		return RULES_TRUTH_TROUBLE;
	g_autofree char *list = read_list(run, rules_term_argument(term, 0));
	if (!list)
		return RULES_TRUTH_TROUBLE;
	for (guint i = 0; i < addresses->len && truth == RULES_FALSE; i++)
		truth = holds(run, list, g_ptr_array_index(addresses, i), wanted);
	return truth;
}

enum rules_truth rules_condition_is_subscriber(struct rules_run *run, const struct rules_node *term)
{
	return is_on_list(run, term, RULES_IS_SUBSCRIBER);
}

enum rules_truth rules_condition_is_owner(struct rules_run *run, const struct rules_node *term)
{
	return is_on_list(run, term, RULES_IS_OWNER);
}

enum rules_truth rules_condition_is_editor(struct rules_run *run, const struct rules_node *term)
{
	return is_on_list(run, term, RULES_IS_EDITOR);
}

enum rules_truth rules_condition_is_listmaster(struct rules_run *run, const struct rules_node *term)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	gboolean is = FALSE;

	if (!read_who(run, rules_term_argument(term, 0), addresses))
		return RULES_TRUTH_TROUBLE;
	for (guint i = 0; i < addresses->len && !is; i++)
		if (!ask_listmaster(run, g_ptr_array_index(addresses, i), &is))
			return RULES_TRUTH_TROUBLE;
	return is ? RULES_TRUE : RULES_FALSE;
}
