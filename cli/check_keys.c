/*
 * DKIM keys, by the rules of lib/keys: each is loaded, and signs once. They are read as root, before privileges go.
 * What DNS says about them: check_dns.c.
 */
#include "cli/check.h"
#include "lib/keys/keys.h"

static void check_domain(struct check *check, const struct keys *keys, const char *domain)
{
	g_autoptr(GPtrArray) found = keys_for_domain(keys, domain);

	if (found->len == 0) {
		report_add(check->report, REPORT_WARNING, "[domain %s] has no dkim_keys: its posts go out unsigned", domain);
		report_todo(check->report, "rollcall dkim keygen makes one and says what to do with it");
	}
	for (guint i = 0; i < found->len; i++) {
		const struct keys_public *key = g_ptr_array_index(found, i);
		gboolean weak = key->bits != 0 && key->bits < KEYS_BITS_ADVISED;

		report_add(check->report, weak ? REPORT_WARNING : REPORT_OK, "DKIM key %s of %s is a good %s key%s",
			key->selector, domain, key->algorithm, weak ? ", but short" : "");
		if (weak)
			report_todo(check->report, "it has %u bits; make one of %d", key->bits, KEYS_BITS_ADVISED);
	}
}

void check_keys(struct check *check)
{
	g_autoptr(GError) error = NULL;
	struct keys *keys = keys_load(check->settings, &error);

	if (!keys) {
		report_add(check->report, REPORT_ERROR, "%s: %s", check->config, error->message);
		return;
	}
	for (const char *const *domain = settings_domains(check->settings); *domain; domain++)
		check_domain(check, keys, *domain);
	keys_free(keys);
}
