/* Asks a certificate's responder for a parser that has no network. Not to be heard is an answer: it never costs the post. */
#include "lib/base/limits.h"
#include "lib/base/networks.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/ocsp_ask.h"

enum { PATIENCE = 10 }; /* seconds: four of these still leave time for the post */

static GBytes *ask(struct phase *phase, const char *url, GBytes *request, const char **reason)
{
	const struct settings *settings = phase->worker->settings;
	const char *bad;
	g_autoptr(GArray) allowed = networks_parse(settings_strings(settings, SET_smime_ocsp_networks, NULL), &bad);

	*reason = "not asked for this any more";
	if (!allowed || !settings_boolean(settings, SET_smime_ocsp, NULL) || g_bytes_get_size(request) > LIMIT_OCSP_REQUEST ||
		phase->responders++ >= LIMIT_OCSP_QUESTIONS)
		return NULL;
	return ocsp_ask(url, request, allowed, deadline_earlier(phase->deadline, deadline_in(PATIENCE)), reason);
}

GVariant *answer_ocsp(struct phase *phase, GVariant *arguments, int fd)
{
	const char *url, *reason;
	g_autoptr(GVariant) bytes = NULL;
	struct verdict verdict = VERDICT_UNDECIDED;

	g_variant_get(arguments, "(&s@ay)", &url, &bytes);
	g_autoptr(GBytes) request = g_variant_get_data_as_bytes(bytes);
	g_autoptr(GBytes) response = ask(phase, url, request, &reason);
	if (!response) {
		verdict = verdict_deferred("4.4.3", "%s", reason);
		response = g_bytes_new(NULL, 0);
	}
	return g_variant_new("(@(uuss)@ay)", wire_verdict(&verdict), g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, response, TRUE));
}
