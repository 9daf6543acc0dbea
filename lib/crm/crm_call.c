/*
 * The one thing that changes anything in the CRM: a stored procedure that its admin has named for wishes to join or to leave.
 *
 * CALL `procedure`('list', 'address') in a transaction of its own: committed when the procedure ends well, else taken back. SIGNAL
 * SQLSTATE '45000' in it is a refusal whose text is for the person; the first value of a result set, if any, is told, too. Everything
 * else that goes wrong is trouble: whether it was done is then not known when the answer to COMMIT was lost, so a procedure must do no harm
 * when it is called twice. What more it says than a short text is read and dropped, up to a limit.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_private.h"

enum { ROWS_MOST = 1000, SETS_MOST = 10 }; /* of what a procedure returns */

struct call {
	const struct crm_call_plan *plan;
	char *spelling; /* of the list, as the view has it */
	char *text;
	gboolean refused;
};

gboolean crm_call_is_name(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, ".", -1);
	guint count = g_strv_length(parts);

	for (guint i = 0; i < count; i++) {
		gsize length = strlen(parts[i]);

		if (length == 0 || length > 64 ||
			strspn(parts[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != length)
			return FALSE;
	}
	return count == 1 || count == 2;
}

/* ---- the answer ---- */

static void keep_text(struct call *call, const char *data, gsize length)
{
	g_autofree char *valid = g_utf8_make_valid(data, (gssize)MIN(length, CRM_CALL_TEXT));

	for (char *c = valid; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	g_free(call->text);
	call->text = g_strdup(g_strstrip(valid));
}

/* FALSE with what stands in the way: the person's to hear, or trouble. */
static gboolean fail(struct crm *crm, MYSQL_STMT *statement, struct call *call)
{
	if (strcmp(mysql_stmt_sqlstate(statement), "45000") != 0)
		return crm_fail_mysql(crm, mysql_stmt_errno(statement), mysql_stmt_error(statement), FALSE);
	call->refused = TRUE;
	keep_text(call, mysql_stmt_error(statement), strlen(mysql_stmt_error(statement)));
	return FALSE;
}

static gboolean read_set(struct crm *crm, MYSQL_STMT *statement, struct call *call)
{
	char buffer[CRM_CALL_TEXT];
	unsigned long length = 0;
	g_autofree MYSQL_BIND *results = g_new0(MYSQL_BIND, mysql_stmt_field_count(statement));
	__typeof__(*results->is_null) null = 0;
	guint rows = 0;
	int result;

	/* The other columns get no buffer. */
	results[0] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = buffer, .buffer_length = sizeof(buffer),
		.length = &length, .is_null = &null};
	for (guint i = 1; i < mysql_stmt_field_count(statement); i++)
		results[i].buffer_type = MYSQL_TYPE_NULL;
	if (mysql_stmt_bind_result(statement, results) != 0)
		return fail(crm, statement, call);
	while ((result = mysql_stmt_fetch(statement)) == 0 || result == MYSQL_DATA_TRUNCATED) {
		if (++rows > ROWS_MOST)
			return crm_fail(crm, CRM_TROUBLE_OTHER, "the procedure returns more than %d rows", ROWS_MOST);
		if (!call->text && !null)
			keep_text(call, buffer, MIN(length, sizeof(buffer)));
	}
	return result == MYSQL_NO_DATA || fail(crm, statement, call);
}

/* All that comes back; an error may stand behind a result set. */
static gboolean read_all(struct crm *crm, MYSQL_STMT *statement, struct call *call)
{
	int more = 0;

	for (guint sets = 0; more == 0; sets++) {
		if (sets > SETS_MOST)
			return crm_fail(crm, CRM_TROUBLE_OTHER, "the procedure returns more than %d result sets", SETS_MOST);
		if (mysql_stmt_field_count(statement) > 0 && !read_set(crm, statement, call))
			return FALSE;
		mysql_stmt_free_result(statement);
		more = mysql_stmt_next_result(statement);
	}
	return more < 0 || fail(crm, statement, call);
}

/* ---- the call ---- */

static gboolean run(struct crm *crm, const char *text)
{
	return mysql_query(crm->mysql, text) == 0 || crm_fail_mysql(crm, mysql_errno(crm->mysql), mysql_error(crm->mysql), FALSE);
}

static gboolean execute(struct crm *crm, struct call *call)
{
	const char *const names[] = {call->spelling, NULL}, *const addresses[] = {call->plan->person, NULL};
	const struct crm_values values = {.names = names, .addresses = addresses, .procedure = call->plan->procedure};
	char *text = crm_sql_text(crm, CRM_SQL_CALL, &values);
	MYSQL_STMT *statement = mysql_stmt_init(crm->mysql);

	if (!statement)
		log_fatal("crm: out of memory");
	gboolean good = (mysql_stmt_prepare(statement, text, strlen(text)) == 0 && mysql_stmt_execute(statement) == 0) ||
		fail(crm, statement, call);
	good = good && read_all(crm, statement, call);
	/* Rows that were not read would be read now, all of them. */
	if (!good && !call->refused)
		crm_disconnect(crm);
	mysql_stmt_close(statement);
	explicit_bzero(text, strlen(text));
	g_free(text);
	return good;
}

static gboolean find_spelling(struct crm *crm, void *context)
{
	struct call *call = context;
	guint rows;

	return crm_list_count(crm, call->plan->list, &call->spelling, &rows) &&
		(call->spelling || crm_fail(crm, CRM_TROUBLE_OTHER, "the list is gone from the view"));
}

/* A transaction that changes something; the session's others cannot. */
static gboolean transact(struct crm *crm, struct call *call)
{
	crm->deadline = deadline_in((guint)settings_number(crm->settings, SET_query_deadline, NULL));
	if (!crm->mysql && !crm_connect(crm))
		return FALSE;
	if (!run(crm, "START TRANSACTION READ WRITE"))
		return FALSE;
	if (execute(crm, call))
		return run(crm, "COMMIT");
	if (crm->mysql && mysql_query(crm->mysql, "ROLLBACK") != 0)
		crm_disconnect(crm);
	return FALSE;
}

enum crm_call crm_call(struct crm *crm, const struct crm_call_plan *plan, char **text, struct verdict *verdict)
{
	struct call call = {.plan = plan};

	*text = NULL;
	if (!crm_run(crm, find_spelling, &call, plan->list, verdict)) {
		g_free(call.spelling);
		return CRM_CALL_TROUBLE;
	}
	gboolean done = crm_call_is_name(plan->procedure) ? transact(crm, &call) :
														crm_fail(crm, CRM_TROUBLE_OTHER, "the procedure's name is none");
	g_free(call.spelling);
	*text = call.text;
	if (done)
		return CRM_CALL_DONE;
	if (call.refused)
		return CRM_CALL_REFUSED;
	g_autofree char *reason = crm_error_text(crm);
	log_warning("ALARM crm: %s: procedure %s: %s", plan->list, plan->procedure, reason);
	crm_disconnect(crm);
	g_clear_pointer(text, g_free);
	*verdict = crm_verdict(crm);
	return CRM_CALL_TROUBLE;
}
