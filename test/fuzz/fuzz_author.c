/*
 * The From reader: whoever it finds, GMime must find too, in a message of its own with all else it knows to read; and the
 * address must stand in the value as it came, outside of quotes and comments.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/mail/author.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Loose, as most mail software reads: if that finds exactly one mailbox, it must be ours. */
static void compare_loose(const char *value, const char *address)
{
	g_autoptr(GString) seen = g_string_new(NULL);
	InternetAddressList *list = internet_address_list_parse(NULL, value);

	if (!list || internet_address_list_length(list) != 1)
		abort();
	InternetAddress *first = internet_address_list_get_address(list, 0);
	if (!INTERNET_ADDRESS_IS_MAILBOX(first))
		abort();
	const char *raw = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
	if (!raw || address_normalise(raw, strlen(raw), TRUE, seen) != ADDRESS_OK || strcmp(seen->str, address) != 0)
		abort();
	g_object_unref(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static gboolean started;
	g_autoptr(GString) again = g_string_new(NULL);
	struct author author;

	if (!started)
		g_mime_init();
	started = TRUE;
	if (size == 0)
		return 0;
	const char *value = (const char *)data + 1;
	gboolean utf8 = data[0] & 1;
	struct verdict verdict = author_parse(value, size - 1, utf8, &author);
	if (verdict.class == VERDICT_UNCLEAR && (utf8 || strcmp(verdict.status, "5.6.7") != 0))
		abort();
	if (verdict.class != VERDICT_NONE && verdict.class != VERDICT_UNCLEAR) {
		if (verdict.class != VERDICT_REFUSED || author.address || author.name)
			abort();
		return 0;
	}
	g_autofree char *text = g_strndup(value, size - 1);
	if (strlen(text) != size - 1 || !strchr(text, '@'))
		abort();
	if (address_normalise(author.address, strlen(author.address), TRUE, again) != ADDRESS_OK ||
		strcmp(again->str, author.address) != 0)
		abort();
	if (author.name && (strlen(author.name) > AUTHOR_NAME || !text_is_utf8(author.name, strlen(author.name)) ||
		strpbrk(author.name, "\r\n\t\033")))
		abort();
	compare_loose(text, author.address);
	author_clear(&author);
	return 0;
}
