/*
 * The conditions, one row each, and those that only compare. is_…() are in rules_standing.c, match() in rules_pattern.c, dates in
 * rules_date.c, files in rules_search.c, Mailman's rules in rules_mailman.c.
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/base/networks.h"
#include "lib/rules/rules_internal.h"

enum { ANY = 100 }; /* arguments */

const struct rules_argument *rules_term_argument(const struct rules_node *term, guint place)
{
	return g_ptr_array_index(term->arguments, place);
}

static enum rules_truth truth_of(gboolean truth)
{
	return truth ? RULES_TRUE : RULES_FALSE;
}

static RULES_CONDITION(true)
{
	return RULES_TRUE;
}

/* ASCII letters, and where both are UTF-8 all letters. */
gboolean rules_same_text(const char *a, const char *b)
{
	if (g_ascii_strcasecmp(a, b) == 0)
		return TRUE;
	if (!g_utf8_validate(a, -1, NULL) || !g_utf8_validate(b, -1, NULL))
		return FALSE;
	while (*a && *b && g_unichar_tolower(g_utf8_get_char(a)) == g_unichar_tolower(g_utf8_get_char(b))) {
		a = g_utf8_next_char(a);
		b = g_utf8_next_char(b);
	}
	return *a == *b;
}

/* A whole decimal number, as Perl reads one. */
static gboolean is_number(const char *text)
{
	const char *place = text + (*text == '+' || *text == '-');
	gsize digits = strspn(place, "0123456789");

	place += digits;
	if (*place == '.') {
		gsize fraction = strspn(++place, "0123456789");

		digits += fraction;
		place += fraction;
	}
	if (digits > 0 && (*place == 'e' || *place == 'E')) {
		const char *exponent = place + 1 + (place[1] == '+' || place[1] == '-');

		place = exponent + strspn(exponent, "0123456789");
		digits = (gsize)(place - exponent);
	}
	return digits > 0 && *place == '\0';
}

/* The number that a text begins with; 0 when with none. */
static double number_of(const char *text)
{
	/* g_ascii_strtod() also reads hexadecimal, "inf" and "nan": only what decimal characters say counts. */
	g_autofree char *decimal = g_strndup(text, strspn(text, "0123456789+-.eE"));

	return g_ascii_strtod(decimal, NULL);
}

static gboolean is_less(const char *a, const char *b)
{
	g_autofree char *left = g_strstrip(g_strdup(a));
	g_autofree char *right = g_strstrip(g_strdup(b));

	if (*right && is_number(left))
		return number_of(left) < number_of(right);
	return strcmp(left, right) < 0;
}

/* Whether `compare` holds between any element of the first argument and the second. */
static enum rules_truth compare(struct rules_run *run, const struct rules_node *term, gboolean (*holds)(const char *, const char *))
{
	rules_value_auto struct rules_value a = {0}, b = {0};

	if (!rules_evaluate(run, rules_term_argument(term, 0), &a) || !rules_evaluate(run, rules_term_argument(term, 1), &b))
		return RULES_TRUTH_TROUBLE;
	for (guint i = 0; i < a.items->len; i++)
		if (holds(g_ptr_array_index(a.items, i), rules_value_text(&b)))
			return RULES_TRUE;
	return RULES_FALSE;
}

static RULES_CONDITION(equal)
{
	return compare(run, term, rules_same_text);
}

static RULES_CONDITION(less_than)
{
	return compare(run, term, is_less);
}

static gboolean read_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	*address = (struct sockaddr_storage){.ss_family = AF_INET};
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		return TRUE;
	address->ss_family = AF_INET6;
	return inet_pton(AF_INET6, text, &six->sin6_addr) == 1;
}

/* Mail has no web client, so this is false for mail, whatever is written there: as in Sympa. */
enum rules_truth rules_condition_verify_netmask(struct rules_run *run, const struct rules_node *term)
{
	rules_value_auto struct rules_value value = {0};
	struct sockaddr_storage address;
	const char *bad;

	if (!run->facts->remote_address)
		return RULES_FALSE;
	if (!rules_evaluate(run, rules_term_argument(term, 0), &value))
		return RULES_TRUTH_TROUBLE;
	const char *text = rules_value_text(&value);
	if (strcmp(text, "default") == 0 || strcmp(text, "any") == 0)
		return RULES_TRUE;
	const char *const texts[] = {text, NULL};
	g_autoptr(GArray) networks = networks_parse(texts, &bad);
	if (!networks)
		return rules_trouble(run, "verify_netmask() has no network to compare with");
	if (!read_address(run->facts->remote_address, &address))
		return rules_trouble(run, "the client has no address to compare");
	return truth_of(networks_contain(networks, (const struct sockaddr *)&address));
}

static RULES_CONDITION(message)
{
	return rules_trouble(run, "message() does nothing, in Sympa neither");
}

static RULES_CONDITION(custom)
{
	return rules_trouble(run, "there are no custom conditions here");
}

static const struct rules_condition conditions[] = {
	{"true", 0, 0, rules_condition_true},
	{"all", 0, 0, rules_condition_true},
	{"equal", 2, 2, rules_condition_equal},
	{"match", 2, 2, rules_condition_match},
	{"less_than", 2, 2, rules_condition_less_than},
	{"message", 2, 2, rules_condition_message},
	{"older", 2, 2, rules_condition_older},
	{"newer", 2, 2, rules_condition_newer},
	{"is_subscriber", 2, 2, rules_condition_is_subscriber},
	{"is_owner", 2, 2, rules_condition_is_owner},
	{"is_editor", 2, 2, rules_condition_is_editor},
	{"is_listmaster", 1, 1, rules_condition_is_listmaster},
	{"verify_netmask", 1, 1, rules_condition_verify_netmask},
	{"search", 1, 2, rules_condition_search},
	{"CustomCondition::", 0, ANY, rules_condition_custom},
	/* Beyond Sympa: Mailman's rules. */
	{"is_banned", 0, 1, rules_condition_is_banned},
	{"is_emergency", 0, 0, rules_condition_is_emergency},
	{"implicit_destination", 0, ANY, rules_condition_implicit_destination},
	{"too_many_recipients", 0, 1, rules_condition_too_many_recipients},
	{"too_big", 0, 1, rules_condition_too_big},
	{"no_subject", 0, 0, rules_condition_no_subject},
	{"administrivia", 0, 0, rules_condition_administrivia},
	{"digest_reply", 0, 0, rules_condition_digest_reply},
};

const struct rules_condition *rules_condition_find(const char *name, gsize length)
{
	for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
		gsize own = strlen(conditions[i].name);
		gboolean prefix = conditions[i].name[own - 1] == ':';

		if ((prefix ? length > own : length == own) && g_ascii_strncasecmp(name, conditions[i].name, own) == 0)
			return &conditions[i];
	}
	return NULL;
}

static void check_constant(struct rules_reader *reader, const struct rules_node *term)
{
	const struct rules_argument *first = term->arguments->len ? rules_term_argument(term, 0) : NULL;
	const char *place = reader->text + (first ? first->column : 1) - 1;
	g_autofree char *message = NULL;
	gsize offset;
	gint64 date;

	if (term->condition->evaluate == rules_condition_message || term->condition->evaluate == rules_condition_custom)
		rules_warning(reader, place, "%s() cannot be answered here: the post is deferred", term->condition->name);
	if (term->condition->evaluate == rules_condition_search && first && first->kind == RULES_TEXT &&
		!g_str_has_suffix(first->text, ".txt"))
		rules_warning(reader, place, "only search files NAME.txt can be read here: the post is deferred");
	for (guint i = 0; i < term->arguments->len; i++) {
		const struct rules_argument *argument = rules_term_argument(term, i);
		gboolean text = argument->kind == RULES_TEXT;

		place = reader->text + argument->column - 1;
		if (text && i == 1 && term->condition->evaluate == rules_condition_match && *argument->text) {
			pcre2_code *code = rules_pattern_compile(argument->text, &message, &offset);

			if (!code)
				rules_warning(reader, place, "not a pattern (%s): it matches nothing", message);
			pcre2_code_free(code);
		}
		if (text && (term->condition->evaluate == rules_condition_older || term->condition->evaluate == rules_condition_newer) &&
			!rules_date(argument->text, 0, &date))
			rules_warning(reader, place, "no calendar has this date: the post is deferred");
	}
}

void rules_check_term(struct rules_reader *reader, const struct rules_node *term)
{
	gboolean any_place = term->condition->least < 2 || strncmp(term->condition->name, "is_", 3) == 0;

	check_constant(reader, term);
	for (guint i = 1; i < term->arguments->len && !any_place; i++) {
		const struct rules_argument *argument = rules_term_argument(term, i);
		gboolean header = argument->kind == RULES_VARIABLE && argument->key && !argument->has_index &&
				  (argument->variable == rules_variable_find("header", TRUE) ||
					  argument->variable == rules_variable_find("msg_header", TRUE));

		if (header)
			rules_warning(reader, reader->text + argument->column - 1,
				"a header without an index is a list, and only the first argument may be one: write [0] behind it");
	}
}
