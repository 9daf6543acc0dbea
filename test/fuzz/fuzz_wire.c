/* Frames as a parser process that an attacker owns could send them: dispatch must only ever see well-formed requests. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches every value, as the answering functions do. */
static void walk(GVariant *value)
{
	if (!g_variant_is_container(value)) {
		g_autofree char *text = g_variant_print(value, TRUE);
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(value) && i < 100; i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(value, i);

		walk(child);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_request request;
	g_autoptr(GVariant) value = wire_decode_request(data, size, &request);

	if (!value)
		return 0;
	if (request >= WIRE_REQUEST_COUNT || wire_request_word(request)[0] == '?' || !g_variant_is_normal_form(value))
		abort();
	walk(value);
	return 0;
}
