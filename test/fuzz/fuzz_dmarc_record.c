/* room: intake */
/* DMARC records: any bytes. What is read must be one of the policies, and an extra tag behind it must not make it milder. */
#include <stdint.h>
#include <string.h>

#include "lib/mail/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_record record, longer;

	if (!dmarc_record_parse((const char *)data, size, &record))
		return 0;
	g_assert_true(record.domain <= DMARC_REJECT && record.subdomains <= DMARC_REJECT && record.no_such_name <= DMARC_REJECT);
	g_assert_true(record.usable || record.domain == DMARC_NONE);
	g_autofree char *more = g_malloc(size + 8);
	memcpy(more, data, size);
	memcpy(more + size, ";p=none;", 8);
	if (dmarc_record_parse(more, size + 8, &longer))
		g_assert_true(longer.domain == record.domain);
	return 0;
}
