/* The one reader of addresses: what it accepts is ASCII-clean at the borders, within the limits, and stable. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/list/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) once = g_string_new(NULL);
	g_autoptr(GString) twice = g_string_new(NULL);

	if (size == 0)
		return 0;
	gboolean utf8 = data[0] & 1;
	if (address_normalise((const char *)data + 1, size - 1, utf8, once) != ADDRESS_OK) {
		if (once->len != 0)
			abort();
		return 0;
	}
	if (once->len > LIMIT_ADDRESS || strlen(once->str) != once->len || strpbrk(once->str, "\r\n\t"))
		abort();
	if (address_normalise(once->str, once->len, utf8, twice) != ADDRESS_OK || !g_string_equal(once, twice))
		abort();
	g_auto(GStrv) spellings = address_spellings(once->str);
	return spellings[0] ? 0 : 1;
}
