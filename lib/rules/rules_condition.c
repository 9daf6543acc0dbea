/*
 * Reads a condition: Sympa's one term, and beyond Sympa "and", "or", "!" and parentheses. "!" binds closest, then "and",
 * then "or". Sympa finds a term anywhere in the text and drops the rest in silence; here nothing is dropped.
 */
#include <string.h>

#include "lib/rules/rules_internal.h"

static const struct rules_node *read_or(struct rules_reader *reader);

static struct rules_node *node_new(struct rules_reader *reader, enum rules_node_kind kind)
{
	struct rules_node *node = g_new0(struct rules_node, 1);

	node->kind = kind;
	g_ptr_array_add(reader->compiler->scenario->nodes, node);
	return node;
}

/* Whether `word` stands at the place, as a word of its own. */
static gboolean at_word(const struct rules_reader *reader, const char *word)
{
	gsize length = strlen(word);

	return g_ascii_strncasecmp(reader->place, word, length) == 0 && !rules_is_word(reader->place[length]);
}

static gboolean expected(struct rules_reader *reader, const char *what)
{
	if (*reader->place == '\0' && reader->comment)
		rules_error(reader, reader->comment, "expected %s: the '#' begins a comment, in texts and patterns too", what);
	else
		rules_error(reader, reader->place, "expected %s", what);
	return FALSE;
}

static gboolean read_arguments(struct rules_reader *reader, struct rules_node *node)
{
	while (TRUE) {
		rules_skip_blanks(reader);
		if (*reader->place == ')')
			break;
		const char *start = reader->place;
		struct rules_argument *argument = rules_read_argument(reader);
		if (!argument)
			return FALSE;
		argument->column = (guint)(start - reader->text) + 1;
		g_ptr_array_add(node->arguments, argument);
		rules_skip_blanks(reader);
		/* Sympa wants no comma between arguments. */
		if (*reader->place == ',')
			reader->place++;
	}
	reader->place++;
	return TRUE;
}

/* Letters behind a pattern, as Perl's "/…/i": for Sympa they are one argument more. */
static const char *pattern_letters(const struct rules_reader *reader, const struct rules_node *node)
{
	for (guint i = 1; i < node->arguments->len; i++) {
		const struct rules_argument *pattern = g_ptr_array_index(node->arguments, i - 1), *letters = g_ptr_array_index(node->arguments, i);
		const char *place = reader->text + letters->column - 1;

		if (pattern->kind == RULES_PATTERN && rules_is_word(*place) && place[-1] == '/')
			return place;
	}
	return NULL;
}

static gboolean check_count(struct rules_reader *reader, const struct rules_node *node, const char *start)
{
	const struct rules_condition *condition = node->condition;
	guint count = node->arguments->len;

	if (count >= condition->least && count <= condition->most)
		return TRUE;
	const char *letters = pattern_letters(reader, node);
	if (letters)
		rules_error(reader, letters, "no letters stand behind a pattern: case never matters, and (?s) and the like are written in it");
	else if (condition->most == 0)
		rules_error(reader, start, "%s() takes no argument, expected \"%s()\"", condition->name, condition->name);
	else if (condition->least == condition->most)
		rules_error(reader, start, "%s() takes %u argument%s, not %u", condition->name, condition->most,
			condition->most == 1 ? "" : "s", count);
	else
		rules_error(reader, start, "%s() takes %u to %u arguments, not %u", condition->name, condition->least,
			condition->most, count);
	return FALSE;
}

static const struct rules_node *read_term(struct rules_reader *reader)
{
	const char *start = reader->place;

	while (rules_is_word(*reader->place))
		reader->place++;
	if (reader->place > start && strncmp(reader->place, "::", 2) == 0)
		for (reader->place += 2; rules_is_word(*reader->place); reader->place++)
			;
	const char *end = reader->place;
	if (end == start) {
		expected(reader, "a condition such as equal(…)");
		return NULL;
	}
	const struct rules_condition *condition = rules_condition_find(start, (gsize)(end - start));
	if (end - start == 3 && g_ascii_strncasecmp(start, "not", 3) == 0) {
		rules_error(reader, start, "there is no \"not\": expected \"!\"");
		return NULL;
	}
	if (!condition) {
		rules_error(reader, start, "there is no condition \"%.*s\"; scenarios(5) has them all", (int)(end - start), start);
		return NULL;
	}
	rules_skip_blanks(reader);
	if (*reader->place != '(') {
		expected(reader, "\"(\" behind the condition's name");
		return NULL;
	}
	reader->place++;
	struct rules_node *node = node_new(reader, RULES_TERM);
	node->condition = condition;
	node->arguments = g_ptr_array_new_with_free_func(rules_argument_free);
	if (!read_arguments(reader, node) || !check_count(reader, node, start))
		return NULL;
	node->text = g_strndup(start, (gsize)(reader->place - start));
	rules_check_term(reader, node);
	return node;
}

static const struct rules_node *read_parenthesis(struct rules_reader *reader)
{
	if (reader->depth++ >= RULES_NESTING) {
		rules_error(reader, reader->place, "more than %d parentheses inside each other", RULES_NESTING);
		return NULL;
	}
	reader->place++;
	const struct rules_node *node = read_or(reader);
	if (!node)
		return NULL;
	rules_skip_blanks(reader);
	if (*reader->place != ')') {
		expected(reader, "\")\", \"and\" or \"or\"");
		return NULL;
	}
	reader->place++;
	reader->depth--;
	return node;
}

static const struct rules_node *read_not(struct rules_reader *reader)
{
	rules_skip_blanks(reader);
	if (*reader->place == '(')
		return read_parenthesis(reader);
	if (*reader->place != '!')
		return read_term(reader);
	reader->place++;
	rules_skip_blanks(reader);
	if (*reader->place == '!') {
		rules_error(reader, reader->place, "a second \"!\": Sympa takes \"!!\" for \"!\"; write none");
		return NULL;
	}
	const struct rules_node *inner = read_not(reader);
	if (!inner)
		return NULL;
	struct rules_node *node = node_new(reader, RULES_NOT);
	node->left = inner;
	return node;
}

/* Terms of one operator, from left to right. */
static const struct rules_node *read_chain(struct rules_reader *reader, enum rules_node_kind kind)
{
	const char *word = kind == RULES_AND ? "and" : "or";
	const struct rules_node *left = kind == RULES_AND ? read_not(reader) : read_chain(reader, RULES_AND);

	if (!left)
		return NULL;
	for (;;) {
		const char *before = reader->place;

		rules_skip_blanks(reader);
		if (!at_word(reader, word)) {
			reader->place = before;
			return left;
		}
		reader->place += strlen(word);
		const struct rules_node *right = kind == RULES_AND ? read_not(reader) : read_chain(reader, RULES_AND);
		if (!right)
			return NULL;
		struct rules_node *node = node_new(reader, kind);
		node->left = left;
		node->right = right;
		left = node;
	}
}

static const struct rules_node *read_or(struct rules_reader *reader)
{
	return read_chain(reader, RULES_OR);
}

const struct rules_node *rules_read_condition(struct rules_reader *reader)
{
	return read_or(reader);
}
