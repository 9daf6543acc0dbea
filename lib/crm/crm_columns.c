/*
 * The types and collations of the view's columns, from information_schema. They decide how
 * addresses are compared (crm_sql.c) and name the column that somebody changed. Looked at once a
 * minute on a connection: a view is altered rarely, and a comparison in the old way for a minute
 * finds nothing wrong, only perhaps less. Knowingly not done: taking "no answer" for a reason.
 * Where information_schema shows nothing (an invalid view, a missing right) the query itself will
 * say why, and better.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/crm/crm_private.h"

enum { LOOK_AGAIN = 60 /* seconds */ };

static gboolean is_one_of(const char *type, const char *const *types)
{
	for (; *types; types++)
		if (g_ascii_strcasecmp(type, *types) == 0)
			return TRUE;
	return FALSE;
}

gboolean crm_columns_is_text(const struct crm_column *column)
{
	static const char *const types[] = {"", "char", "varchar", "tinytext", "text", "mediumtext", "longtext",
		"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "enum", "set", NULL};

	return is_one_of(column->type, types);
}

gboolean crm_columns_is_truth(const struct crm_column *column)
{
	static const char *const types[] = {"", "tinyint", "smallint", "mediumint", "int", "bigint", "decimal",
		"bit", "char", "varchar", "enum", NULL};

	return is_one_of(column->type, types);
}

static void copy_cell(char *out, gsize size, const struct crm_cell *cell)
{
	gsize length = cell->null ? 0 : MIN(cell->length, size - 1);

	memcpy(out, cell->data, length);
	out[length] = '\0';
}

/* Names of columns are never told apart by case. */
static void take_row(struct crm *crm, const struct crm_cell *cells)
{
	struct crm_column column = {0};

	copy_cell(column.type, sizeof(column.type), &cells[1]);
	if (!cells[0].null && !cells[0].truncated)
		g_hash_table_insert(crm->names, g_ascii_strdown(cells[0].data, (gssize)cells[0].length), g_strdup(column.type));
	for (int i = 0; i < CRM_VIEW_COLUMNS; i++) {
		const char *name = crm_sql_column(crm, (enum crm_view_column)i);

		if (!text_equal_ascii_case(cells[0].data, cells[0].length, name))
			continue;
		copy_cell(crm->columns[i].type, sizeof(crm->columns[i].type), &cells[1]);
		copy_cell(crm->columns[i].collation, sizeof(crm->columns[i].collation), &cells[2]);
	}
}

static gboolean read_columns(struct crm *crm)
{
	const char *const view[] = {settings_text(crm->settings, SET_view, NULL), NULL};
	const struct crm_values values = {.names = view};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_COLUMNS, &values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	memset(crm->columns, 0, sizeof(crm->columns));
	g_hash_table_remove_all(crm->names);
	if (!statement)
		return FALSE;
	while ((step = crm_statement_next(statement, &cells)) == CRM_ROW)
		take_row(crm, cells);
	return step == CRM_END;
}

const char *crm_columns_type(const struct crm *crm, const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	return g_hash_table_lookup(crm->names, lower);
}

gboolean crm_columns_look(struct crm *crm)
{
	if (g_get_monotonic_time() < crm->columns_until)
		return TRUE;
	if (!read_columns(crm))
		return FALSE;
	crm->columns_until = g_get_monotonic_time() + LOOK_AGAIN * (gint64)G_USEC_PER_SEC;
	if (!crm_columns_is_text(&crm->columns[CRM_COLUMN_ADDRESS]))
		return crm_fail(crm, CRM_TROUBLE_SCHEMA, "column '%s' is of type %s, expected text",
			crm_sql_column(crm, CRM_COLUMN_ADDRESS), crm->columns[CRM_COLUMN_ADDRESS].type);
	return TRUE;
}
