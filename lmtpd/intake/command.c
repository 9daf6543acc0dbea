/* Reads one LMTP command line; see command.h. The table of verbs is the grammar. */
#include "lmtpd/intake/command.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lmtpd/intake/command_forward.h"
#include "lmtpd/intake/command_mail.h"

/* RFC 5321 4.5.3.1.2: a domain; longer names are nobody's. */
enum { NAME_LIMIT = 255 };

enum arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_ANY,
	ARGUMENTS_NAME,
	ARGUMENTS_PATH,
	ARGUMENTS_FORWARD,
};

struct verb_row {
	const char *word;
	enum command_verb verb;
	enum arguments arguments;
};

static const struct verb_row verbs[] = {
	{"LHLO", COMMAND_LHLO, ARGUMENTS_NAME},
	{"MAIL", COMMAND_MAIL, ARGUMENTS_PATH},
	{"RCPT", COMMAND_RCPT, ARGUMENTS_PATH},
	{"DATA", COMMAND_DATA, ARGUMENTS_NONE},
	{"RSET", COMMAND_RSET, ARGUMENTS_NONE},
	{"NOOP", COMMAND_NOOP, ARGUMENTS_ANY},
	{"HELP", COMMAND_HELP, ARGUMENTS_ANY},
	{"QUIT", COMMAND_QUIT, ARGUMENTS_NONE},
	{"STARTTLS", COMMAND_STARTTLS, ARGUMENTS_NONE},
	{"XFORWARD", COMMAND_XFORWARD, ARGUMENTS_FORWARD},
	{"HELO", COMMAND_HELO, ARGUMENTS_ANY},
	{"EHLO", COMMAND_HELO, ARGUMENTS_ANY},
	{"VRFY", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"EXPN", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"BDAT", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"AUTH", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"ETRN", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"TURN", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"SEND", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"SOML", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"SAML", COMMAND_FOREIGN, ARGUMENTS_ANY},
	{"XCLIENT", COMMAND_FOREIGN, ARGUMENTS_ANY},
};

static const struct command_reply replies[COMMAND_FAULT_COUNT] = {
	[COMMAND_BAD_BYTES] = {500, "5.5.2", "Bytes that no command may have"},
	[COMMAND_BAD_LENGTH] = {500, "5.5.2", "Command line too long"},
	[COMMAND_UNKNOWN] = {500, "5.5.1", "Command not known"},
	[COMMAND_IS_SMTP] = {500, "5.5.1", "This is LMTP: say LHLO"},
	[COMMAND_NOT_OFFERED] = {502, "5.5.1", "Command not offered"},
	[COMMAND_NO_LHLO] = {503, "5.5.1", "Say LHLO first"},
	[COMMAND_IN_TRANSACTION] = {503, "5.5.1", "Not within a mail transaction"},
	[COMMAND_NO_MAIL] = {503, "5.5.1", "Need MAIL first"},
	[COMMAND_NO_RECIPIENTS] = {503, "5.5.1", "No valid recipients"},
	[COMMAND_BAD_ARGUMENTS] = {501, "5.5.4", "Arguments not understood"},
	[COMMAND_BAD_SENDER] = {501, "5.1.7", "Bad sender address"},
	[COMMAND_BAD_RECIPIENT] = {550, "5.1.3", "Bad recipient address"},
	[COMMAND_EMPTY_RECIPIENT] = {501, "5.1.3", "A recipient cannot be empty"},
	[COMMAND_NEEDS_UTF8] = {553, "5.6.7", "Such an address needs SMTPUTF8"},
	[COMMAND_BAD_PARAMETER] = {501, "5.5.4", "Bad value of a parameter"},
	[COMMAND_UNKNOWN_PARAMETER] = {555, "5.5.4", "Parameter not offered"},
	[COMMAND_BAD_ATTRIBUTE] = {501, "5.5.4", "Bad XFORWARD attribute"},
};

const struct command_reply *command_reply(enum command_fault fault)
{
	if (fault == COMMAND_OK || fault > COMMAND_BAD_ATTRIBUTE)
		log_panic("command_reply: fault %d", (int)fault);
	return &replies[fault];
}

void command_clear(struct command *command)
{
	g_clear_pointer(&command->name, g_free);
	g_clear_pointer(&command->address, g_free);
	g_clear_pointer(&command->auth, g_free);
	for (int i = 0; i < FORWARD_COUNT; i++)
		g_clear_pointer(&command->forward[i], g_free);
}

static const struct verb_row *find_verb(const char *text, size_t length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (text_equal_ascii_case(text, length, verbs[i].word))
			return &verbs[i];
	return NULL;
}

static gboolean has_control(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 32 || text[i] == 127)
			return TRUE;
	return FALSE;
}

/*
 * A client's name is only ever logged, and Postfix says whatever lmtp_lhlo_name holds: so any one
 * word will do, a grammar of domains would only lose mail.
 */
static enum command_fault read_name(const char *text, size_t length, struct command *command)
{
	if (length == 0 || length > NAME_LIMIT || memchr(text, ' ', length))
		return COMMAND_BAD_ARGUMENTS;
	command->name = text_printable_dup(text, length, NAME_LIMIT);
	return COMMAND_OK;
}

static enum command_fault read_arguments(const struct verb_row *row, const char *text, size_t length,
	gboolean utf8, struct command *command)
{
	/* 8-bit bytes stand in an address or nowhere; who reads the address says so more precisely. */
	if (row->arguments != ARGUMENTS_PATH && text_has_8bit(text, length))
		return COMMAND_BAD_BYTES;
	switch (row->arguments) {
	case ARGUMENTS_NONE:
		return length == 0 ? COMMAND_OK : COMMAND_BAD_ARGUMENTS;
	case ARGUMENTS_ANY:
		return COMMAND_OK;
	case ARGUMENTS_NAME:
		return read_name(text, length, command);
	case ARGUMENTS_PATH:
		return command_mail_parse(text, length, utf8, command);
	case ARGUMENTS_FORWARD:
		return command_forward_parse(text, length, command);
	}
	log_panic("read_arguments: kind %d", (int)row->arguments);
}

enum command_fault command_parse(const char *line, size_t length, gboolean utf8, struct command *command)
{
	*command = (struct command){.verb = COMMAND_NONE};
	if (length < 2 || line[length - 2] != '\r' || line[length - 1] != '\n')
		return COMMAND_BAD_BYTES;
	length -= 2;
	if (has_control(line, length))
		return COMMAND_BAD_BYTES;
	while (length > 0 && line[length - 1] == ' ')
		length--;

	const char *blank = memchr(line, ' ', length);
	size_t word = blank ? (size_t)(blank - line) : length;
	const struct verb_row *row = find_verb(line, word);
	if (!row)
		return text_has_8bit(line, length) ? COMMAND_BAD_BYTES : COMMAND_UNKNOWN;
	command->verb = row->verb;
	size_t start = MIN(word + 1, length);
	return read_arguments(row, line + start, length - start, utf8, command);
}
