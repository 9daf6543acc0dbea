/*
 * A small reader of "GRANT privileges ON object TO user …"; see crm_grants.h. It need not
 * understand all of MySQL's and MariaDB's dialects: what it does not know counts as too much. The
 * tail of a line may hold a password's hash, so no text is taken from behind TO.
 */
#include "lib/crm/crm_grants.h"

#include <string.h>

#include "lib/base/text.h"

enum { EXCESS_LIMIT = 120 };

static const char not_understood[] = "a line of SHOW GRANTS that is not understood";

void crm_grants_clear(struct crm_grants *grants)
{
	g_clear_pointer(&grants->excess, g_ptr_array_unref);
	*grants = (struct crm_grants){0};
}

static void add_excess(struct crm_grants *grants, const char *text, gsize length)
{
	if (!grants->excess)
		grants->excess = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(grants->excess, text_printable_dup(text, length, EXCESS_LIMIT));
}

/* The place of `word` outside quotes and parentheses, or NULL. */
static const char *find_word(const char *text, const char *word)
{
	char quote = '\0';
	guint depth = 0;

	for (; *text; text++) {
		if (quote) {
			quote = *text == quote ? '\0' : quote;
			continue;
		}
		if (depth == 0 && g_ascii_strncasecmp(text, word, strlen(word)) == 0)
			return text;
		if (strchr("`'\"", *text))
			quote = *text;
		else if (*text == '(')
			depth++;
		else if (*text == ')' && depth > 0)
			depth--;
	}
	return NULL;
}

/* Reads a name, quoted or not, and moves behind it. The caller frees. */
static char *read_name(const char **text)
{
	GString *name = g_string_new(NULL);
	char quote = strchr("`\"", **text) ? **text : '\0';

	if (!quote) {
		gsize length = strcspn(*text, ". ");

		g_string_append_len(name, *text, (gssize)length);
		*text += length;
		return g_string_free(name, FALSE);
	}
	for ((*text)++; **text; (*text)++) {
		if (**text == quote && *++*text != quote)
			break;
		g_string_append_c(name, **text);
	}
	return g_string_free(name, FALSE);
}

static gboolean is_view(const char *object, const char *database, const char *view)
{
	g_autofree char *first = read_name(&object);

	if (*object != '.')
		return FALSE;
	object++;
	g_autofree char *second = read_name(&object);
	/* Case is ignored: on some servers these names have none. */
	return *object == '\0' && g_ascii_strcasecmp(first, database) == 0 &&
		g_ascii_strcasecmp(second, view) == 0;
}

/* Whether `privilege` is `word`, possibly with a list of columns behind it. */
static gboolean is_privilege(const char *privilege, const char *word)
{
	gsize length = strlen(word);

	return g_ascii_strncasecmp(privilege, word, length) == 0 &&
		(privilege[length] == '\0' || g_str_has_prefix(privilege + length, " ("));
}

/* Which of the procedures that are meant the object is, or -1. */
static int find_procedure(const char *object, const struct crm_grants_meant *meant)
{
	static const char prefix[] = "PROCEDURE ";

	if (!g_str_has_prefix(object, prefix))
		return -1;
	for (guint i = 0; i < G_N_ELEMENTS(meant->procedures); i++) {
		const char *name = meant->procedures[i];
		const char *dot = name ? strchr(name, '.') : NULL;
		g_autofree char *database = dot ? g_strndup(name, (gsize)(dot - name)) : g_strdup(meant->database);

		if (name && *name && is_view(object + strlen(prefix), database, dot ? dot + 1 : name))
			return (int)i;
	}
	return -1;
}

/*
 * Each privilege, separated by commas outside parentheses. Returns whether all of them are fine
 * there.
 */
static gboolean take_privileges(struct crm_grants *grants, char *privileges, gboolean on_view, gboolean on_all)
{
	gboolean fine = TRUE;

	for (char *next; privileges; privileges = next) {
		char *comma = (char *)find_word(privileges, ",");

		next = comma ? comma + 1 : NULL;
		if (comma)
			*comma = '\0';
		g_strstrip(privileges);
		if (on_view && is_privilege(privileges, "SELECT"))
			grants->may_select = TRUE;
		else if (on_view && strcmp(privileges, "SHOW VIEW") == 0)
			grants->may_show_view = TRUE;
		else if (!on_all || strcmp(privileges, "USAGE") != 0)
			fine = FALSE;
	}
	return fine;
}

/* "role TO user" or "privileges ON object TO user", behind "GRANT ". */
static void take_grant(struct crm_grants *grants, const char *text, const struct crm_grants_meant *meant)
{
	const char *to = find_word(text, " TO ");
	const char *on = find_word(text, " ON ");

	if (!to) {
		add_excess(grants, not_understood, strlen(not_understood));
		return;
	}
	if (!on || on > to) {
		g_autofree char *role = g_strdup_printf("role %.*s", (int)(to - text), text);

		add_excess(grants, role, strlen(role));
		return;
	}
	const char *object_start = on + strlen(" ON ");
	g_autofree char *object = g_strndup(object_start, to > object_start ? (gsize)(to - object_start) : 0);
	g_autofree char *privileges = g_strndup(text, (gsize)(on - text));
	int procedure = find_procedure(object, meant);
	if (procedure >= 0 && strcmp(g_strstrip(privileges), "EXECUTE") == 0)
		grants->may_execute[procedure] = TRUE;
	else if (!take_privileges(grants, privileges, is_view(object, meant->database, meant->view), strcmp(object, "*.*") == 0))
		add_excess(grants, text, (gsize)(to - text));
	if (find_word(to, " WITH GRANT OPTION") || find_word(to, " WITH ADMIN OPTION")) {
		g_autofree char *option = g_strdup_printf("GRANT OPTION ON %s", object);

		add_excess(grants, option, strlen(option));
	}
}

void crm_grants_take(
	struct crm_grants *grants, const char *line, gsize length, const struct crm_grants_meant *meant)
{
	g_autofree char *text = g_strndup(line, length);

	/* Which of the granted roles is active at first; the roles themselves have their own lines. */
	if (g_str_has_prefix(text, "SET DEFAULT ROLE "))
		return;
	if (g_str_has_prefix(text, "GRANT "))
		take_grant(grants, text + strlen("GRANT "), meant);
	else
		add_excess(grants, not_understood, strlen(not_understood));
}
