/*
 * What went wrong, in three voices: a class for the code, a short text for Postfix, the details
 * for the log. A server's message may carry data of the row it stumbled over ("Incorrect string
 * value: …"), so it reaches the log only for errors of connection, permission and schema; of all
 * others the log has the number.
 */
#include <errmsg.h>
#include <mysqld_error.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_private.h"

/* Numbers that the headers of one of the two client libraries do not have. */
enum {
	MARIADB_STATEMENT_TIMEOUT = 1969,
	MARIADB_CONNECTION_KILLED = 1927,
	MARIADB_ACCOUNT_LOCKED = 4151,
	MYSQL_QUERY_TIMEOUT = 3024,
	MYSQL_IDLE_TIMEOUT = 4031,
	FIRST_CLIENT_ERROR = 2000,
	LAST_CLIENT_ERROR = 2999,
	FIRST_NEW_CLIENT_ERROR = 5000, /* MariaDB's client errors go on here */
	LAST_NEW_CLIENT_ERROR = 5999,
};

static gboolean is_clients(guint code)
{
	return (code >= FIRST_CLIENT_ERROR && code <= LAST_CLIENT_ERROR) ||
		(code >= FIRST_NEW_CLIENT_ERROR && code <= LAST_NEW_CLIENT_ERROR);
}

static enum crm_trouble classify(guint code, gboolean connecting)
{
	switch (code) {
	case CR_SSL_CONNECTION_ERROR:
		/* Once verified, TLS fails only because the connection beneath it ended. */
		return connecting ? CRM_TROUBLE_TLS : CRM_TROUBLE_LOST;
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
	case ER_HOST_IS_BLOCKED:
		return CRM_TROUBLE_BUSY;
	case ER_ACCESS_DENIED_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
	case ER_PROCACCESS_DENIED_ERROR:
	case ER_HOST_NOT_PRIVILEGED:
	case ER_MUST_CHANGE_PASSWORD:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
	case MARIADB_ACCOUNT_LOCKED:
		return CRM_TROUBLE_DENIED;
	case ER_NO_SUCH_TABLE:
	case ER_BAD_DB_ERROR:
	case ER_NO_DB_ERROR:
	case ER_BAD_FIELD_ERROR:
	case ER_VIEW_INVALID:
	case ER_NO_SUCH_USER:
	case ER_NON_UNIQ_ERROR:
	case ER_SP_DOES_NOT_EXIST:
	case ER_SP_WRONG_NO_OF_ARGS:
		return CRM_TROUBLE_SCHEMA;
	case MARIADB_STATEMENT_TIMEOUT:
	case MYSQL_QUERY_TIMEOUT:
	case ER_LOCK_WAIT_TIMEOUT:
		return CRM_TROUBLE_TIME;
	case ER_SERVER_SHUTDOWN:
	case ER_QUERY_INTERRUPTED:
	case MARIADB_CONNECTION_KILLED:
	case MYSQL_IDLE_TIMEOUT:
		return CRM_TROUBLE_LOST;
	default:
		if (connecting)
			return CRM_TROUBLE_CONNECT;
		return is_clients(code) ? CRM_TROUBLE_LOST : CRM_TROUBLE_OTHER;
	}
}

static gboolean may_be_logged(enum crm_trouble trouble, guint code, gboolean connecting)
{
	return connecting || is_clients(code) || trouble == CRM_TROUBLE_DENIED || trouble == CRM_TROUBLE_SCHEMA;
}

gboolean crm_fail(struct crm *crm, enum crm_trouble trouble, const char *format, ...)
{
	va_list arguments;

	if (crm->error.trouble != CRM_TROUBLE_NONE)
		return FALSE;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	crm->error = (struct crm_error){
		.trouble = trouble,
		.text = text_printable_dup(text, strlen(text), CRM_TEXT_LIMIT),
	};
	return FALSE;
}

gboolean crm_fail_mysql(struct crm *crm, guint code, const char *text, gboolean connecting)
{
	enum crm_trouble trouble = classify(code, connecting);

	if (crm->error.trouble != CRM_TROUBLE_NONE)
		return FALSE;
	/* The library says "lost" for a read that timed out as well. */
	if (trouble == CRM_TROUBLE_LOST && !connecting && deadline_passed(crm->deadline))
		trouble = CRM_TROUBLE_TIME;
	crm->error = (struct crm_error){.trouble = trouble, .code = code};
	if (!may_be_logged(trouble, code, connecting))
		return FALSE;
	g_autofree char *clean = text_printable_dup(text, strlen(text), CRM_TEXT_LIMIT);
	/* To a user who may not see more, MariaDB says it like this, though the user is let in. */
	gboolean orphan = code == ER_ACCESS_DENIED_ERROR && !connecting;
	crm->error.text = g_strconcat(clean, orphan ? " (is the definer of the view gone?)" : NULL, NULL);
	return FALSE;
}

void crm_error_clear(struct crm *crm)
{
	g_clear_pointer(&crm->error.text, g_free);
	crm->error = (struct crm_error){0};
}

static const char *trouble_word(enum crm_trouble trouble)
{
	switch (trouble) {
	case CRM_TROUBLE_NONE:
		return "none";
	case CRM_TROUBLE_OPTIONS:
		return "option file cannot be used";
	case CRM_TROUBLE_BREAKER:
		return "left alone for a while after repeated failures";
	case CRM_TROUBLE_CONNECT:
		return "cannot connect";
	case CRM_TROUBLE_TLS:
		return "no verified TLS";
	case CRM_TROUBLE_BUSY:
		return "too many connections";
	case CRM_TROUBLE_DENIED:
		return "access denied";
	case CRM_TROUBLE_SCHEMA:
		return "view or column missing";
	case CRM_TROUBLE_LOST:
		return "connection lost";
	case CRM_TROUBLE_TIME:
		return "no answer in time";
	case CRM_TROUBLE_INCOMPLETE:
		return "incomplete answer";
	case CRM_TROUBLE_AMBIGUOUS:
		return "two lists have this address";
	case CRM_TROUBLE_OTHER:
		return "server error";
	}
	log_panic("trouble_word: trouble %d", (int)trouble);
}

struct verdict crm_verdict(const struct crm *crm)
{
	return verdict_deferred("4.3.0", "member directory unavailable (%s)", trouble_word(crm->error.trouble));
}

char *crm_error_text(const struct crm *crm)
{
	GString *text = g_string_new(trouble_word(crm->error.trouble));

	if (crm->error.code)
		g_string_append_printf(text, ": error %u", crm->error.code);
	if (crm->error.text)
		g_string_append_printf(text, ": %s", crm->error.text);
	return g_string_free(text, FALSE);
}

const char *crm_error_todo(const struct crm *crm)
{
	switch (crm->error.trouble) {
	case CRM_TROUBLE_CONNECT:
		return "is the server up, and do host and port in the option file lead to it? Until then posts wait in Postfix";
	case CRM_TROUBLE_TLS:
		return "does the server offer TLS, is its certificate in date and for the host that the option file names, and does ssl-ca hold who signed it?";
	case CRM_TROUBLE_BUSY:
		return "let the server take more connections, by this user too, or set dispatch_workers lower";
	case CRM_TROUBLE_DENIED:
		return "compare user, password and database of the option file, and the setting view, with what the CRM grants (schema/grants.sql)";
	case CRM_TROUBLE_SCHEMA:
		return "name the view and its columns in [crm] as the CRM has them (schema/view.sql)";
	case CRM_TROUBLE_TIME:
	case CRM_TROUBLE_LOST:
		return "look at the server and its log; how long we wait is connect_deadline and query_deadline";
	case CRM_TROUBLE_NONE:
	case CRM_TROUBLE_OPTIONS:
	case CRM_TROUBLE_BREAKER:
	case CRM_TROUBLE_INCOMPLETE:
	case CRM_TROUBLE_AMBIGUOUS:
	case CRM_TROUBLE_OTHER:
		return NULL;
	}
	log_panic("crm_error_todo: trouble %d", (int)crm->error.trouble);
}
