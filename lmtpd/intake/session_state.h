/*
 * What the files of the LMTP session share among themselves; nobody else includes this. The session is one loop
 * (session.c) over lines (session_input.c) that calls one function per command (session_commands.c, session_data.c,
 * session_tls.c); whatever is said is said by session_reply.c.
 */
#ifndef ROLLCALL_INTAKE_SESSION_STATE_H
#define ROLLCALL_INTAKE_SESSION_STATE_H

#include <stddef.h>

#include "lmtpd/intake/command.h"
#include "lmtpd/intake/session.h"

enum {
	SESSION_INPUT_SIZE = 64 * 1024,  /* bytes read at a time */
	SESSION_OUTPUT_SIZE = 16 * 1024, /* bytes of replies that are held back at most */
	SESSION_LAST_WAIT = 30,          /* seconds for the QUIT of a client that has all its replies */
	SESSION_LAST_WORD = 10,          /* seconds to write a 421 to a client that may not read */
};

struct session {
	const struct session_config *config;
	const struct session_handlers *handlers;
	int in, out;
	struct deadline end; /* of the session, until the end of data */
	gboolean over;       /* nothing more is read, and nothing said but what is in `output` */
	gboolean greeted;    /* LHLO was said */
	gboolean tls;
	gboolean served;     /* the one message was received */
	guint errors, junk;

	gboolean mail;       /* within a transaction: `envelope` is in use */
	guint asked;         /* RCPTs of this transaction, accepted or not */
	struct session_envelope envelope;

	GString *output;
	size_t start, stop;  /* unread input is input[start..stop) */
	char input[SESSION_INPUT_SIZE];
};

/* ---- session_input.c ---- */

enum session_line {
	SESSION_LINE,
	SESSION_LINE_LONG,  /**< over LIMIT_COMMAND_LINE; its LF was reached, the line is gone */
	SESSION_LINE_FLOOD, /**< over LIMIT_COMMAND_FLOOD and no LF yet */
	SESSION_LINE_LATE,  /**< the deadline passed */
	SESSION_LINE_GONE,  /**< the client closed, or the connection broke */
};

/** Next line with its LF; it lies in the input buffer until the next call. Flushes replies before it waits. */
enum session_line session_input_line(struct session *session, const char **line, size_t *length)
	G_GNUC_WARN_UNUSED_RESULT;

enum session_fill { SESSION_FILLED, SESSION_FILL_LATE, SESSION_FILL_GONE };

/** Makes input[start..stop) longer. Flushes replies and lets go of what handlers hold before it waits. */
enum session_fill session_input_fill(struct session *session, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

/** Throws away all input that is in the buffer or in the socket. */
void session_input_drop(struct session *session);

/* ---- session_reply.c: the only place where anything is said ---- */

/** `code status text`; `status` NULL where the reply has none. */
void session_say(struct session *session, unsigned code, const char *status, const char *text);
/** A line of a reply that goes on: `code-text`. */
void session_say_more(struct session *session, unsigned code, const char *text);
/** The reply to a wrong command, which counts as an error unless it is only a bad address. */
void session_say_fault(struct session *session, enum command_fault fault);
/** The one place where a verdict is spoken. */
void session_say_verdict(struct session *session, const struct verdict *verdict);
/** `421 status text` and the end of the session. */
void session_say_goodbye(struct session *session, const char *status, const char *text);
void session_flush(struct session *session);

/* ---- commands; `command` is already checked against the table of session.c ---- */

void session_lhlo(struct session *session, const struct command *command);
void session_mail(struct session *session, const struct command *command);
void session_rcpt(struct session *session, const struct command *command);
void session_rset(struct session *session, const struct command *command);
void session_noop(struct session *session, const struct command *command);
void session_help(struct session *session, const struct command *command);
void session_quit(struct session *session, const struct command *command);
void session_xforward(struct session *session, const struct command *command);
void session_data(struct session *session, const struct command *command);
void session_starttls(struct session *session, const struct command *command);

/** Forgets the transaction and what XFORWARD said for it. */
void session_reset(struct session *session);

#endif
