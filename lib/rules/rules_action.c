/*
 * Reads an action: a word, what stands in parentheses behind it, and modifiers. A word counts by how it begins ("rejected" is "reject"),
 * as in Sympa; a word that begins like none is an action that nobody knows, which refuses the post when its rule decides.
 */
#include <string.h>

#include "lib/rules/rules_internal.h"

/* "editorkey" before "editor": the longest beginning counts. */
static const enum rules_action actions[] = {RULES_DO_IT, RULES_REJECT, RULES_REQUEST_AUTH, RULES_OWNER, RULES_EDITORKEY,
	RULES_EDITOR, RULES_LISTMASTER, RULES_HAM, RULES_SPAM, RULES_UNSURE, RULES_DEFER, RULES_DISCARD};

void rules_outcome_clear(struct rules_outcome *outcome)
{
	g_clear_pointer(&outcome->word, g_free);
	g_clear_pointer(&outcome->argument, g_free);
	g_clear_pointer(&outcome->reason, g_free);
	g_clear_pointer(&outcome->template, g_free);
	g_clear_pointer(&outcome->modifiers, g_strfreev);
}

static void read_word(struct rules_reader *reader, struct rules_outcome *outcome)
{
	const char *start = reader->place;

	while (rules_is_word(*reader->place))
		reader->place++;
	outcome->word = g_strndup(start, (gsize)(reader->place - start));
	for (guint i = 0; i < G_N_ELEMENTS(actions) && !outcome->known; i++) {
		const char *word = rules_action_word(actions[i]);

		if (!g_str_has_prefix(outcome->word, word))
			continue;
		outcome->known = TRUE;
		outcome->action = actions[i];
		if (strcmp(outcome->word, word) != 0)
			rules_warning(reader, start, "\"%s\" is taken for \"%s\", as in Sympa", outcome->word, word);
	}
	if (!outcome->known)
		rules_warning(reader, start, "there is no action \"%s\": a post that this rule decides about is refused", outcome->word);
	/* Sympa says these without what follows. */
	if (outcome->known && (outcome->action == RULES_REJECT || outcome->action == RULES_HAM ||
		outcome->action == RULES_SPAM || outcome->action == RULES_UNSURE)) {
		g_free(outcome->word);
		outcome->word = g_strdup(rules_action_word(outcome->action));
	}
}

/* A value without its quotes: letters, digits and "_" for a key of a text; for a template all but "'" and "=". */
static char *read_value(const char *text, gboolean key)
{
	const char *start = *text == '\'' || *text == '"' ? text + 1 : text, *end = start;

	while (*end && (key ? rules_is_word(*end) : *end != '\'' && *end != '"' && *end != '='))
		end++;
	return end > start ? g_strndup(start, (gsize)(end - start)) : NULL;
}

/* One parameter of reject(). FALSE: it was the last. */
static gboolean read_parameter(struct rules_reader *reader, const char *place, char *text, struct rules_outcome *outcome)
{
	char **slot = NULL;
	gsize skip = 0;

	g_strstrip(text);
	if (g_str_has_prefix(text, "reason=")) {
		slot = &outcome->reason;
		skip = strlen("reason=");
	} else if (g_str_has_prefix(text, "tt2=")) {
		slot = &outcome->template;
		skip = strlen("tt2=");
	}
	char *value = read_value(text + skip, slot != NULL);
	gboolean last = slot == NULL;
	if (!slot)
		slot = &outcome->template;
	if (!value) {
		rules_warning(reader, place, "reject() takes reason='KEY', tt2='TEMPLATE' or 'TEMPLATE'");
		return TRUE;
	}
	g_free(*slot);
	*slot = value;
	return !last;
}

static void read_parameters(struct rules_reader *reader, const char *place, const char *text, struct rules_outcome *outcome)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	for (guint i = 0; parts[i]; i++)
		if (!read_parameter(reader, place, parts[i], outcome))
			return;
}

/* What stands in parentheses, up to the last one of the line. FALSE after an error. */
static gboolean read_parenthesis(struct rules_reader *reader, struct rules_outcome *outcome)
{
	const char *start = reader->place, *end = strrchr(start, ')');

	if (*start != '(')
		return TRUE;
	if (!end) {
		if (reader->comment)
			rules_error(reader, reader->comment, "expected \")\": the '#' begins a comment, in texts too");
		else
			rules_error(reader, start, "expected \")\" at the end of what \"(\" begins");
		return FALSE;
	}
	outcome->argument = g_strndup(start + 1, (gsize)(end - start - 1));
	reader->place = end + 1;
	if (outcome->known && outcome->action == RULES_REJECT) {
		read_parameters(reader, start, outcome->argument, outcome);
		g_clear_pointer(&outcome->argument, g_free);
	}
	return TRUE;
}

static void read_modifiers(struct rules_reader *reader, struct rules_outcome *outcome)
{
	g_autoptr(GPtrArray) modifiers = g_ptr_array_new();
	gboolean reject = outcome->known && outcome->action == RULES_REJECT;

	while (*reader->place) {
		rules_skip_blanks(reader);
		const char *comma = *reader->place == ',' ? reader->place++ : NULL;
		rules_skip_blanks(reader);
		const char *start = reader->place;
		while (*reader->place && *reader->place != ',' && !rules_is_blank(*reader->place))
			reader->place++;
		g_autofree char *word = g_strndup(start, (gsize)(reader->place - start));
		if (!*word)
			continue;
		gboolean quiet = strcmp(word, "quiet") == 0;
		if (comma && (quiet || strcmp(word, "notify") == 0) && (quiet || !reject)) {
			g_ptr_array_add(modifiers, g_steal_pointer(&word));
			continue;
		}
		rules_warning(reader, start, "\"%s\" means nothing here; \",quiet\" and \",notify\" do", word);
		if (!reject && comma)
			g_ptr_array_add(modifiers, g_steal_pointer(&word));
	}
	g_ptr_array_add(modifiers, NULL);
	outcome->modifiers = (char **)g_ptr_array_free(g_steal_pointer(&modifiers), FALSE);
}

gboolean rules_read_action(struct rules_reader *reader, struct rules_outcome *outcome)
{
	rules_skip_blanks(reader);
	if (!rules_is_word(*reader->place)) {
		rules_error(reader, reader->place, "expected an action: do_it, reject, request_auth, editorkey, editor, defer or discard");
		return FALSE;
	}
	read_word(reader, outcome);
	if (!read_parenthesis(reader, outcome)) {
		rules_outcome_clear(outcome);
		return FALSE;
	}
	read_modifiers(reader, outcome);
	return TRUE;
}
