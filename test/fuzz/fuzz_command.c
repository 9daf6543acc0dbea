/* room: intake */
/*
 * One LMTP command line: what the parser takes is printable, within its limits, and its addresses are in
 * normal form already, or odd in a way that can do no harm; what it refuses has a reply. The first byte says
 * whether RCPT may be UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/list/address.h"
#include "lmtpd/intake/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text)
{
	if (!text)
		return;
	if (strlen(text) > 255)
		abort();
	for (; *text; text++)
		if (*text < 32 || *text > 126)
			abort();
}

/* No normal form, but nothing in it that means something to anybody, and of a recipient a domain in normal form. */
static void check_odd(const struct command *command, const char *address)
{
	g_autoptr(GString) domain = g_string_new(NULL);
	const char *at = strchr(address, '@');

	if (!at || at == address || at[1] == '\0' || strchr(at + 1, '@') || strlen(address) > LIMIT_ADDRESS)
		abort();
	for (const char *place = address; *place; place++)
		if (*place <= 32 || *place >= 127 || strchr("<>()\",;\\", *place))
			abort();
	if (command->verb == COMMAND_RCPT &&
		(!address_domain(at + 1, strlen(at + 1), domain) || strcmp(domain->str, at + 1) != 0))
		abort();
}

static void check_address(const struct command *command, gboolean utf8)
{
	g_autoptr(GString) again = g_string_new(NULL);
	const char *address = command->address;

	if (command->verb == COMMAND_MAIL)
		utf8 = command->smtputf8;
	if (*address == '\0' ? command->verb == COMMAND_MAIL : strcmp(address, "postmaster") == 0)
		return;
	enum address_result result = address_normalise(address, strlen(address), utf8, again);
	if (result != ADDRESS_OK)
		check_odd(command, address);
	else if (strcmp(again->str, address) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command command;

	if (size == 0)
		return 0;
	gboolean utf8 = data[0] & 1;
	enum command_fault fault = command_parse((const char *)data + 1, size - 1, utf8, &command);
	if (fault != COMMAND_OK && command_reply(fault)->code < 500)
		abort();
	check_printable(command.name);
	check_printable(command.auth);
	for (int i = 0; i < FORWARD_COUNT; i++)
		check_printable(command.forward[i]);
	gboolean has_path = command.verb == COMMAND_MAIL || command.verb == COMMAND_RCPT;
	if (fault == COMMAND_OK && (has_path != (command.address != NULL) || command.verb == COMMAND_NONE))
		abort();
	if (fault == COMMAND_OK && has_path)
		check_address(&command, utf8);
	command_clear(&command);
	return 0;
}
