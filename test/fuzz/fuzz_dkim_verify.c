/* room: intake */
/*
 * Whole messages with DKIM signatures: one result for each, of the known words; libopendkim, which comes behind our own reading, takes
 * every signature that we showed it; and nothing passes but by the key that is there.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/limits.h"
#include "test/fuzz/signatures_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct authentication_dkim *dkim)
{
	static const char *const words[] = {"pass", "fail", "policy", "permerror", "temperror", NULL};

	g_assert_true(g_strv_contains(words, dkim->result));
	g_assert_true(dkim->domain && dkim->selector && dkim->algorithm && strlen(dkim->algorithm) <= 30);
	g_assert_true(dkim->reason || strcmp(dkim->result, "pass") == 0);
	if (strcmp(dkim->result, "pass") == 0)
		g_assert_cmpstr(dkim->algorithm, ==, "ed25519-sha256");
	g_assert_true(!dkim->reason || (!strstr(dkim->reason, "libopendkim does") && !strstr(dkim->reason, "libopendkim has")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	struct dkim_verify_message message;
	struct authentication found;
	guint asked = 0;
	struct txt_door door = {.ask = fuzz_ask, .context = &asked};
	static gboolean started;

	if (!started)
		dkim_verify_warm_up();
	started = TRUE;
	if (!fuzz_message((const char *)data, size, &header, &message))
		return 0;
	authentication_init(&found);
	dkim_verify_message(&message, &door, &found);
	guint fields = header_count(&header, "DKIM-Signature");
	g_assert_cmpuint(found.dkim ? found.dkim->len : 0, ==, MIN(fields, LIMIT_SIGNATURES + 1));
	for (guint i = 0; found.dkim && i < found.dkim->len; i++)
		check(g_ptr_array_index(found.dkim, i));
	authentication_clear(&found);
	header_clear(&header);
	return 0;
}
