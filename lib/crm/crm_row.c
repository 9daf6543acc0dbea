/*
 * What rules may ask about beside roles: a further column of the author's own row on a list, and how many rows the list has.
 *
 * A column is a name from a scenario: it must be one of the view's, and goes into the question quoted. Its value is text as the
 * server writes it. Where a person has several rows that say different things, none of them is right: that is trouble,
 * not a guess. Knowingly not here: asking about more than one column at once; a scenario asks for one or two.
 */
#include <string.h>

#include "lib/crm/crm_private.h"

struct row {
	const struct crm_question *question;
	const char *key;
	char *value;       /* NULL: NULL, or no row yet */
	gboolean found;    /* a row of this person was read */
	gboolean missing;  /* the view has no such column */
};

gboolean crm_column_is_name(const char *name)
{
	gsize length = strlen(name);

	return length > 0 && length <= CRM_COLUMN_NAME &&
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static gboolean take_value(struct crm *crm, struct row *row, const struct crm_cell *cell)
{
	const char *column = row->question->column;

	if (cell->truncated)
		return crm_fail(crm, CRM_TROUBLE_OTHER, "column '%s' of a person has more than %d bytes", column, CRM_CELL_SIZE);
	g_autofree char *value = cell->null ? NULL : g_utf8_make_valid(cell->data, (gssize)cell->length);
	if (row->found && g_strcmp0(value, row->value) != 0)
		return crm_fail(crm, CRM_TROUBLE_OTHER, "rows of one person disagree about column '%s'", column);
	row->found = TRUE;
	g_free(row->value);
	row->value = g_steal_pointer(&value);
	return TRUE;
}

static gboolean read_rows(struct crm *crm, struct row *row, const struct crm_values *values)
{
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_COLUMN, values);
	g_autoptr(GString) normal = g_string_new(NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		if (crm_list_is(crm, &cells[0], row->question->list) && crm_person_is(&cells[1], row->key, normal) &&
			!take_value(crm, row, &cells[2]))
			return FALSE;
	return step == CRM_END;
}

static gboolean column_work(struct crm *crm, void *context)
{
	struct row *row = context;
	const struct crm_question *question = row->question;

	/* A view that information_schema shows nothing of says itself what is wrong with it. */
	if (g_hash_table_size(crm->names) > 0 && !crm_columns_type(crm, question->column)) {
		row->missing = TRUE;
		return crm_fail(crm, CRM_TROUBLE_SCHEMA, "the view has no column '%s', which the list's rules ask for",
			question->column);
	}
	g_auto(GStrv) names = crm_list_spellings_of(crm, question->list);
	g_autoptr(GPtrArray) addresses = crm_person_spellings(question->person);
	const struct crm_values values = {
		.names = (const char *const *)names,
		.addresses = (const char *const *)addresses->pdata,
		.column = question->column,
	};
	return read_rows(crm, row, &values);
}

enum crm_result crm_column(struct crm *crm, const struct crm_question *question, char **value, struct verdict *verdict)
{
	g_autofree char *key = address_key(question->person);
	struct row row = {.question = question, .key = key};

	*value = NULL;
	if (!crm_ask(crm, column_work, &row, question->list, verdict)) {
		g_free(row.value);
		if (row.missing)
			*verdict = verdict_deferred("4.3.5", "the member directory has no column '%s', which the list's rules ask for",
				question->column);
		return CRM_TROUBLE;
	}
	*value = row.value;
	return row.found ? CRM_FOUND : CRM_NOT_FOUND;
}

/* ---- how many ---- */

struct total {
	const char *list;
	guint rows;
};

static gboolean total_work(struct crm *crm, void *context)
{
	struct total *total = context;
	g_autofree char *spelling = NULL;

	return crm_list_count(crm, total->list, &spelling, &total->rows);
}

enum crm_result crm_total(struct crm *crm, const char *list, guint *members, struct verdict *verdict)
{
	struct total total = {.list = list};

	*members = 0;
	if (!crm_ask(crm, total_work, &total, list, verdict))
		return CRM_TROUBLE;
	*members = total.rows;
	return CRM_FOUND;
}

/* ---- does a column exist ---- */

struct look {
	const char *column;
	gboolean is_there;
};

static gboolean look_work(struct crm *crm, void *context)
{
	struct look *look = context;

	look->is_there = crm_columns_type(crm, look->column) != NULL;
	return TRUE;
}

enum crm_result crm_has_column(struct crm *crm, const char *column, struct verdict *verdict)
{
	struct look look = {.column = column};

	if (!crm_run(crm, look_work, &look, NULL, verdict))
		return CRM_TROUBLE;
	return look.is_there ? CRM_FOUND : CRM_NOT_FOUND;
}
