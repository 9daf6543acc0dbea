/* Ownership of what the checks of an author found; see authentication.h. */
#include "lib/mail/authentication.h"

#include <string.h>

static void free_dkim(gpointer data)
{
	struct authentication_dkim *dkim = data;

	g_free(dkim->domain);
	g_free(dkim->selector);
	g_free(dkim->algorithm);
	g_free(dkim->reason);
	g_free(dkim);
}

void authentication_init(struct authentication *authentication)
{
	*authentication = (struct authentication){
		.spf.result = "none",
		.dmarc = {.result = "none", .policy = ""},
		.arc.cv = "none",
		.smime.result = "none",
	};
}

void authentication_clear(struct authentication *authentication)
{
	g_clear_pointer(&authentication->dkim, g_ptr_array_unref);
	g_free(authentication->spf.domain);
	g_free(authentication->dmarc.domain);
	g_free(authentication->dmarc.organisation);
	g_clear_pointer(&authentication->arc.sealers, g_ptr_array_unref);
	g_free(authentication->arc.reason);
	g_free(authentication->smime.signer);
	g_free(authentication->smime.reason);
	g_free(authentication->sasl.login);
	authentication_init(authentication);
}

struct authentication_dkim *authentication_add_dkim(struct authentication *authentication)
{
	struct authentication_dkim *dkim = g_new0(struct authentication_dkim, 1);

	if (!authentication->dkim)
		authentication->dkim = g_ptr_array_new_with_free_func(free_dkim);
	dkim->domain = g_strdup("");
	dkim->selector = g_strdup("");
	dkim->algorithm = g_strdup("");
	dkim->result = "neutral";
	g_ptr_array_add(authentication->dkim, dkim);
	return dkim;
}

gboolean authentication_is_signed(const struct authentication *authentication)
{
	if (strcmp(authentication->dmarc.result, "fail") == 0)
		return FALSE;
	for (guint i = 0; authentication->dkim && i < authentication->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(authentication->dkim, i);

		if (dkim->aligned && strcmp(dkim->result, "pass") == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean authentication_is_disowned(const struct authentication *authentication, const char *method)
{
	return strcmp(authentication->dmarc.result, "fail") == 0 && (!method || strcmp(method, "smtp") == 0);
}
