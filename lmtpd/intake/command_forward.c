/* XFORWARD's attributes; see command_forward.h. Values that nobody here uses are checked all the same. */
#include "lmtpd/intake/command_forward.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lmtpd/intake/xtext.h"

enum { VALUE_LIMIT = 255 }; /* characters; the README's limit */

static const char *const words[FORWARD_COUNT] = {
	[FORWARD_NAME] = "NAME",
	[FORWARD_ADDR] = "ADDR",
	[FORWARD_PORT] = "PORT",
	[FORWARD_PROTO] = "PROTO",
	[FORWARD_HELO] = "HELO",
	[FORWARD_IDENT] = "IDENT",
	[FORWARD_SOURCE] = "SOURCE",
};

/* "IPv6:" goes; what is left must be an address. */
static gboolean trim_address(GString *value)
{
	unsigned char bytes[16];

	if (g_ascii_strncasecmp(value->str, "IPv6:", 5) == 0) {
		g_string_erase(value, 0, 5);
		return inet_pton(AF_INET6, value->str, bytes) == 1;
	}
	return inet_pton(AF_INET, value->str, bytes) == 1;
}

static gboolean is_good(enum command_forward attribute, GString *value)
{
	guint64 port;

	switch (attribute) {
	case FORWARD_NAME:
	case FORWARD_HELO:
	case FORWARD_IDENT:
	case FORWARD_PROTO:
		return TRUE;
	case FORWARD_ADDR:
		return trim_address(value);
	case FORWARD_PORT:
		return text_parse_number(value->str, value->len, 0, 65535, &port);
	case FORWARD_SOURCE:
		return text_equal_ascii_case(value->str, value->len, "LOCAL") ||
			text_equal_ascii_case(value->str, value->len, "REMOTE");
	}
	log_panic("is_good: attribute %d", (int)attribute);
}

static gboolean is_unavailable(const GString *value)
{
	return value->len == 0 || text_equal_ascii_case(value->str, value->len, "[UNAVAILABLE]") ||
		text_equal_ascii_case(value->str, value->len, "[TEMPUNAVAIL]");
}

static enum command_fault read_attribute(const char *text, size_t length, struct command *command)
{
	const char *equals = memchr(text, '=', length);
	g_autoptr(GString) value = g_string_new(NULL);
	int attribute = 0;

	if (!equals)
		return COMMAND_BAD_ATTRIBUTE;
	size_t word = (size_t)(equals - text);
	while (attribute < FORWARD_COUNT && !text_equal_ascii_case(text, word, words[attribute]))
		attribute++;
	if (attribute == FORWARD_COUNT || !xtext_decode(equals + 1, length - word - 1, value) ||
		value->len > VALUE_LIMIT)
		return COMMAND_BAD_ATTRIBUTE;
	if (is_unavailable(value))
		g_string_truncate(value, 0);
	else if (!is_good((enum command_forward)attribute, value))
		return COMMAND_BAD_ATTRIBUTE;

	/* The last of two equal attributes holds, as in Postfix. */
	g_free(command->forward[attribute]);
	command->forward[attribute] = text_printable_dup(value->str, value->len, VALUE_LIMIT);
	return COMMAND_OK;
}

enum command_fault command_forward_parse(const char *text, size_t length, struct command *command)
{
	const char *end = text + length;

	if (length == 0)
		return COMMAND_BAD_ATTRIBUTE;
	for (;;) {
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		size_t word = (size_t)((blank ? blank : end) - text);
		enum command_fault fault = read_attribute(text, word, command);

		if (fault != COMMAND_OK || !blank)
			return fault;
		text = blank + 1;
	}
}
