/*
 * One prepared statement: executed once, its rows read straight from the wire into buffers of a
 * fixed size, so that a list of a million takes no memory here. mysql_stmt_fetch() returning "no
 * data" is not yet the end of the list: only when neither the statement nor the connection has an
 * error is it (DESIGN section 5, [M]).
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/crm/crm_private.h"

/* my_bool in one library, bool in the other. */
typedef __typeof__(*((MYSQL_BIND *)NULL)->is_null) library_bool;

struct crm_statement {
	struct crm *crm;
	MYSQL_STMT *stmt;
	guint columns;
	gboolean at_end;
	MYSQL_BIND results[CRM_COLUMNS];
	unsigned long lengths[CRM_COLUMNS];
	library_bool nulls[CRM_COLUMNS];
	struct crm_cell cells[CRM_COLUMNS];
	char buffers[CRM_COLUMNS][CRM_CELL_SIZE];
};

static gboolean fail(struct crm_statement *statement)
{
	guint code = mysql_stmt_errno(statement->stmt);

	if (code)
		return crm_fail_mysql(statement->crm, code, mysql_stmt_error(statement->stmt), FALSE);
	code = mysql_errno(statement->crm->mysql);
	if (code)
		return crm_fail_mysql(statement->crm, code, mysql_error(statement->crm->mysql), FALSE);
	return crm_fail(statement->crm, CRM_TROUBLE_OTHER, "the client library failed without a reason");
}

static gboolean bind_results(struct crm_statement *statement)
{
	statement->columns = mysql_stmt_field_count(statement->stmt);
	if (statement->columns == 0 || statement->columns > CRM_COLUMNS)
		return crm_fail(statement->crm, CRM_TROUBLE_OTHER, "%u columns in an answer", statement->columns);
	for (guint i = 0; i < statement->columns; i++) {
		statement->results[i].buffer_type = MYSQL_TYPE_STRING;
		statement->results[i].buffer = statement->buffers[i];
		statement->results[i].buffer_length = CRM_CELL_SIZE;
		statement->results[i].length = &statement->lengths[i];
		statement->results[i].is_null = &statement->nulls[i];
	}
	return mysql_stmt_bind_result(statement->stmt, statement->results) == 0 || fail(statement);
}

static gboolean execute(struct crm_statement *statement, enum crm_query query, const struct crm_values *values)
{
	char *text = crm_sql_text(statement->crm, query, values);
	gsize length = strlen(text);
	gboolean prepared = mysql_stmt_prepare(statement->stmt, text, length) == 0;

	explicit_bzero(text, length);
	g_free(text);
	if (!prepared || mysql_stmt_execute(statement->stmt) != 0)
		return fail(statement);
	return bind_results(statement);
}

struct crm_statement *crm_statement_open(struct crm *crm, enum crm_query query, const struct crm_values *values)
{
	struct crm_statement *statement = g_new0(struct crm_statement, 1);

	statement->crm = crm;
	crm->deadline = deadline_in((guint)settings_number(crm->settings, SET_query_deadline, NULL));
	statement->stmt = mysql_stmt_init(crm->mysql);
	if (!statement->stmt)
		log_fatal("crm: out of memory");
	if (execute(statement, query, values))
		return statement;
	crm_statement_close(statement);
	return NULL;
}

static void fill_cells(struct crm_statement *statement)
{
	for (guint i = 0; i < statement->columns; i++) {
		gboolean truncated = statement->lengths[i] > CRM_CELL_SIZE;

		statement->cells[i] = (struct crm_cell){
			.data = statement->buffers[i],
			.length = truncated ? CRM_CELL_SIZE : statement->lengths[i],
			.null = statement->nulls[i] != 0,
			.truncated = truncated,
		};
	}
}

enum crm_step crm_statement_next(struct crm_statement *statement, const struct crm_cell **cells)
{
	int result = mysql_stmt_fetch(statement->stmt);

	if (result == 0 || result == MYSQL_DATA_TRUNCATED) {
		/* The library's own timeout starts anew with each piece that trickles in; this one does not. */
		if (deadline_passed(statement->crm->deadline)) {
			crm_fail(statement->crm, CRM_TROUBLE_TIME, "rows came too slowly");
			return CRM_BROKEN;
		}
		fill_cells(statement);
		*cells = statement->cells;
		return CRM_ROW;
	}
	if (result != MYSQL_NO_DATA || mysql_stmt_errno(statement->stmt) || mysql_errno(statement->crm->mysql)) {
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
	/* mysql_stmt_close() would first read whatever is still to come, a million rows or a server that hangs. */
	if (!statement->at_end)
		crm_disconnect(statement->crm);
	mysql_stmt_close(statement->stmt);
	explicit_bzero(statement, sizeof(*statement));
	g_free(statement);
}
