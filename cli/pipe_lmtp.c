/*
 * The LMTP conversation of rollcall-pipe, one command at a time: the server is on this machine or near, so pipelining
 * would save nothing and cost the certainty which reply belongs to which command. Nothing is sent while something
 * unread is there (pipe_link_send): else a reply sent too early could pass for the answer to the final dot.
 *
 * ${sasl_username} has no XFORWARD attribute, so it goes as MAIL's AUTH= (RFC 4954, section 5), and only to a server that
 * offers XFORWARD: rollcall-lmtpd offers that to peers whose word it takes, and believes AUTH= from the same.
 * It offers no AUTH extension, since a login by Postfix's lmtp(8) is not what is meant.
 * RFC 2033, 5321, 6152 (8BITMIME), 1870 (SIZE), 6531 (SMTPUTF8), 3461 section 4 (xtext), Postfix's XFORWARD_README.
 */
#include "cli/pipe_lmtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum {
	COMMAND_SIZE = 2048, /* bytes of a command with its CRLF: what our server takes */
	LOGIN_LIMIT = 255,   /* bytes of a login that our server looks at */
	QUEUE_ID_LIMIT = 64, /* Postfix's have at most 20 characters */
	CHUNK_SIZE = 16384,  /* bytes of the message converted at a time */
};

struct session {
	const struct pipe_post *post;
	struct pipe_result *result;
	struct pipe_link link;
	struct pipe_reply reply;
	bool offers_xforward, offers_8bitmime, offers_size, offers_smtputf8;
	bool in_message; /**< between the 354 and the reply to the final dot */
};

/* Something went wrong with the conversation itself. Always false, for `return failed(...)`. */
static bool failed(struct session *session, enum pipe_link_state state, const char *when)
{
	const char *what = "left without an answer";

	if (state == PIPE_LINK_LATE)
		what = "took too long";
	else if (state == PIPE_LINK_GARBAGE)
		what = "sent what is no LMTP reply";
	else if (state == PIPE_LINK_SPOKE)
		what = "spoke before its turn";
	else if (errno == EINVAL && strcmp(when, "connect") == 0)
		what = "expected unix:/PATH or inet:HOST:PORT";
	else if (errno != 0)
		what = strerror(errno);
	pipe_result_set(session->result, EX_TEMPFAIL, "4.3.0 %s, %s: %s", session->post->socket, when, what);
	return false;
}

/* The reply decides what becomes of the post; nothing further is said. Always false. */
static bool settled(struct session *session, enum pipe_reply_to to)
{
	pipe_reply_judge(&session->reply, to, session->result);
	return false;
}

static bool read_reply(struct session *session, const char *when)
{
	enum pipe_link_state state;

	errno = 0;
	state = pipe_reply_read(&session->link, &session->reply);
	return state == PIPE_LINK_OK || failed(session, state, when);
}

/*
 * The server spoke or left while we were sending. If it gave a reason to stop, that is the result; a 2xx at this point
 * answers nothing that was asked.
 */
static bool interrupted(struct session *session, enum pipe_link_state state, const char *when)
{
	if (state != PIPE_LINK_SPOKE)
		return failed(session, state, when);
	if (!read_reply(session, when))
		return false;
	if (session->reply.code < 400)
		return failed(session, PIPE_LINK_SPOKE, when);
	return settled(session, PIPE_REPLY_TO_POST);
}

static bool send_bytes(struct session *session, const char *data, size_t size, const char *when)
{
	enum pipe_link_state state;

	errno = 0;
	state = pipe_link_send(&session->link, data, size);
	return state == PIPE_LINK_OK || interrupted(session, state, when);
}

/* Sends `command`, which ends in CRLF, and reads its reply. */
static bool ask(struct session *session, const char *command, const char *when)
{
	return send_bytes(session, command, strlen(command), when) && read_reply(session, when);
}

__attribute__((format(printf, 2, 3)))
static void append(char *command, const char *format, ...)
{
	size_t used = strlen(command);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command + used, COMMAND_SIZE - used, format, arguments);
	va_end(arguments);
}

/* RFC 3461, section 4: what is not printable, "+" and "=" as +XX; so no value can bring a line end. */
static void append_xtext(char *command, const char *value)
{
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		append(command, *c <= ' ' || *c > '~' || *c == '+' || *c == '=' ? "+%02X" : "%c", *c);
}

static bool has_8bit(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)data[i] > 127)
			return true;
	return false;
}

static bool greet(struct session *session)
{
	struct pipe_reply *reply = &session->reply;

	if (!read_reply(session, "greeting"))
		return false;
	if (reply->code != 220)
		return settled(session, PIPE_REPLY_TO_US);
	if (!ask(session, "LHLO localhost\r\n", "LHLO"))
		return false;
	if (reply->code / 100 != 2)
		return settled(session, PIPE_REPLY_TO_US);
	session->offers_xforward = pipe_reply_offers(reply, "XFORWARD", "ADDR") &&
		pipe_reply_offers(reply, "XFORWARD", "IDENT");
	session->offers_8bitmime = pipe_reply_offers(reply, "8BITMIME", NULL);
	session->offers_size = pipe_reply_offers(reply, "SIZE", NULL);
	session->offers_smtputf8 = pipe_reply_offers(reply, "SMTPUTF8", NULL);
	return true;
}

static bool is_address(int family, const char *text)
{
	unsigned char ignored[sizeof(struct in6_addr)];

	return inet_pton(family, text, ignored) == 1;
}

/*
 * Who the client was and what Postfix calls this post: for the log, so a refusal other than 421 is no reason to hold
 * the post up; lmtp(8) does the same.
 */
static bool forward(struct session *session)
{
	const struct pipe_post *post = session->post;
	char command[COMMAND_SIZE] = "XFORWARD ADDR=";

	if (!session->offers_xforward)
		return true;
	if (post->client && is_address(AF_INET, post->client))
		append(command, "%s", post->client);
	else if (post->client && is_address(AF_INET6, post->client))
		append(command, "IPV6:%s", post->client);
	else
		append(command, "[UNAVAILABLE]");
	if (post->queue_id && *post->queue_id && strlen(post->queue_id) <= QUEUE_ID_LIMIT) {
		append(command, " IDENT=");
		append_xtext(command, post->queue_id);
	}
	append(command, "\r\n");
	if (!ask(session, command, "XFORWARD"))
		return false;
	return session->reply.code != 421 || settled(session, PIPE_REPLY_TO_US);
}

/* What the message is on the wire, before dots are doubled: RFC 1870 counts each line end as two. */
static size_t wire_size(const struct pipe_post *post)
{
	size_t size = post->size;

	for (size_t i = 0; i < post->size; i++)
		if (post->message[i] == '\n')
			size++;
	return size;
}

static bool say_sender(struct session *session)
{
	const struct pipe_post *post = session->post;
	bool is_utf8 = has_8bit(post->sender, strlen(post->sender)) || has_8bit(post->recipient, strlen(post->recipient));
	bool is_8bit = is_utf8 || has_8bit(post->message, post->size);
	char command[COMMAND_SIZE] = "";

	if (is_utf8 && !session->offers_smtputf8) {
		pipe_result_set(session->result, EX_DATAERR, "5.6.7 The server does not take addresses that are not ASCII");
		return false;
	}
	/* Our own server takes 8-bit mail; one that does not is a wrong --socket rather than a bad post. */
	if (is_8bit && !session->offers_8bitmime) {
		pipe_result_set(session->result, EX_TEMPFAIL, "4.3.5 %s does not take 8-bit mail", post->socket);
		return false;
	}
	append(command, "MAIL FROM:<%s>", post->sender);
	if (session->offers_size)
		append(command, " SIZE=%zu", wire_size(post));
	if (is_8bit)
		append(command, " BODY=8BITMIME");
	if (is_utf8)
		append(command, " SMTPUTF8");
	/* A login that is too long for the server is not told: a post that is trusted less does no harm. */
	if (session->offers_xforward && post->sasl_user && *post->sasl_user && strlen(post->sasl_user) <= LOGIN_LIMIT) {
		append(command, " AUTH=");
		append_xtext(command, post->sasl_user);
	}
	append(command, "\r\n");
	return ask(session, command, "MAIL");
}

static bool say_envelope(struct session *session)
{
	char command[COMMAND_SIZE] = "";

	if (!say_sender(session))
		return false;
	if (session->reply.code / 100 != 2)
		return settled(session, PIPE_REPLY_TO_POST);
	append(command, "RCPT TO:<%s>\r\n", session->post->recipient);
	if (!ask(session, command, "RCPT"))
		return false;
	if (session->reply.code / 100 != 2)
		return settled(session, PIPE_REPLY_TO_POST);
	if (!ask(session, "DATA\r\n", "DATA"))
		return false;
	session->in_message = session->reply.code == 354;
	return session->in_message || settled(session, PIPE_REPLY_TO_POST);
}

/* LF becomes CRLF and a dot that begins a line is doubled; every other byte goes as it is, a lone CR too. */
static bool say_message(struct session *session)
{
	const struct pipe_post *post = session->post;
	char chunk[CHUNK_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < post->size; i++) {
		char c = post->message[i];

		if (c == '.' && (i == 0 || post->message[i - 1] == '\n'))
			chunk[used++] = '.';
		if (c == '\n')
			chunk[used++] = '\r';
		chunk[used++] = c;
		if (used > sizeof(chunk) - 3) {
			if (!send_bytes(session, chunk, used, "message"))
				return false;
			used = 0;
		}
	}
	return send_bytes(session, chunk, used, "message");
}

static bool say_end(struct session *session)
{
	pipe_link_allow(&session->link, session->post->timeout);
	if (!ask(session, ".\r\n", "end of message"))
		return false;
	session->in_message = false;
	return settled(session, PIPE_REPLY_TO_END);
}

void pipe_lmtp_deliver(const struct pipe_post *post, struct pipe_result *result)
{
	static struct session session;
	enum pipe_link_state state;

	session = (struct session){.post = post, .result = result};
	pipe_link_allow(&session.link, (post->timeout + 1) / 2);
	state = pipe_link_open(&session.link, post->socket);
	if (state != PIPE_LINK_OK)
		failed(&session, state, "connect");
	else if (greet(&session) && forward(&session) && say_envelope(&session) && say_message(&session))
		say_end(&session);
	/* In the middle of the message QUIT would be its text; there, hanging up before the dot takes it back. */
	pipe_link_close(&session.link, session.in_message ? NULL : "QUIT\r\n");
}
