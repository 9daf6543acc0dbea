/*
 * One operation on the CRM from beginning to end; see crm_private.h. The first
 * statement doubles as the look whether a kept connection still lives: when the server has closed
 * it meanwhile (idle too long, restarted), or nobody is at its other end (crm_connect.c), a new one is made once, for nothing of the answer was
 * read yet. Whatever fails later is a failure.
 *
 * A snapshot is for operations whose statements must agree with each other. One statement agrees with itself, so a question of
 * one is asked without, the members of a list among them: that spares two of its three trips to the server. It cannot change
 * anything either way, because the session's transactions are read-only unless they say otherwise (crm_sql.c).
 */
#include "lib/base/log.h"
#include "lib/crm/crm_private.h"

enum { SILENCE_TOLD = 1 }; /* seconds */

static const char begin_text[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

static gboolean begin_snapshot(struct crm *crm)
{
	crm->deadline = deadline_in((guint)settings_number(crm->settings, SET_query_deadline, NULL));
	if (mysql_query(crm->mysql, begin_text) == 0)
		return TRUE;
	return crm_fail_mysql(crm, mysql_errno(crm->mysql), mysql_error(crm->mysql), FALSE);
}

/* Makes a kept connection again that is no longer one. What a line that died without a word has cost is worth a line in the log. */
static gboolean connect_again(struct crm *crm, gint64 asked)
{
	gint64 waited = (g_get_monotonic_time() - asked) / G_USEC_PER_SEC;

	if (waited >= SILENCE_TOLD)
		log_warning("crm: a kept connection was dead, which took %d s to see (connect_deadline): does a firewall forget idle ones? Connecting anew",
			(int)waited);
	crm_disconnect(crm);
	crm_error_clear(crm);
	return crm_connect(crm);
}

gboolean crm_begin(struct crm *crm)
{
	gboolean kept = crm->mysql != NULL;
	gint64 asked = g_get_monotonic_time();

	if (!kept && !crm_connect(crm))
		return FALSE;
	if (begin_snapshot(crm))
		return TRUE;
	if (!kept || crm->error.trouble != CRM_TROUBLE_LOST)
		return FALSE;
	return connect_again(crm, asked) && begin_snapshot(crm);
}

/*
 * An open snapshot would keep the server's old row versions and a lock on the view for as long as
 * we idle.
 */
void crm_end(struct crm *crm)
{
	if (crm->mysql && mysql_query(crm->mysql, "COMMIT") != 0)
		crm_disconnect(crm);
}

/* FALSE with a verdict and a line in the log; the connection is closed. */
static gboolean give_up(struct crm *crm, const char *list, struct verdict *verdict)
{
	g_autofree char *text = crm_error_text(crm);

	/* While the breaker is open each post would say the same again. */
	if (crm->error.trouble == CRM_TROUBLE_BREAKER)
		log_debug("crm: %s", text);
	else
		log_warning("crm: %s%s%s", list ? list : "", list ? ": " : "", text);
	/* A server that takes connections and answers nothing is as dead as one that takes none. */
	if (crm->error.trouble == CRM_TROUBLE_TIME)
		crm_breaker_failed(crm->breaker, crm->settings);
	crm_disconnect(crm);
	*verdict = crm_verdict(crm);
	return FALSE;
}

gboolean crm_run(struct crm *crm, crm_work work, void *context, const char *list, struct verdict *verdict)
{
	crm_error_clear(crm);
	if (!crm_begin(crm) || !crm_columns_look(crm) || !work(crm, context))
		return give_up(crm, list, verdict);
	crm_end(crm);
	crm_breaker_worked(crm->breaker);
	return TRUE;
}

gboolean crm_ask(struct crm *crm, crm_work work, void *context, const char *list, struct verdict *verdict)
{
	gboolean kept = crm->mysql != NULL;
	gint64 asked = g_get_monotonic_time();

	crm_error_clear(crm);
	crm->answered = FALSE;
	gboolean done = (kept || crm_connect(crm)) && crm_columns_look(crm) && work(crm, context);
	if (!done && kept && !crm->answered && crm->error.trouble == CRM_TROUBLE_LOST)
		done = connect_again(crm, asked) && crm_columns_look(crm) && work(crm, context);
	if (!done)
		return give_up(crm, list, verdict);
	crm_breaker_worked(crm->breaker);
	return TRUE;
}
