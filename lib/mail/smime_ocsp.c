/*
 * What a certificate's own responder says about it (RFC 6960). Requests have no nonce, because responders that serve ready-made answers know none
 * (RFC 5019): an answer holds for the time that stands in it. CertID by SHA-1, which all responders know and nothing rests on.
 */
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/smime_internal.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_CERTID, OCSP_CERTID_free)

enum {
	CLOCK_SLACK = 300,   /* seconds that clocks may differ */
	OLDEST = 24 * 3600,  /* seconds that an answer without an end may be old */
};

gboolean smime_ocsp_named(X509 *certificate)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);
	gboolean named = sk_OPENSSL_STRING_num(urls) > 0;

	X509_email_free(urls);
	return named;
}

static char *find_url(X509 *certificate)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);
	char *url = NULL;

	for (int i = 0; !url && i < sk_OPENSSL_STRING_num(urls); i++) {
		const char *text = sk_OPENSSL_STRING_value(urls, i);

		if (g_ascii_strncasecmp(text, "http://", 7) == 0 && strlen(text) <= LIMIT_OCSP_URL && g_str_is_ascii(text))
			url = g_strdup(text);
	}
	X509_email_free(urls);
	return url;
}

static GBytes *make_request(const OCSP_CERTID *id)
{
	g_autoptr(OCSP_REQUEST) request = OCSP_REQUEST_new();
	OCSP_CERTID *copy = OCSP_CERTID_dup(id);
	unsigned char *der = NULL;

	if (!request || !copy || !OCSP_request_add0_id(request, copy)) {
		OCSP_CERTID_free(copy);
		return NULL;
	}
	int length = i2d_OCSP_REQUEST(request, &der);
	GBytes *bytes = length > 0 && length <= LIMIT_OCSP_REQUEST ? g_bytes_new(der, (gsize)length) : NULL;
	OPENSSL_free(der);
	return bytes;
}

static gboolean is_strongly_signed(const OCSP_BASICRESP *basic)
{
	const ASN1_OBJECT *object = NULL;
	int digest = NID_undef, key = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
	/* Ed25519 and RSA-PSS have no digest in their name. */
	return OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &key) == 1 && (digest == NID_undef || smime_is_strong_digest(digest));
}

static gboolean read_status(struct smime_check *check, OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
	int status, reason;
	ASN1_GENERALIZEDTIME *revoked, *from, *until;

	if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from, &until) != 1)
		return smime_say(check, "temperror", "the responder speaks of another certificate");
	if (OCSP_check_validity(from, until, CLOCK_SLACK, until ? -1 : OLDEST) != 1)
		return smime_say(check, "temperror", "the responder's answer is not of today");
	if (status == V_OCSP_CERTSTATUS_GOOD)
		return TRUE;
	return smime_say(check, "fail", status == V_OCSP_CERTSTATUS_REVOKED ? "certificate: revoked, says its responder"
																		  : "certificate: its responder does not know it");
}

static gboolean read_response(struct smime_check *check, GBytes *bytes, OCSP_CERTID *id, STACK_OF(X509) *chain)
{
	gsize length;
	const unsigned char *place = g_bytes_get_data(bytes, &length);
	g_autoptr(OCSP_RESPONSE) response = length <= LIMIT_OCSP_RESPONSE ? d2i_OCSP_RESPONSE(NULL, &place, (long)length) : NULL;

	if (!response || OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return smime_say(check, "temperror", "the responder gives no answer: %s",
			response ? OCSP_response_status_str(OCSP_response_status(response)) : "unreadable");
	g_autoptr(OCSP_BASICRESP) basic = OCSP_response_get1_basic(response);
	if (!basic || !is_strongly_signed(basic) || OCSP_basic_verify(basic, chain, check->question->trust->store, 0) != 1)
		return smime_say(check, "temperror", "the responder's answer is not signed by the certificate's issuer");
	return read_status(check, basic, id);
}

gboolean smime_ocsp_check(struct smime_check *check, X509 *certificate, X509 *issuer, STACK_OF(X509) *chain)
{
	const struct smime_door *door = check->question->ocsp;
	g_autofree char *url = find_url(certificate), *reason = NULL;
	g_autoptr(OCSP_CERTID) id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
	g_autoptr(GBytes) request = id ? make_request(id) : NULL;
	g_autoptr(GBytes) response = NULL;

	if (!url || !request)
		return smime_say(check, "fail", "the certificate names a responder that cannot be asked");
	if (check->asked++ >= LIMIT_OCSP_QUESTIONS)
		return smime_say(check, "fail", "more than %d responders would have to be asked", LIMIT_OCSP_QUESTIONS);
	if (!door->ask(door->context, url, request, &response, &reason))
		return smime_say(check, "temperror", "the certificate's responder was not heard: %s", reason);
	return read_response(check, response, id, chain);
}
