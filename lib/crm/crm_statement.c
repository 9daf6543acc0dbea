/*
 * One statement: sent once as text, its rows read straight from the wire, so that a list of a million takes no memory here. Not prepared: there is
 * nothing to bind, since every value is a hexadecimal literal (crm_sql.c), and preparing costs two more trips to the server, which would plan each
 * statement twice. One text is one statement, because CLIENT_MULTI_STATEMENTS is never asked for. mysql_fetch_row() returning NULL is not yet the end of the
 * list: only when the connection has no error is it (DESIGN section 5, [M]).
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/crm/crm_private.h"

struct crm_statement {
	struct crm *crm;
	MYSQL_RES *result;
	guint columns;
	gboolean at_end;
	struct crm_cell cells[CRM_COLUMNS];
};

static gboolean fail(struct crm_statement *statement)
{
	guint code = mysql_errno(statement->crm->mysql);

	if (code)
		return crm_fail_mysql(statement->crm, code, mysql_error(statement->crm->mysql), FALSE);
	return crm_fail(statement->crm, CRM_TROUBLE_OTHER, "the client library failed without a reason");
}

static gboolean execute(struct crm_statement *statement, enum crm_query query, const struct crm_values *values)
{
	MYSQL *mysql = statement->crm->mysql;
	char *text = crm_sql_text(statement->crm, query, values);
	gsize length = strlen(text);
	gboolean good = mysql_real_query(mysql, text, length) == 0;

	explicit_bzero(text, length);
	g_free(text);
	if (!good)
		return fail(statement);
	statement->crm->answered = TRUE;
	statement->columns = mysql_field_count(mysql);
	if (statement->columns == 0 || statement->columns > CRM_COLUMNS)
		return crm_fail(statement->crm, CRM_TROUBLE_OTHER, "%u columns in an answer", statement->columns);
	statement->result = mysql_use_result(mysql);
	return statement->result || fail(statement);
}

struct crm_statement *crm_statement_open(struct crm *crm, enum crm_query query, const struct crm_values *values)
{
	struct crm_statement *statement = g_new0(struct crm_statement, 1);

	statement->crm = crm;
	/* Columns that an answer does not have: a server may send fewer than were asked for. */
	for (guint i = 0; i < CRM_COLUMNS; i++)
		statement->cells[i] = (struct crm_cell){.data = "", .null = TRUE};
	crm->deadline = deadline_in((guint)settings_number(crm->settings, SET_query_deadline, NULL));
	if (execute(statement, query, values))
		return statement;
	crm_statement_close(statement);
	return NULL;
}

static void fill_cells(struct crm_statement *statement, MYSQL_ROW row)
{
	const unsigned long *lengths = mysql_fetch_lengths(statement->result);

	for (guint i = 0; i < statement->columns; i++)
		statement->cells[i] = (struct crm_cell){
			.data = row[i] ? row[i] : "",
			.length = row[i] ? MIN(lengths[i], CRM_CELL_SIZE) : 0,
			.null = row[i] == NULL,
			.truncated = row[i] && lengths[i] > CRM_CELL_SIZE,
		};
}

enum crm_step crm_statement_next(struct crm_statement *statement, const struct crm_cell **cells)
{
	MYSQL_ROW row = mysql_fetch_row(statement->result);

	if (row) {
		/* The library's own timeout starts anew with each piece that trickles in; this one does not. */
		if (deadline_passed(statement->crm->deadline)) {
			crm_fail(statement->crm, CRM_TROUBLE_TIME, "rows came too slowly");
			return CRM_BROKEN;
		}
		fill_cells(statement, row);
		*cells = statement->cells;
		return CRM_ROW;
	}
	if (mysql_errno(statement->crm->mysql)) {
		fail(statement);
		return CRM_BROKEN;
	}
	statement->at_end = TRUE;
	return CRM_END;
}

void crm_statement_close(struct crm_statement *statement)
{
	if (!statement)
		return;
	if (!statement->at_end)
		crm_disconnect(statement->crm);
	if (statement->result) {
		/* With its connection it would first read whatever is still to come, a million rows or a server that hangs; and that one is gone now. */
		statement->result->handle = NULL;
		mysql_free_result(statement->result);
	}
	explicit_bzero(statement, sizeof(*statement));
	g_free(statement);
}
