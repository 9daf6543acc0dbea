/* The hourly look at our keys in DNS; see key_watch.h. */
#include "lmtpd/dispatch/key_watch.h"

#include <malloc.h>

#include "lib/base/log.h"
#include "lib/keys/keys_record.h"

enum { LOOK_MOST = 20 }; /* seconds for all of it */

static const char *cause(enum txt_result result, const struct keys_public *key, const GPtrArray *texts)
{
	if (result != TXT_FOUND)
		return "is not";
	if (texts->len > 1)
		return "stands more than once";
	return keys_record_is_ours(key, g_ptr_array_index(texts, 0)) ? NULL : "is revoked, or another stands,";
}

/* FALSE when nobody answers. */
static gboolean look_at(struct dns *dns, const struct keys_public *key, struct deadline deadline)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *name = keys_record_name(key);
	enum txt_result result = dns_txt(dns, name, deadline, texts, NULL);
	const char *wrong = result == TXT_TROUBLE ? NULL : cause(result, key, texts);

	if (wrong)
		log_warning("ALARM DKIM key %s of %s %s in DNS: nobody can verify what it signs, see rollcall check", key->selector, key->domain,
			wrong);
	return result != TXT_TROUBLE;
}

void key_watch_look(const struct settings *settings, const struct keys *keys)
{
	/* A resolver of its own for each look: an hour later nothing in its cache would be good, and its memory is given back. */
	struct dns *dns = dns_new(settings);
	struct deadline deadline = deadline_in(LOOK_MOST);
	gboolean answers = TRUE;

	for (const char *const *domain = settings_domains(settings); answers && *domain; domain++) {
		g_autoptr(GPtrArray) found = keys_for_domain(keys, *domain);

		for (guint i = 0; answers && i < found->len; i++)
			answers = look_at(dns, g_ptr_array_index(found, i), deadline);
	}
	dns_free(dns);
	/* The clock idles for an hour now, and its heap would keep what the resolver needed. */
	malloc_trim(0);
}
