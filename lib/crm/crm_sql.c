/*
 * Every SQL text of this room, and nothing else. {view} and the columns are filled in, quoted,
 * from the settings.
 *
 * Values are hexadecimal literals, {name}, {names} and {addresses}: whatever bytes they have,
 * only 0-9 and A-F reach the server's parser, so there is nothing to escape. Placeholders would
 * do the same, but MariaDB does not push a condition with a placeholder down into a view that it
 * must materialise (DISTINCT, ORDER BY; measured on 10.11): each question about one list would
 * then read all lists, 6 s instead of 0.2 s among 310,000 rows.
 *
 * What the texts count on: an index that begins with the list (or, where the view joins, on the
 * list's name), and one on the address; `column = value` in the column's own collation reaches
 * them. Capital and small letters: collations of MySQL do not tell them apart unless they end in
 * _bin or _cs; for these, and for binary columns, {list~} and {address~} become CONVERT(… USING
 * utf8mb4), whose collation does not either, at the price of the index. So they do when a value
 * has letters that the column's character set may lack, which is an error to MySQL. {bytes} is
 * the list's value as UTF-8 bytes, which compare exactly: no case, no accents, no padding.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_private.h"

/*
 * Words that mean "no" in a role column (see crm_rows.c); what is left may be a yes, and
 * crm_rows_truth() says.
 */
#define NOT_FALSE " NOT IN ('', '0', 'no', 'n', 'false', 'f', 'off')"
#define THIS_LIST " WHERE {list} = {name} AND {bytes} = {name}"

static const char *const texts[CRM_SQL_QUERIES] = {
	[CRM_SQL_COLUMNS] = "SELECT COLUMN_NAME, DATA_TYPE, COLLATION_NAME FROM information_schema.COLUMNS"
			    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {name}",
	[CRM_SQL_SPELLINGS] = "SELECT DISTINCT {bytes} FROM {view} WHERE {list~} IN ({names}) LIMIT 20",
	[CRM_SQL_COUNT] = "SELECT {bytes}, COUNT(*) FROM {view} WHERE {list~} IN ({names}) GROUP BY 1",
	/* Number and rows in one statement, which sees one moment of the tables whatever their engine; see crm_members.c. */
	[CRM_SQL_MEMBERS] = "SELECT {bytes}, COUNT(*), NULL, NULL FROM {view} WHERE {list~} IN ({names}) GROUP BY 1"
			    " UNION ALL SELECT NULL, NULL, {address}, {mode} FROM {view}" THIS_LIST,
	[CRM_SQL_OWNERS] = "SELECT {address}, {owner} FROM {view}" THIS_LIST " AND {owner}" NOT_FALSE,
	[CRM_SQL_MODERATORS] = "SELECT {address}, {moderator} FROM {view}" THIS_LIST " AND {moderator}" NOT_FALSE,
	[CRM_SQL_PERSON] = "SELECT {bytes}, {address}, {owner}, {moderator} FROM {view}"
			   " WHERE {list~} IN ({names}) AND {address~} IN ({addresses})",
	[CRM_SQL_COLUMN] = "SELECT {bytes}, {address}, {column} FROM {view}"
			   " WHERE {list~} IN ({names}) AND {address~} IN ({addresses})",
	[CRM_SQL_CALL] = "CALL {procedure}({name}, {addresses})",
	[CRM_SQL_HAS_MODERATOR] = "SELECT {bytes}, {address}, {moderator} FROM {view}"
				  " WHERE {list~} IN ({names}) AND {moderator}" NOT_FALSE " LIMIT 20",
	[CRM_SQL_KNOWN_LISTS] = "SELECT DISTINCT {bytes} FROM {view} WHERE {list~} IN ({names})",
	[CRM_SQL_LISTS] = "SELECT {bytes}, {owner}, {moderator}, COUNT(*) FROM {view} GROUP BY 1, 2, 3",
	[CRM_SQL_VIEW] = "SELECT {list}, {address}, {mode}, {owner} FROM {view} WHERE {moderator} IS NULL LIMIT 0",
	[CRM_SQL_NAMES] = "SELECT DISTINCT {bytes} FROM {view}",
	[CRM_SQL_DATABASE] = "SELECT DATABASE()",
	[CRM_SQL_GRANTS] = "SHOW GRANTS",
	[CRM_SQL_TLS_VERSION] = "SHOW SESSION STATUS LIKE 'Ssl_version'",
};

const char *crm_sql_column(const struct crm *crm, enum crm_view_column column)
{
	static const enum setting names[CRM_VIEW_COLUMNS] = {
		[CRM_COLUMN_LIST] = SET_column_list,
		[CRM_COLUMN_ADDRESS] = SET_column_address,
		[CRM_COLUMN_MODE] = SET_column_mode,
		[CRM_COLUMN_OWNER] = SET_column_owner,
		[CRM_COLUMN_MODERATOR] = SET_column_moderator,
	};

	return settings_text(crm->settings, names[column], NULL);
}

gboolean crm_sql_is_exact(const struct crm *crm, enum crm_view_column column)
{
	const struct crm_column *shape = &crm->columns[column];

	return shape->type[0] != '\0' && !g_str_has_suffix(shape->collation, "_ci");
}

/* utf8mb3 lacks letters, too. */
static gboolean has_all_letters(const struct crm_column *column)
{
	return column->type[0] == '\0' || g_str_has_prefix(column->collation, "utf8mb4");
}

/* A backtick inside a name is doubled: then no name can end its quotes. */
static void append_quoted(GString *out, const char *name)
{
	g_string_append_c(out, '`');
	for (; *name; name++) {
		if (*name == '`')
			g_string_append_c(out, '`');
		g_string_append_c(out, *name);
	}
	g_string_append_c(out, '`');
}

static void append_literal(GString *out, const char *value)
{
	g_string_append(out, "_utf8mb4 X'");
	for (; *value; value++)
		g_string_append_printf(out, "%02X", (unsigned char)*value);
	g_string_append_c(out, '\'');
}

static void append_literals(GString *out, const char *const *values)
{
	for (guint i = 0; values[i]; i++) {
		if (i > 0)
			g_string_append(out, ", ");
		append_literal(out, values[i]);
	}
}

static gboolean is_wide(const char *const *values)
{
	for (; values && *values; values++)
		if (text_has_8bit(*values, strlen(*values)))
			return TRUE;
	return FALSE;
}

static void append_converted(GString *out, const char *name)
{
	g_string_append(out, "CONVERT(");
	append_quoted(out, name);
	g_string_append(out, " USING utf8mb4)");
}

static void append_comparable(GString *out, const struct crm *crm, enum crm_view_column column, gboolean wide)
{
	const char *name = crm_sql_column(crm, column);

	if (crm_sql_is_exact(crm, column) || (wide && !has_all_letters(&crm->columns[column])))
		append_converted(out, name);
	else
		append_quoted(out, name);
}

static void append_bytes(GString *out, const char *name)
{
	g_string_append(out, "CAST(");
	append_converted(out, name);
	g_string_append(out, " AS BINARY)");
}

/* A name that may have its database before it. */
static void append_parts(GString *out, const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, ".", 2);

	for (char **part = parts; *part; part++) {
		g_string_append(out, part == parts ? "" : ".");
		append_quoted(out, *part);
	}
}

/* Any column as text; the bytes of a BIT would be none. */
static void append_text(GString *out, const struct crm *crm, const char *name)
{
	g_string_append(out, "CONVERT(");
	append_quoted(out, name);
	g_string_append(out, g_strcmp0(crm_columns_type(crm, name), "bit") == 0 ? " + 0 USING utf8mb4)" : " USING utf8mb4)");
}

/* The columns that are written the same in every query. */
static gboolean append_column(GString *out, const struct crm *crm, const char *mark)
{
	static const char *const marks[CRM_VIEW_COLUMNS] = {
		[CRM_COLUMN_LIST] = "list",
		[CRM_COLUMN_ADDRESS] = "address",
		[CRM_COLUMN_MODE] = "mode",
		[CRM_COLUMN_OWNER] = "owner",
		[CRM_COLUMN_MODERATOR] = "moderator",
	};

	for (int i = 0; i < CRM_VIEW_COLUMNS; i++)
		if (strcmp(marks[i], mark) == 0) {
			append_quoted(out, crm_sql_column(crm, (enum crm_view_column)i));
			return TRUE;
		}
	return FALSE;
}

static void append_mark(GString *out, const struct crm *crm, const char *mark, const struct crm_values *values)
{
	if (append_column(out, crm, mark))
		return;
	if (strcmp(mark, "view") == 0)
		append_quoted(out, settings_text(crm->settings, SET_view, NULL));
	else if (strcmp(mark, "bytes") == 0)
		append_bytes(out, crm_sql_column(crm, CRM_COLUMN_LIST));
	else if (strcmp(mark, "list~") == 0)
		append_comparable(out, crm, CRM_COLUMN_LIST, is_wide(values->names));
	else if (strcmp(mark, "address~") == 0)
		append_comparable(out, crm, CRM_COLUMN_ADDRESS, is_wide(values->addresses));
	else if (strcmp(mark, "column") == 0)
		append_text(out, crm, values->column);
	else if (strcmp(mark, "procedure") == 0)
		append_parts(out, values->procedure);
	else if (strcmp(mark, "name") == 0)
		append_literal(out, values->names[0]);
	else if (strcmp(mark, "names") == 0)
		append_literals(out, values->names);
	else if (strcmp(mark, "addresses") == 0)
		append_literals(out, values->addresses);
	else
		log_panic("crm_sql_text: {%s}", mark);
}

char *crm_sql_text(const struct crm *crm, enum crm_query query, const struct crm_values *values)
{
	GString *out = g_string_sized_new(1024);
	const char *place = texts[query];

	for (const char *open, *close; (open = strchr(place, '{')); place = close + 1) {
		close = strchr(open, '}');
		g_autofree char *mark = g_strndup(open + 1, (gsize)(close - open - 1));

		g_string_append_len(out, place, open - place);
		append_mark(out, crm, mark, values);
	}
	g_string_append(out, place);
	return g_string_free(out, FALSE);
}

char **crm_sql_session(const struct crm *crm)
{
	gboolean is_mariadb = strstr(mysql_get_server_info(crm->mysql), "MariaDB") != NULL;
	int seconds = (int)settings_number(crm->settings, SET_query_deadline, NULL);
	char **texts_of_session = g_new0(char *, 3);

	/* Without this level a consistent snapshot is none; and nothing is changed by mistake, only where crm_call.c says so. */
	texts_of_session[0] = g_strdup("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
	/* A lock on the view (somebody alters it) is waited for no longer than for an answer. */
	texts_of_session[1] = g_strdup_printf("SET SESSION character_set_client = utf8mb4,"
		" character_set_results = utf8mb4, collation_connection = utf8mb4_general_ci, sql_mode = '',"
		" autocommit = 1, wait_timeout = 600, lock_wait_timeout = %d, %s = %d%s", seconds,
		is_mariadb ? "max_statement_time" : "max_execution_time", seconds, is_mariadb ? "" : "000");
	return texts_of_session;
}
