/*
 * The loop of an LMTP session; see session.h. The table of commands says what each needs; the loop checks
 * that and the limits, so that no command's function has to.
 */
#include "lmtpd/intake/session_state.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"

enum {
	NEEDS_LHLO = 1,
	NEEDS_MAIL = 2,
	NEEDS_RECIPIENTS = 4,
	NOT_IN_MAIL = 8,
	IS_JUNK = 16, /* gets no post further, so only some of them are honest */
};

static const struct {
	void (*serve)(struct session *session, const struct command *command); /* NULL: not offered */
	unsigned rules;
} table[COMMAND_VERB_COUNT] = {
	[COMMAND_LHLO] = {session_lhlo, IS_JUNK},
	[COMMAND_MAIL] = {session_mail, NEEDS_LHLO | NOT_IN_MAIL},
	[COMMAND_RCPT] = {session_rcpt, NEEDS_LHLO | NEEDS_MAIL},
	[COMMAND_DATA] = {session_data, NEEDS_LHLO | NEEDS_MAIL | NEEDS_RECIPIENTS},
	[COMMAND_RSET] = {session_rset, IS_JUNK},
	[COMMAND_NOOP] = {session_noop, IS_JUNK},
	[COMMAND_HELP] = {session_help, IS_JUNK},
	[COMMAND_QUIT] = {session_quit, 0},
	[COMMAND_STARTTLS] = {session_starttls, NEEDS_LHLO | NOT_IN_MAIL},
	[COMMAND_XFORWARD] = {session_xforward, NEEDS_LHLO | NOT_IN_MAIL | IS_JUNK},
	[COMMAND_FOREIGN] = {NULL, IS_JUNK},
};

static gboolean is_offered(const struct session *session, enum command_verb verb)
{
	if (verb == COMMAND_STARTTLS)
		return session->config->tls_control >= 0 && !session->tls;
	if (verb == COMMAND_XFORWARD)
		return session->config->trusted;
	return table[verb].serve != NULL;
}

static enum command_fault check_sequence(const struct session *session, unsigned rules)
{
	if ((rules & NEEDS_LHLO) && !session->greeted)
		return COMMAND_NO_LHLO;
	if ((rules & NOT_IN_MAIL) && session->mail)
		return COMMAND_IN_TRANSACTION;
	if ((rules & NEEDS_MAIL) && !session->mail)
		return COMMAND_NO_MAIL;
	if ((rules & NEEDS_RECIPIENTS) && session->envelope.recipients->len == 0)
		return COMMAND_NO_RECIPIENTS;
	return COMMAND_OK;
}

/* `fault` is what the parser said; what the session has against the command comes before its arguments. */
static enum command_fault check(const struct session *session, const struct command *command,
	enum command_fault fault)
{
	if (fault == COMMAND_BAD_BYTES)
		return fault;
	if (command->verb == COMMAND_NONE)
		return COMMAND_UNKNOWN;
	if (command->verb == COMMAND_HELO)
		return COMMAND_IS_SMTP;
	if (!is_offered(session, command->verb))
		return COMMAND_NOT_OFFERED;
	enum command_fault sequence = check_sequence(session, table[command->verb].rules);
	return sequence != COMMAND_OK ? sequence : fault;
}

static void serve_line(struct session *session, const char *line, size_t length)
{
	struct command command;
	enum command_fault fault = command_parse(line, length, session->envelope.smtputf8, &command);

	if (fault != COMMAND_BAD_BYTES && (table[command.verb].rules & IS_JUNK) &&
		++session->junk > LIMIT_SESSION_JUNK) {
		session_say_goodbye(session, "4.7.0", "too many commands without a message");
	} else if (session->served && command.verb == COMMAND_MAIL) {
		/* Each post is parsed in clean memory, so this process is used up (DESIGN section 2). */
		session_say_goodbye(session, "4.3.2", "takes one message per session");
	} else {
		fault = check(session, &command, fault);
		FAULT_POINT("command");
		if (fault == COMMAND_OK)
			table[command.verb].serve(session, &command);
		else
			session_say_fault(session, fault);
	}
	command_clear(&command);
}

static void serve_next(struct session *session)
{
	const char *line;
	size_t length;

	switch (session_input_line(session, &line, &length)) {
	case SESSION_LINE:
		serve_line(session, line, length);
		break;
	case SESSION_LINE_LONG:
		session_say_fault(session, COMMAND_BAD_LENGTH);
		break;
	case SESSION_LINE_FLOOD:
		session_say_goodbye(session, "4.7.0", "command line without end");
		break;
	case SESSION_LINE_LATE:
		session_say_goodbye(session, "4.4.2", "timed out");
		break;
	case SESSION_LINE_GONE:
		session->over = TRUE;
		break;
	}
}

void session_serve(const struct session_config *config, const struct session_handlers *handlers, int in, int out)
{
	/* On the heap: the input buffer is larger than a stack frame should be. */
	struct session *session = g_new(struct session, 1);
	g_autofree char *greeting = g_strdup_printf("%s LMTP Rollcall", config->hostname);

	memset(session, 0, offsetof(struct session, input));
	session->config = config;
	session->handlers = handlers;
	session->in = in;
	session->out = out;
	session->end = deadline_in(config->session_deadline);
	session->output = g_string_sized_new(SESSION_OUTPUT_SIZE);
	session_say(session, 220, NULL, greeting);
	while (!session->over)
		serve_next(session);
	session_flush(session);
	session_reset(session);
	g_string_free(session->output, TRUE);
	g_free(session);
}
