/*
 * A scenario file, line by line: sections, titles, includes and rules (scenarios(5), "FILES"). Conditions are read by
 * rules_condition.c, actions by rules_action.c.
 *
 * What Sympa reads is read as Sympa reads it. What Sympa drops or misreads in silence is an error here: a
 * scenario guards a list, and one that says something else than its writer meant is worse than none.
 */
#include <string.h>

#include "lib/rules/rules_internal.h"

static const struct {
	const char *name;
	guint bit;
} methods[] = {
	{"smtp", RULES_METHOD_SMTP},
	{"dkim", RULES_METHOD_DKIM},
	{"md5", RULES_METHOD_MD5},
	{"smime", RULES_METHOD_SMIME},
	{"pgp", RULES_METHOD_PGP},
};

gboolean rules_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

gboolean rules_is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

void rules_skip_blanks(struct rules_reader *reader)
{
	while (rules_is_blank(*reader->place))
		reader->place++;
}

/* ---- lines ---- */

static gboolean is_one_word(const char *text)
{
	while (rules_is_blank(*text))
		text++;
	const char *start = text;
	while (rules_is_word(*text))
		text++;
	gboolean word = text > start;
	while (rules_is_blank(*text))
		text++;
	return word && *text == '\0';
}

/* "title TEXT", "title.LANG TEXT": for people who read the file. */
static gboolean is_title(const char *line)
{
	while (rules_is_blank(*line))
		line++;
	if (g_ascii_strncasecmp(line, "title", 5) != 0)
		return FALSE;
	const char *start = line + 5, *end = start;
	if (*start == '.')
		for (end = ++start; *end && !rules_is_blank(*end); end++)
			;
	return rules_is_blank(*end) && !(start[-1] == '.' && end == start);
}

/* ---- includes ---- */

static void compile_text(struct rules_compiler *compiler, const char *file, const char *text);

static void include(struct rules_reader *reader, const char *place, const char *name)
{
	struct rules_compiler *compiler = reader->compiler;
	const struct rules_source *source = compiler->source;
	struct rules_text found = {0};

	if (compiler->open->len >= RULES_INCLUDE_DEPTH) {
		rules_error(reader, place, "files include each other more than %d deep", RULES_INCLUDE_DEPTH);
		return;
	}
	for (guint i = 0; i < compiler->open->len; i++) {
		if (strcmp(g_ptr_array_index(compiler->open, i), name) == 0) {
			rules_error(reader, place, "include.%s includes itself", name);
			return;
		}
	}
	if (!source->include || !source->include(source->context, name, &found)) {
		rules_error(reader, place, "there is no file include.%s", name);
		return;
	}
	g_ptr_array_add(compiler->open, (gpointer)name);
	compile_text(compiler, found.file, found.text);
	g_ptr_array_set_size(compiler->open, (gint)compiler->open->len - 1);
	g_free(found.file);
	g_free(found.text);
}

/* Where "include" stands in the line, in any case; NULL when nowhere. */
static const char *find_include(const char *text)
{
	for (; *text; text++)
		if (g_ascii_strncasecmp(text, "include", 7) == 0)
			return text;
	return NULL;
}

/* "include('NAME')" in all its forms. `first`: no rule stands before it in this file. */
static void read_include(struct rules_reader *reader, const char *word, gboolean first)
{
	rules_skip_blanks(reader);
	if (reader->place != word) {
		rules_error(reader, word, "the word \"include\" in a rule: Sympa takes the whole line for an include; "
			"in a pattern write [i]nclude");
		return;
	}
	reader->place += 7;
	rules_skip_blanks(reader);
	gboolean parenthesis = *reader->place == '(';
	reader->place += parenthesis;
	gboolean quote = *reader->place == '\'';
	reader->place += quote;
	const char *start = reader->place;
	while (rules_is_word(*reader->place) || *reader->place == '.')
		reader->place++;
	g_autofree char *name = g_strndup(start, (gsize)(reader->place - start));
	reader->place += quote && *reader->place == '\'';
	reader->place += parenthesis && *reader->place == ')';
	rules_skip_blanks(reader);
	if (!*name || *reader->place)
		rules_error(reader, reader->place, "expected include('NAME') and nothing else; a name has letters, digits, _ and .");
	else if (first && reader->compiler->open->len > (reader->compiler->head ? 1 : 0))
		rules_error(reader, word, "an include as the first rule of an included file: Sympa does not follow it");
	else
		include(reader, start, name);
}

/* ---- rules ---- */

/* A method's word at the place; FALSE after an error. Sympa's methods are lower case: others never apply. */
static gboolean read_method(struct rules_reader *reader, guint *mask)
{
	const char *start = reader->place;

	while (rules_is_word(*reader->place))
		reader->place++;
	gsize length = (gsize)(reader->place - start);
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strlen(methods[i].name) != length || g_ascii_strncasecmp(start, methods[i].name, length) != 0)
			continue;
		if (strncmp(start, methods[i].name, length) == 0)
			*mask |= methods[i].bit;
		else
			rules_warning(reader, start, "methods are written in lower case: this one never applies");
		return TRUE;
	}
	rules_error(reader, start, "expected a method (smtp, dkim, md5, smime, pgp), \"and\", \"or\", or \"->\"");
	return FALSE;
}

/* Methods up to "->", which is passed. */
static gboolean read_methods(struct rules_reader *reader, guint *mask)
{
	gboolean any = FALSE;

	*mask = 0;
	while (TRUE) {
		const char *before = reader->place;

		rules_skip_blanks(reader);
		if (strncmp(reader->place, "->", 2) == 0)
			break;
		if (!any && reader->place == before && rules_is_word(*before)) {
			rules_error(reader, before, "expected a blank before the method: Sympa would not see it");
			return FALSE;
		}
		if (!read_method(reader, mask))
			return FALSE;
		any = TRUE;
		rules_skip_blanks(reader);
		reader->place += *reader->place == ',';
	}
	reader->place += 2;
	if (!any)
		*mask = RULES_METHOD_SMTP;
	return TRUE;
}

static void compiled_rule_free(gpointer data)
{
	struct rules_compiled_rule *rule = data;

	rules_outcome_clear(&rule->outcome);
	g_free(rule);
}

static void read_rule(struct rules_reader *reader)
{
	struct rules_scenario *scenario = reader->compiler->scenario;
	struct rules_compiled_rule *rule = g_new0(struct rules_compiled_rule, 1);
	g_autofree char *text = g_strstrip(g_strdup(reader->text));

	rules_skip_blanks(reader);
	rule->at = (struct rules_rule){
		.file = g_string_chunk_insert_const(scenario->texts, reader->file),
		.line = reader->line,
		.column = (guint)(reader->place - reader->text) + 1,
		.text = g_string_chunk_insert(scenario->texts, text),
	};
	rule->condition = rules_read_condition(reader);
	if (!rule->condition || !read_methods(reader, &rule->methods) || !rules_read_action(reader, &rule->outcome)) {
		compiled_rule_free(rule);
		return;
	}
	if (scenario->rules->len >= RULES_COUNT) {
		rules_error(reader, reader->text, "more than %d rules", RULES_COUNT);
		compiled_rule_free(rule);
		return;
	}
	g_ptr_array_add(scenario->rules, rule);
}

/* TRUE when the line was a rule or an include: one that stands before others. */
static gboolean compile_line(struct rules_reader *reader, const char *line, gboolean first)
{
	g_autofree char *text = g_strdup(line);
	char *comment = strchr(text, '#');

	if (is_one_word(text))
		return FALSE;
	if (comment)
		*comment = '\0';
	reader->text = reader->place = text;
	reader->comment = comment;
	reader->depth = 0;
	rules_skip_blanks(reader);
	if (*reader->place == '\0' || is_one_word(text))
		return FALSE;
	reader->place = text;
	if (is_title(text))
		return FALSE;
	const char *word = find_include(text);
	if (word)
		read_include(reader, word, first);
	else
		read_rule(reader);
	return TRUE;
}

static void compile_text(struct rules_compiler *compiler, const char *file, const char *text)
{
	struct rules_reader reader = {.compiler = compiler, .file = file, .text = text, .place = text};
	gboolean first = TRUE;

	if (strlen(text) > RULES_FILE) {
		reader.line = 1;
		rules_error(&reader, text, "the file has more than %d bytes", RULES_FILE);
		return;
	}
	if (g_str_has_prefix(text, "\357\273\277"))
		text += 3;
	/* An include bomb ends here: one error is enough. */
	while (*text && !(compiler->failed && compiler->scenario->rules->len >= RULES_COUNT)) {
		gsize length = strcspn(text, "\r\n");
		g_autofree char *line = g_strndup(text, length);

		reader.line++;
		if (length > RULES_LINE)
			rules_error(&reader, reader.text = text, "a line of more than %d bytes", RULES_LINE);
		else if (compile_line(&reader, line, first))
			first = FALSE;
		text += length;
		text += text[0] == '\r' && text[1] == '\n' ? 2 : text[0] != '\0';
	}
}

/* ---- the whole ---- */

static void node_free(gpointer data)
{
	struct rules_node *node = data;

	g_clear_pointer(&node->arguments, g_ptr_array_unref);
	g_free(node->text);
	g_free(node);
}

void rules_scenario_free(struct rules_scenario *scenario)
{
	if (!scenario)
		return;
	g_ptr_array_unref(scenario->rules);
	g_ptr_array_unref(scenario->nodes);
	g_string_chunk_free(scenario->texts);
	g_free(scenario);
}

/* What stands before the file's own rules: the blocklist, and include.FUNCTION.header where there is one. */
static void compile_head(struct rules_compiler *compiler)
{
	const struct rules_source *source = compiler->source;
	g_autofree char *header = g_strconcat(source->function ? source->function : "send", ".header", NULL);
	struct rules_text found = {0};

	if (!source->no_blocklist)
		compile_text(compiler, "(blocklist)",
			"search('blocklist.txt',[sender]) smtp,dkim,md5,smime,pgp -> reject,quiet");
	if (!source->include || !source->include(source->context, header, &found))
		return;
	g_ptr_array_add(compiler->open, header);
	compiler->head = TRUE;
	compile_text(compiler, found.file, found.text);
	compiler->head = FALSE;
	g_ptr_array_set_size(compiler->open, 0);
	g_free(found.file);
	g_free(found.text);
}

struct rules_scenario *rules_compile(const struct rules_source *source, GPtrArray *problems)
{
	struct rules_scenario *scenario = g_new0(struct rules_scenario, 1);
	struct rules_compiler compiler = {.source = source, .scenario = scenario, .problems = problems};

	scenario->rules = g_ptr_array_new_with_free_func(compiled_rule_free);
	scenario->nodes = g_ptr_array_new_with_free_func(node_free);
	scenario->texts = g_string_chunk_new(1024);
	compiler.open = g_ptr_array_new();
	compile_head(&compiler);
	compile_text(&compiler, source->file, source->text);
	g_ptr_array_unref(compiler.open);
	if (compiler.failed)
		g_clear_pointer(&scenario, rules_scenario_free);
	return scenario;
}
