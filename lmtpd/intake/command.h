/*
 * One command line of an LMTP session, read into a struct. Pure: no session, no state, no I/O, so that a fuzzer can
 * have it alone. Strict, since the only clients are Postfix and rollcall-pipe: one blank between words, no blank
 * after the colon, brackets around every path, CRLF at the end. Only blanks before the CRLF are forgiven (RFC 5321 4.1.1).
 *
 * Knowingly not done: source routes are refused rather than skipped (RFC 5321 allows both), and the parameters of
 * extensions that we do not offer (DSN, BINARYMIME) are refused rather than ignored.
 * RFC 5321 4.1, RFC 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 4954 section 5 (AUTH=), Postfix's XFORWARD_README.
 */
#ifndef ROLLCALL_INTAKE_COMMAND_H
#define ROLLCALL_INTAKE_COMMAND_H

#include <glib.h>
#include <stddef.h>

enum command_verb {
	COMMAND_NONE, /**< no word that we know */
	COMMAND_LHLO,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
	COMMAND_RSET,
	COMMAND_NOOP,
	COMMAND_HELP,
	COMMAND_QUIT,
	COMMAND_STARTTLS,
	COMMAND_XFORWARD,
	COMMAND_HELO,    /**< HELO or EHLO: somebody takes us for an SMTP server */
	COMMAND_FOREIGN, /**< known to mail, not offered here: VRFY, EXPN, BDAT, AUTH … */
};
enum { COMMAND_VERB_COUNT = COMMAND_FOREIGN + 1 };

/** What is wrong with a line; command_reply() has the words. */
enum command_fault {
	COMMAND_OK,
	COMMAND_BAD_BYTES,         /**< NUL, control character, 8-bit, bare CR, bare LF */
	COMMAND_BAD_LENGTH,        /**< longer than LIMIT_COMMAND_LINE; found by whoever reads lines */
	COMMAND_UNKNOWN,
	COMMAND_IS_SMTP,           /**< HELO or EHLO */
	COMMAND_NOT_OFFERED,
	COMMAND_NO_LHLO,           /**< found by the session, as are the next three */
	COMMAND_IN_TRANSACTION,
	COMMAND_NO_MAIL,
	COMMAND_NO_RECIPIENTS,
	COMMAND_BAD_ARGUMENTS,
	COMMAND_BAD_SENDER,        /**< the path of MAIL is no address */
	COMMAND_BAD_RECIPIENT,     /**< the path of RCPT is no address */
	COMMAND_EMPTY_RECIPIENT,   /**< RCPT TO:<> */
	COMMAND_NEEDS_UTF8,        /**< an address with 8-bit bytes without SMTPUTF8 */
	COMMAND_BAD_PARAMETER,     /**< a parameter that we know with a value that it cannot have, or twice */
	COMMAND_UNKNOWN_PARAMETER,
	COMMAND_BAD_ATTRIBUTE,     /**< of XFORWARD */
};
enum { COMMAND_FAULT_COUNT = COMMAND_BAD_ATTRIBUTE + 1 };

/** XFORWARD's attributes. */
enum command_forward {
	FORWARD_NAME,
	FORWARD_ADDR, /**< IPv4 or IPv6 text, the prefix "IPv6:" taken off */
	FORWARD_PORT,
	FORWARD_PROTO,
	FORWARD_HELO,
	FORWARD_IDENT, /**< Postfix's queue id */
	FORWARD_SOURCE,
};
enum { FORWARD_COUNT = FORWARD_SOURCE + 1 };

struct command {
	enum command_verb verb;
	char *name;          /**< LHLO: what the client calls itself, printable */
	char *address;       /**< MAIL, RCPT: normal form; "" for <>; "postmaster" for RCPT TO:<Postmaster> */
	guint64 size;        /**< SIZE=, 0 when not given, G_MAXUINT64 when it does not fit */
	gboolean body_8bit;  /**< BODY=8BITMIME */
	gboolean smtputf8;
	char *auth;          /**< AUTH= decoded and printable; NULL when not given or <> */
	char *forward[FORWARD_COUNT]; /**< decoded and printable; NULL: not mentioned; "": [UNAVAILABLE] */
};

/**
 * Reads exactly (line, length), which ends with the line's LF (and CR before it, or it is refused). `utf8`: RCPT may
 * have an address with 8-bit bytes, because its MAIL had SMTPUTF8. `*command` is filled as far as the fault
 * allows, the verb always; end it with command_clear() in every case.
 */
enum command_fault command_parse(const char *line, size_t length, gboolean utf8, struct command *command)
	G_GNUC_WARN_UNUSED_RESULT;

void command_clear(struct command *command);

struct command_reply {
	unsigned short code;
	const char *status;
	const char *text;
};

/** The reply to a fault. Static. Not for COMMAND_OK. */
const struct command_reply *command_reply(enum command_fault fault);

#endif
