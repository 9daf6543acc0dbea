/*
 * What is so with the CRM, for `rollcall check` and for the start of dispatch; see crm.h. Each
 * finding says what is so and, where an admin can do something, what. Knowingly not done: looking at people's rows. Whether
 * addresses are good shows when a list is read, in the log.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_grants.h"
#include "lib/crm/crm_private.h"

enum { SLOW_QUESTION = 400 * 1000 }; /* microseconds: a line to the other side of the world takes 300 ms, there and back */

struct check {
	struct crm *crm;
	GArray *findings;
	char *database;
};

void crm_finding_clear(struct crm_finding *finding)
{
	g_clear_pointer(&finding->text, g_free);
}

static void add(struct check *check, enum crm_finding_level level, gboolean refuse, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

static void add(struct check *check, enum crm_finding_level level, gboolean refuse, const char *format, ...)
{
	struct crm_finding finding = {.level = level, .refuse = refuse};
	va_list arguments;

	va_start(arguments, format);
	finding.text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_array_append_val(check->findings, finding);
}

/* What to do about the finding that was added last. */
static void todo(struct check *check, const char *text)
{
	g_array_index(check->findings, struct crm_finding, check->findings->len - 1).todo = text;
}

/* The latched error as a finding; the next question starts afresh. */
static void add_error(struct check *check, gboolean refuse)
{
	g_autofree char *text = crm_error_text(check->crm);

	add(check, CRM_BAD, refuse, "%s", text);
	todo(check, crm_error_todo(check->crm));
	crm_error_clear(check->crm);
}

/*
 * The cell of the first row of a query, by column; NULL with nothing latched when there is no
 * row, and with an error latched and the connection gone when there was no answer. The caller frees.
 */
static char *ask(struct check *check, enum crm_query query, guint column)
{
	crm_auto_statement struct crm_statement *statement = crm_statement_open(check->crm, query, NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;
	char *value = NULL;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		if (!value && !cells[column].null)
			value = text_printable_dup(cells[column].data, cells[column].length, CRM_TEXT_LIMIT);
	return value;
}

/* FALSE when the file cannot be used: a connection would only say so again. */
static gboolean check_options(struct check *check)
{
	const struct settings *settings = check->crm->settings;
	struct crm_options options;
	g_autoptr(GError) error = NULL;
	gboolean usable = crm_options_read(settings, &options, &error);

	if (settings_boolean(settings, SET_insecure_i_know, NULL))
		add(check, CRM_WARNING, FALSE,
			"insecure_i_know is set: password and members may travel without verified TLS");
	if (!usable) {
		add(check, CRM_BAD, TRUE, "option file: %s", error->message);
		todo(check, crm_options_todo(error));
	} else {
		for (guint i = 0; i < options.ignored->len; i++)
			add(check, CRM_WARNING, FALSE, "option file: '%s' is not used here",
				(const char *)options.ignored->pdata[i]);
		if (!options.user)
			add(check, CRM_WARNING, FALSE, "option file: no user is named");
	}
	crm_options_clear(&options);
	return usable;
}

static void check_tls(struct check *check)
{
	struct crm *crm = check->crm;

	if (!crm->uses_tls) {
		add(check, CRM_WARNING, FALSE, "the connection is not encrypted (insecure_i_know)");
		return;
	}
	g_autofree char *version = ask(check, CRM_SQL_TLS_VERSION, 1);
	if (!crm->mysql) {
		add_error(check, FALSE);
		return;
	}
	add(check, CRM_GOOD, FALSE, "TLS: %s with %s, %s", version ? version : "version unknown",
		mysql_get_ssl_cipher(crm->mysql),
		settings_boolean(crm->settings, SET_insecure_i_know, NULL)
			? "name of the server not verified (insecure_i_know)"
			: "certificate and name of the server verified");
}

static gboolean read_grants(struct check *check, struct crm_grants *grants)
{
	crm_auto_statement struct crm_statement *statement = crm_statement_open(check->crm, CRM_SQL_GRANTS, NULL);
	const struct crm_grants_meant meant = {
		.database = check->database,
		.view = settings_text(check->crm->settings, SET_view, NULL),
		.procedures = {settings_text(check->crm->settings, SET_subscribe_procedure, NULL),
			settings_text(check->crm->settings, SET_unsubscribe_procedure, NULL)},
	};
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		crm_grants_take(grants, cells[0].data, cells[0].length, &meant);
	return step == CRM_END;
}

static void check_procedures(struct check *check, const struct crm_grants *grants)
{
	static const enum setting procedures[] = {SET_subscribe_procedure, SET_unsubscribe_procedure};

	for (guint i = 0; i < G_N_ELEMENTS(procedures); i++) {
		const char *name = settings_text(check->crm->settings, procedures[i], NULL);

		if (*name && !crm_call_is_name(name))
			add(check, CRM_BAD, TRUE, "%s: \"%s\" is no name of a procedure: expected NAME or DATABASE.NAME",
				settings_row(procedures[i])->name, name);
		else if (*name && !grants->may_execute[i] &&
			!(i == 1 && strcmp(name, settings_text(check->crm->settings, procedures[0], NULL)) == 0))
			add(check, CRM_BAD, FALSE, "grants: the CRM user may not EXECUTE %s (setting %s)", name,
				settings_row(procedures[i])->name);
	}
}

static void check_grants(struct check *check)
{
	gboolean refuse = settings_is(check->crm->settings, SET_excess_grants, NULL, "refuse");
	const char *view = settings_text(check->crm->settings, SET_view, NULL);
	struct crm_grants grants = {0};

	if (!read_grants(check, &grants)) {
		add_error(check, FALSE);
	} else {
		if (!grants.may_select) {
			add(check, CRM_BAD, FALSE, "grants: the CRM user may not SELECT from `%s`.`%s` by a grant for it alone",
				check->database, view);
			todo(check, "is that its name (setting view)? What the user needs is in schema/grants.sql");
		}
		for (guint i = 0; grants.excess && i < grants.excess->len; i++) {
			add(check, refuse ? CRM_BAD : CRM_WARNING, refuse,
				"grants: the CRM user may more than it is there for: %s", (const char *)grants.excess->pdata[i]);
			todo(check, grants.may_select ? "revoke it (see excess_grants)" : "revoke it, unless the setting view is wrong and this is for the view");
		}
		if (!grants.may_show_view)
			add(check, CRM_WARNING, FALSE, "grants: without SHOW VIEW on the view its errors stay vague");
		check_procedures(check, &grants);
		if (grants.may_select && !grants.excess)
			add(check, CRM_GOOD, FALSE, grants.may_execute[0] || grants.may_execute[1]
					? "grants: the CRM user may read the view, call what it is there for, and nothing else"
					: "grants: the CRM user may read the view and nothing else");
	}
	crm_grants_clear(&grants);
}

static void check_column(struct check *check, enum crm_view_column place)
{
	const struct crm_column *column = &check->crm->columns[place];
	const char *name = crm_sql_column(check->crm, place);
	gboolean is_key = place == CRM_COLUMN_LIST || place == CRM_COLUMN_ADDRESS;
	gboolean is_role = place == CRM_COLUMN_OWNER || place == CRM_COLUMN_MODERATOR;
	gboolean fits = is_role ? crm_columns_is_truth(column) : crm_columns_is_text(column);

	if (column->type[0] == '\0')
		add(check, CRM_BAD, FALSE, "view: column '%s' is missing (or may not be read)", name);
	else if (!fits)
		add(check, is_key ? CRM_BAD : CRM_WARNING, FALSE,
			"view: column '%s' is of type %s, which is not meant here", name, column->type);
	else if (is_key && crm_sql_is_exact(check->crm, place))
		add(check, CRM_WARNING, FALSE,
			"view: column '%s' (%s) tells capital from small letters apart;"
			" we do not, which keeps its index from being used",
			name, *column->collation ? column->collation : column->type);
}

static gboolean has_a_column(const struct crm *crm)
{
	for (int i = 0; i < CRM_VIEW_COLUMNS; i++)
		if (crm->columns[i].type[0] != '\0')
			return TRUE;
	return FALSE;
}

static void check_view(struct check *check)
{
	struct crm *crm = check->crm;

	/* A type that is wrong is told by check_column(), in the same breath as the others. */
	if (!crm_columns_look(crm) && crm->error.trouble != CRM_TROUBLE_SCHEMA) {
		add_error(check, FALSE);
		return;
	}
	crm_error_clear(crm);
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_VIEW, NULL);
	const struct crm_cell *cells;
	guint before = check->findings->len;

	if (!statement || crm_statement_next(statement, &cells) != CRM_END)
		add_error(check, FALSE);
	/* No such view, or no way to it: that has been said, and is not the columns' fault. */
	if (check->findings->len > before && !has_a_column(crm))
		return;
	for (int i = 0; i < CRM_VIEW_COLUMNS; i++)
		check_column(check, (enum crm_view_column)i);
	if (check->findings->len == before)
		add(check, CRM_GOOD, FALSE, "view: `%s` has all columns",
			settings_text(crm->settings, SET_view, NULL));
}

/*
 * A name that can be no list is a list that nobody can write to; two for one address are refused
 * when used.
 */
static void check_name(struct check *check, GHashTable *seen, const struct crm_cell *cell)
{
	g_autofree char *value =
		cell->null ? g_strdup("NULL") : text_printable_dup(cell->data, cell->length, CRM_TEXT_LIMIT);
	char *address = cell->null || cell->truncated
		? NULL : list_address_from_column(check->crm->settings, cell->data, cell->length);

	if (!address)
		add(check, CRM_WARNING, FALSE,
			"lists: '%s' is no list of ours (name not usable, or another domain)", value);
	else if (!g_hash_table_add(seen, address))
		add(check, CRM_BAD, FALSE,
			"lists: '%s' is one of several with the same address: no post is taken for it", value);
}

static void check_names(struct check *check)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	crm_auto_statement struct crm_statement *statement = crm_statement_open(check->crm, CRM_SQL_NAMES, NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		check_name(check, seen, &cells[0]);
	if (step != CRM_END)
		add_error(check, FALSE);
	else
		add(check, CRM_GOOD, FALSE, "lists: %u in the view", g_hash_table_size(seen));
}

/* A line that is long, or a server that is busy, is no error; but who wonders why posts take their time should find it here. */
static void check_speed(struct check *check, gint64 connecting, gint64 asking)
{
	const gint64 patience = settings_number(check->crm->settings, SET_connect_deadline, NULL) * G_USEC_PER_SEC;

	if (asking < SLOW_QUESTION && connecting < patience / 2)
		return;
	add(check, CRM_WARNING, FALSE, "slow: connecting took %.1f s, and the smallest question %.1f s; a post asks three, one after the other",
		(double)connecting / G_USEC_PER_SEC, (double)asking / G_USEC_PER_SEC);
	todo(check, connecting < patience / 2 ? "look at the line to the server, and at its load" :
		"look at the line to the server, and at its load; beyond connect_deadline no post gets out");
}

static gboolean check_connection(struct check *check)
{
	struct crm *crm = check->crm;
	gint64 started = g_get_monotonic_time();

	crm_error_clear(crm);
	if (!crm_begin(crm)) {
		/* What the admin must mend before anything can work; a server that is away may come back. */
		add_error(check, crm->error.trouble == CRM_TROUBLE_OPTIONS);
		return FALSE;
	}
	g_autofree char *version = text_printable_dup(
		mysql_get_server_info(crm->mysql), strlen(mysql_get_server_info(crm->mysql)), CRM_TEXT_LIMIT);
	add(check, CRM_GOOD, FALSE, "connected to %s, server %s", mysql_get_host_info(crm->mysql), version);
	gint64 connected = g_get_monotonic_time();
	check->database = ask(check, CRM_SQL_DATABASE, 0);
	check_speed(check, connected - started, g_get_monotonic_time() - connected);
	if (!crm->mysql) {
		add_error(check, FALSE);
		return FALSE;
	}
	if (!check->database) {
		add(check, CRM_BAD, TRUE, "no database: neither [crm] database nor the option file names one");
		return FALSE;
	}
	return TRUE;
}

static GArray *run(struct crm *crm, gboolean whole)
{
	struct check check = {.crm = crm, .findings = g_array_new(FALSE, FALSE, sizeof(struct crm_finding))};

	g_array_set_clear_func(check.findings, (GDestroyNotify)crm_finding_clear);
	if (check_options(&check) && check_connection(&check)) {
		check_tls(&check);
		if (crm->mysql)
			check_grants(&check);
		if (whole && crm->mysql)
			check_view(&check);
		if (whole && crm->mysql)
			check_names(&check);
		crm_end(crm);
	}
	g_free(check.database);
	crm_error_clear(crm);
	return check.findings;
}

GArray *crm_check_start(struct crm *crm)
{
	return run(crm, FALSE);
}

GArray *crm_check(struct crm *crm)
{
	return run(crm, TRUE);
}
