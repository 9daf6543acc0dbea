/*
 * What the files of lib/rules share: a compiled scenario, and the state of one decision. Nobody else includes it.
 */
#ifndef ROLLCALL_RULES_RULES_INTERNAL_H
#define ROLLCALL_RULES_RULES_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/mail/walk.h"
#include "lib/rules/rules.h"

/* ---- a compiled scenario ---- */

enum rules_argument_kind { RULES_TEXT, RULES_PATTERN, RULES_VARIABLE };

struct rules_variable;

struct rules_argument {
	enum rules_argument_kind kind;
	char *text;          /* the constant, or the pattern's source; for a variable NULL */
	pcre2_code *pattern; /* NULL when it holds [domain], or can match nothing */
	gboolean has_domain; /* the pattern holds [domain] or [host] */
	const struct rules_variable *variable;
	char *key;           /* behind "->"; NULL when none */
	gboolean has_index;
	int index;
	guint column;
};

struct rules_run;
struct rules_node;

struct rules_condition {
	const char *name;
	guint least, most; /* arguments */
	enum rules_truth (*evaluate)(struct rules_run *run, const struct rules_node *term);
};

enum rules_node_kind { RULES_TERM, RULES_NOT, RULES_AND, RULES_OR };

struct rules_node {
	enum rules_node_kind kind;
	const struct rules_node *left, *right; /* NOT has only left */
	const struct rules_condition *condition;
	GPtrArray *arguments;                  /* of struct rules_argument */
	char *text;                            /* a term as written */
};

enum {
	RULES_METHOD_SMTP = 1,
	RULES_METHOD_DKIM = 2,
	RULES_METHOD_MD5 = 4,
	RULES_METHOD_SMIME = 8,
	RULES_METHOD_PGP = 16,
	RULES_METHOD_ALL = 15, /* exactly these four: no method test at all, so pgp is served, too */
};

struct rules_outcome {
	gboolean known;
	enum rules_action action;
	char *word, *argument, *reason, *template;
	char **modifiers;
};

struct rules_compiled_rule {
	struct rules_rule at; /* its texts are owned by the scenario's chunk */
	guint methods;
	const struct rules_node *condition;
	struct rules_outcome outcome;
};

struct rules_scenario {
	GPtrArray *rules;    /* of struct rules_compiled_rule */
	GPtrArray *nodes;    /* all of them, of struct rules_node */
	GStringChunk *texts;
};

/* ---- compiling ---- */

struct rules_compiler {
	const struct rules_source *source;
	struct rules_scenario *scenario;
	GPtrArray *problems;
	gboolean failed;
	gboolean head;   /* in include.FUNCTION.header, which stands before the file as if it were of it */
	GPtrArray *open; /* names of the includes that we are in */
};

/* One line, read from left to right. */
struct rules_reader {
	struct rules_compiler *compiler;
	const char *file;
	guint line;
	const char *text;  /* without its comment */
	const char *place;
	const char *comment; /* where the comment began, or NULL: it may have cut a string */
	guint depth;       /* of parentheses */
};

/* Notes an error, or a warning, at `place` of the line. */
void rules_error(struct rules_reader *reader, const char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
void rules_warning(struct rules_reader *reader, const char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
void rules_skip_blanks(struct rules_reader *reader);
gboolean rules_is_blank(char c);
gboolean rules_is_word(char c);

/* The condition at the reader's place; NULL after an error. Leaves the place behind it. */
const struct rules_node *rules_read_condition(struct rules_reader *reader);
/* The argument at the place; NULL after an error. */
struct rules_argument *rules_read_argument(struct rules_reader *reader);
void rules_argument_free(gpointer data);
/* The action that is the rest of the line. FALSE after an error. */
gboolean rules_read_action(struct rules_reader *reader, struct rules_outcome *outcome);
void rules_outcome_clear(struct rules_outcome *outcome);
/* The compiled pattern, or NULL with `*message` (caller frees) and `*offset`. */
pcre2_code *rules_pattern_compile(const char *text, char **message, gsize *offset);

const struct rules_condition *rules_condition_find(const char *name, gsize length);
const struct rules_variable *rules_variable_find(const char *name, gboolean key);
gboolean rules_variable_is_silent(const struct rules_variable *variable); /* always empty here */
/* Whether it is a column of the author's row; `*sympas`: under one of Sympa's names for the row. */
gboolean rules_variable_is_column(const struct rules_variable *variable, gboolean *sympas);
/* Warns of arguments that this condition reads in an unexpected way. */
void rules_check_term(struct rules_reader *reader, const struct rules_node *term);

/* ---- deciding ---- */

struct rules_run {
	const struct rules_facts *facts;
	guint steps, questions; /* what is left */
	guint patterns;         /* of banned addresses, compiled until now */
	gint64 matched;         /* microseconds that patterns took until now */
	gint64 started;         /* monotonic, of the pattern at work */
	char trouble[RULES_TROUBLE];
	GHashTable *answers;    /* questions asked already */
	gboolean walked;
	struct walk walk;
	enum walk_result walk_result;
	GPtrArray *saw;         /* NULL when nobody wants to know */
};

/* A value: one text, or as many as a header has. */
struct rules_value {
	gboolean list;
	GPtrArray *items; /* of char *; exactly one unless `list` */
};
void rules_value_clear(struct rules_value *value);
#define rules_value_auto __attribute__((cleanup(rules_value_clear)))

/* FALSE on trouble. `value` is overwritten. */
gboolean rules_evaluate(struct rules_run *run, const struct rules_argument *argument, struct rules_value *value);
/* The text of a value where only one is wanted: a list has no useful one, as in Sympa. */
const char *rules_value_text(const struct rules_value *value);

/* Latches the first trouble; returns RULES_TRUTH_TROUBLE. Printable text that names no person. */
enum rules_truth rules_trouble(struct rules_run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* One question less; FALSE (with trouble) when there were too many. */
gboolean rules_ask(struct rules_run *run);

/* ---- for conditions ---- */

const struct rules_argument *rules_term_argument(const struct rules_node *term, guint place);
enum rules_truth rules_pattern_match(struct rules_run *run, const pcre2_code *code, const char *subject);
/* Unix time of a date with an optional duration; FALSE for a day that no calendar has. Unreadable is `now`. */
gboolean rules_date(const char *text, gint64 now, gint64 *date);
/* Appends the addresses in To and Cc, in normal form. */
void rules_recipients(const struct rules_run *run, GPtrArray *addresses);
/* Raw values as Sympa shows them (folds kept, LF), or decoded ones; appended to `values`. */
void rules_header_values(const struct rules_run *run, const char *name, gboolean decoded, GPtrArray *values);
/* The walk of the message, made once; NULL without a message, and (trouble) over the limits of a walk. */
const struct walk *rules_walk(struct rules_run *run);
/* The same text, case of letters aside. */
gboolean rules_same_text(const char *a, const char *b);
/* Whether a line of the search files `name` stands for `address`. `*found`: there is such a file. */
enum rules_truth rules_search(struct rules_run *run, const char *name, const char *address, gboolean *found);

/* Whether a line (line, length) of a search file stands for `address`. */
gboolean rules_line_matches(const char *line, gsize length, const char *address);
/* Notes each entry of a file of banned addresses that is none: met by a post it would be trouble. */
void rules_ban_check(const char *file, const char *text, GPtrArray *problems);
/* Notes an error in a line of a file, all of it. */
void rules_problem_add(GPtrArray *problems, const char *file, guint line, const char *text);

/* A check of the list's settings: its setting as a rule, its condition, and the key of a text that says why. */
struct rules_check_row {
	struct rules_rule rule;
	const char *text;
	enum rules_truth (*evaluate)(struct rules_run *run, const struct rules_node *term);
	const char *reason;
};
const struct rules_check_row *rules_check_row(enum rules_check check);

#define RULES_CONDITION(name) \
	enum rules_truth rules_condition_##name(struct rules_run *run, const struct rules_node *term)
RULES_CONDITION(is_subscriber);
RULES_CONDITION(is_owner);
RULES_CONDITION(is_editor);
RULES_CONDITION(is_listmaster);
RULES_CONDITION(match);
RULES_CONDITION(older);
RULES_CONDITION(newer);
RULES_CONDITION(search);
RULES_CONDITION(is_banned);
RULES_CONDITION(verify_netmask);
RULES_CONDITION(is_emergency);
RULES_CONDITION(implicit_destination);
RULES_CONDITION(too_many_recipients);
RULES_CONDITION(too_big);
RULES_CONDITION(no_subject);
RULES_CONDITION(administrivia);
RULES_CONDITION(digest_reply);

#endif
