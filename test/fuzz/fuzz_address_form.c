/* Settled addresses stay settled, and never grow beyond a few bytes for each item. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mail/address_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *once = address_form_value((const char *)data, size);

	if (!once)
		return 0;
	if (strlen(once) > 4 * size + 4)
		abort();
	/* What is cut off or put on can bring something new to light once more, but it must come to rest. */
	g_autofree char *last = g_steal_pointer(&once);
	for (int round = 0; round < 4; round++) {
		char *next = address_form_value(last, strlen(last));

		if (!next)
			return 0;
		g_free(last);
		last = next;
	}
	abort();
}
