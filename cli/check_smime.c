/*
 * Whom we trust for S/MIME, read as rollcall-intake does it: as root, before privileges go. What cannot be used lets good signatures not count, and
 * lists that want them refuse good posts.
 */
#include "cli/check.h"
#include "lib/base/networks.h"
#include "lib/base/text.h"
#include "lib/mail/smime.h"

#include <string.h>

enum { LINE = 300 }; /* characters of a name in a certificate */

static void check_networks(struct check *check)
{
	const char *bad = NULL;
	g_autoptr(GArray) networks = networks_parse(settings_strings(check->settings, SET_smime_ocsp_networks, NULL), &bad);

	if (networks)
		return;
	report_add(check->report, REPORT_ERROR, "%s: smime_ocsp_networks: %s is no network", check->config, bad);
	report_todo(check->report, "write ADDRESS or ADDRESS/BITS; rollcall-dispatch does not start like this");
}

static void check_dates(struct check *check, const struct smime_trust *trust, gboolean crls)
{
	g_autoptr(GPtrArray) expired = g_ptr_array_new_with_free_func(g_free);
	guint counts[2];

	smime_trust_look(trust, g_get_real_time() / G_USEC_PER_SEC, counts, expired);
	for (guint i = 0; i < expired->len; i++) {
		const char *text = g_ptr_array_index(expired, i);
		g_autofree char *clean = text_printable_dup(text, strlen(text), LINE);
		gboolean crl = g_str_has_prefix(text, "the CRL");

		report_add(check->report, crl ? REPORT_ERROR : REPORT_WARNING, "S/MIME: %s is out of date", clean);
		report_todo(check->report, crl ? "fetch its newer one into smime_crl: until then nobody whom it vouches for counts"
										  : "take it out of smime_ca_file, or put its newer one there");
	}
	report_add(check->report, REPORT_OK, "S/MIME signatures count, by %u certificates%s", counts[0],
		crls ? " and CRLs" : "");
}

void check_smime(struct check *check)
{
	const char *bundle = settings_text(check->settings, SET_smime_ca_file, NULL);
	const char *crl = settings_text(check->settings, SET_smime_crl, NULL);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

	check_networks(check);
	if (!*bundle) {
		if (*crl || settings_boolean(check->settings, SET_smime_ocsp, NULL))
			report_add(check->report, REPORT_WARNING, "%s: smime_ca_file is empty, so smime_crl and smime_ocsp say nothing", check->config);
		return;
	}
	struct smime_trust *trust = smime_trust_load(bundle, crl, problems);
	for (guint i = 0; i < problems->len; i++) {
		report_add(check->report, REPORT_ERROR, "S/MIME: %s", (const char *)g_ptr_array_index(problems, i));
		report_todo(check->report, "mend or remove it: signatures that it should speak for do not count");
	}
	if (trust)
		check_dates(check, trust, *crl != '\0');
	smime_trust_free(trust);
}
