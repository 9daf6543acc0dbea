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
	g_autofree char *twice = address_form_value(once, strlen(once));
	if (twice)
		abort();
	return 0;
}
