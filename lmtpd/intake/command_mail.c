/* Paths and parameters of MAIL and RCPT; see command_mail.h. The table of parameters is the grammar. */
#include "lmtpd/intake/command_mail.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lmtpd/intake/xtext.h"

enum {
	SIZE_DIGITS = 20, /* RFC 1870 section 6 */
	AUTH_LIMIT = 255, /* characters of a login that anybody will look at */
};

struct parameter {
	const char *keyword;
	size_t keyword_length;
	const char *value; /* NULL when there is no '=' */
	size_t value_length;
};

static enum command_fault read_size(struct command *command, const struct parameter *parameter)
{
	size_t digits = parameter->value_length;

	if (!parameter->value || digits > SIZE_DIGITS)
		return COMMAND_BAD_PARAMETER;
	for (size_t i = 0; i < digits; i++)
		if (!g_ascii_isdigit(parameter->value[i]))
			return COMMAND_BAD_PARAMETER;
	/* Twenty digits may be more than 64 bits: a size that is too big, not one that is badly written. */
	if (!text_parse_number(parameter->value, digits, 0, G_MAXUINT64, &command->size))
		command->size = G_MAXUINT64;
	return COMMAND_OK;
}

static enum command_fault read_body(struct command *command, const struct parameter *parameter)
{
	if (!parameter->value)
		return COMMAND_BAD_PARAMETER;
	if (text_equal_ascii_case(parameter->value, parameter->value_length, "8BITMIME"))
		command->body_8bit = TRUE;
	else if (!text_equal_ascii_case(parameter->value, parameter->value_length, "7BIT"))
		return COMMAND_BAD_PARAMETER;
	return COMMAND_OK;
}

static enum command_fault read_smtputf8(struct command *command, const struct parameter *parameter)
{
	if (parameter->value)
		return COMMAND_BAD_PARAMETER;
	command->smtputf8 = TRUE;
	return COMMAND_OK;
}

/*
 * RFC 4954 wants a mailbox here; what our pipe client passes on is Postfix's ${sasl_username}, a login, which
 * may be a mailbox or not. Whether it is believed is the session's business.
 */
static enum command_fault read_auth(struct command *command, const struct parameter *parameter)
{
	g_autoptr(GString) login = g_string_new(NULL);

	if (!parameter->value || !xtext_decode(parameter->value, parameter->value_length, login) ||
		login->len > AUTH_LIMIT)
		return COMMAND_BAD_PARAMETER;
	if (strcmp(login->str, "<>") != 0)
		command->auth = text_printable_dup(login->str, login->len, AUTH_LIMIT);
	return COMMAND_OK;
}

/* DSN (RFC 3461) is not offered; but somebody who hides a line end in it is told so rather. */
static enum command_fault read_dsn_xtext(struct command *command, const struct parameter *parameter)
{
	g_autoptr(GString) ignored = g_string_new(NULL);

	(void)command;
	if (!parameter->value || !xtext_decode(parameter->value, parameter->value_length, ignored))
		return COMMAND_BAD_PARAMETER;
	return COMMAND_UNKNOWN_PARAMETER;
}

static const struct {
	const char *keyword;
	enum command_verb verb;
	enum command_fault (*read)(struct command *command, const struct parameter *parameter);
} parameters[] = {
	{"SIZE", COMMAND_MAIL, read_size},
	{"BODY", COMMAND_MAIL, read_body},
	{"SMTPUTF8", COMMAND_MAIL, read_smtputf8},
	{"AUTH", COMMAND_MAIL, read_auth},
	{"ENVID", COMMAND_MAIL, read_dsn_xtext},
	{"ORCPT", COMMAND_RCPT, read_dsn_xtext},
};

/* One "KEYWORD" or "KEYWORD=value" of RFC 5321 4.1.2; (text, length) holds no blank. */
static gboolean split_parameter(const char *text, size_t length, struct parameter *parameter)
{
	const char *equals = memchr(text, '=', length);
	size_t keyword = equals ? (size_t)(equals - text) : length;

	if (keyword == 0 || !g_ascii_isalnum(text[0]))
		return FALSE;
	for (size_t i = 1; i < keyword; i++)
		if (!g_ascii_isalnum(text[i]) && text[i] != '-')
			return FALSE;
	*parameter = (struct parameter){.keyword = text, .keyword_length = keyword};
	if (equals) {
		parameter->value = equals + 1;
		parameter->value_length = length - keyword - 1;
		if (parameter->value_length == 0 || memchr(parameter->value, '=', parameter->value_length))
			return FALSE;
	}
	return TRUE;
}

static enum command_fault read_parameter(const char *text, size_t length, struct command *command, unsigned *seen)
{
	struct parameter parameter;

	if (!split_parameter(text, length, &parameter))
		return COMMAND_BAD_ARGUMENTS;
	for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++) {
		if (parameters[i].verb != command->verb ||
			!text_equal_ascii_case(parameter.keyword, parameter.keyword_length, parameters[i].keyword))
			continue;
		if (*seen & (1u << i))
			return COMMAND_BAD_PARAMETER;
		*seen |= 1u << i;
		return parameters[i].read(command, &parameter);
	}
	return COMMAND_UNKNOWN_PARAMETER;
}

/* All parameters; `text` is empty or begins with the blank before the first. */
static enum command_fault read_parameters(const char *text, size_t length, struct command *command)
{
	const char *end = text + length;
	unsigned seen = 0;

	if (text_has_8bit(text, length))
		return COMMAND_BAD_BYTES;
	while (text < end) {
		if (*text++ != ' ')
			return COMMAND_BAD_ARGUMENTS;
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		size_t word = (size_t)((blank ? blank : end) - text);
		enum command_fault fault = read_parameter(text, word, command, &seen);

		if (fault != COMMAND_OK)
			return fault;
		text += word;
	}
	return COMMAND_OK;
}

/* The '>' that closes the path which begins at text[0] == '<'; a '>' in a quoted local part does not count. */
static const char *find_path_end(const char *text, size_t length)
{
	gboolean quoted = FALSE;

	for (size_t i = 1; i < length; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '>' && !quoted)
			return text + i;
	}
	return NULL;
}

/*
 * A mailbox that is none by the letter only: a domain that is an address literal or has an underscore, a local part over 64
 * bytes (SRS and VERP write such, RFC or not).
 */
static gboolean is_odd_mailbox(const char *path, size_t length)
{
	const char *at = memchr(path, '@', length);

	if (!at || at == path || at + 1 == path + length || length > LIMIT_ADDRESS)
		return FALSE;
	for (size_t i = 0; i < length; i++)
		if (path[i] <= 32 || path[i] >= 127 || strchr("<>()\",;\\", path[i]))
			return FALSE;
	return memchr(at + 1, '@', length - (size_t)(at + 1 - path)) == NULL;
}

/*
 * Nothing is sent to a sender by us and nobody is authorised by it, and refusing it would only bounce a post that Postfix
 * has accepted: an odd one is kept as it came. Of recipients only one that is too long may be ours: our own VERP address,
 * with a member's in it, to which a bounce comes back.
 */
static gboolean take_odd(const char *path, size_t length, enum command_verb verb, enum address_result why, GString *out)
{
	g_autoptr(GString) domain = g_string_new(NULL);

	if ((why != ADDRESS_DOMAIN && why != ADDRESS_LITERAL && why != ADDRESS_LENGTH) || !is_odd_mailbox(path, length))
		return FALSE;
	size_t local = (size_t)((const char *)memchr(path, '@', length) + 1 - path);
	if (verb == COMMAND_MAIL) {
		g_string_append_len(out, path, (gssize)length);
		return TRUE;
	}
	if (why != ADDRESS_LENGTH || !address_domain(path + local, length - local, domain))
		return FALSE;
	g_string_append_len(out, path, (gssize)local);
	g_string_append(out, domain->str);
	return TRUE;
}

static enum command_fault read_address(const char *path, size_t length, gboolean utf8, struct command *command)
{
	enum command_fault bad = command->verb == COMMAND_MAIL ? COMMAND_BAD_SENDER : COMMAND_BAD_RECIPIENT;
	g_autoptr(GString) normal = g_string_new(NULL);

	if (length == 0) {
		command->address = g_strdup("");
		return command->verb == COMMAND_MAIL ? COMMAND_OK : COMMAND_EMPTY_RECIPIENT;
	}
	/* RFC 5321 4.5.1: the one recipient without a domain. */
	if (command->verb == COMMAND_RCPT && text_equal_ascii_case(path, length, "postmaster")) {
		command->address = g_strdup("postmaster");
		return COMMAND_OK;
	}
	/* Also where only the domain is not ASCII and A-labels would do: RFC 6531 3.5 wants SMTPUTF8 for any such path. */
	if (!utf8 && text_has_8bit(path, length))
		return COMMAND_NEEDS_UTF8;
	enum address_result result = address_normalise(path, length, utf8, normal);
	if (result != ADDRESS_OK && !take_odd(path, length, command->verb, result, normal))
		return bad;
	command->address = g_strdup(normal->str);
	return COMMAND_OK;
}

enum command_fault command_mail_parse(const char *text, size_t length, gboolean utf8, struct command *command)
{
	const char *prefix = command->verb == COMMAND_MAIL ? "FROM:" : "TO:";
	size_t prefix_length = strlen(prefix);

	if (length <= prefix_length || !text_equal_ascii_case(text, prefix_length, prefix) ||
		text[prefix_length] != '<')
		return COMMAND_BAD_ARGUMENTS;
	const char *path = text + prefix_length;
	const char *end = text + length;
	const char *close = find_path_end(path, (size_t)(end - path));
	if (!close)
		return COMMAND_BAD_ARGUMENTS;

	/* Parameters first: whether the address may be UTF-8 stands behind it. */
	enum command_fault fault = read_parameters(close + 1, (size_t)(end - close - 1), command);
	if (fault != COMMAND_OK)
		return fault;
	if (command->verb == COMMAND_MAIL)
		utf8 = command->smtputf8;
	return read_address(path + 1, (size_t)(close - path - 1), utf8, command);
}
