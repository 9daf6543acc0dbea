/* An answer of DNS. Beyond not crashing: what is found keeps the limits, and nothing is found where that is not said. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dns/dns_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	guint8 *block = g_memdup2(data, size);
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	const char *why = NULL;
	enum txt_result result = dns_records_read(block, size, texts, &why);
	size_t total = 0;

	for (guint i = 0; i < texts->len; i++) {
		size_t length = strlen(g_ptr_array_index(texts, i));

		total += length;
		if (length > TXT_RECORD_SIZE)
			abort();
	}
	if (texts->len > TXT_RECORDS || total > TXT_SIZE || (texts->len > 0) != (result == TXT_FOUND) || result > TXT_TROUBLE ||
		(result == TXT_TROUBLE && !why))
		abort();
	g_ptr_array_unref(texts);
	g_free(block);
	return 0;
}
