/*
 * Replies. They are collected and written in one piece before the session waits for its client, as RFC 2920
 * section 3.2 asks of a server that offers PIPELINING.
 */
#include "lmtpd/intake/session_state.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/io.h"
#include "lib/base/limits.h"

static void put(struct session *session, unsigned code, char separator, const char *status, const char *text)
{
	if (session->over)
		return;
	g_string_append_printf(session->output, "%03u%c%s%s%s\r\n", code, separator, status ? status : "",
		status ? " " : "", text);
	/* A client that pipelines without end and never reads would otherwise have us hold it all. */
	if (session->output->len > SESSION_OUTPUT_SIZE)
		session_flush(session);
}

void session_say(struct session *session, unsigned code, const char *status, const char *text)
{
	put(session, code, ' ', status, text);
}

void session_say_more(struct session *session, unsigned code, const char *text)
{
	put(session, code, '-', NULL, text);
}

/* A strange address is its writer's mistake, not the client's: Postfix may bring many in good faith. */
static gboolean is_error(enum command_fault fault)
{
	return fault != COMMAND_BAD_SENDER && fault != COMMAND_BAD_RECIPIENT && fault != COMMAND_NEEDS_UTF8;
}

void session_say_fault(struct session *session, enum command_fault fault)
{
	const struct command_reply *reply = command_reply(fault);

	session_say(session, reply->code, reply->status, reply->text);
	if (is_error(fault) && ++session->errors >= LIMIT_SESSION_ERRORS)
		session_say_goodbye(session, "4.7.0", "too many errors");
}

void session_say_verdict(struct session *session, const struct verdict *verdict)
{
	/* Nobody decided: then Postfix keeps it. */
	if (!verdict_is_final(verdict))
		session_say(session, 451, "4.3.0", "No decision was made");
	else
		session_say(session, verdict->code, verdict->status, verdict->text);
}

void session_say_goodbye(struct session *session, const char *status, const char *text)
{
	g_autofree char *whole = g_strdup_printf("%s %s", session->config->hostname, text);

	session_say(session, 421, status, whole);
	session->over = TRUE;
}

void session_flush(struct session *session)
{
	guint seconds = session->config->command_deadline;

	if (session->over)
		seconds = MIN(seconds, SESSION_LAST_WORD);
	FAULT_POINT("before-reply");
	if (session->output->len > 0 &&
		io_write_all(session->out, session->output->str, session->output->len, deadline_in(seconds)) != IO_OK)
		session->over = TRUE;
	FAULT_POINT("after-reply");
	g_string_truncate(session->output, 0);
}
