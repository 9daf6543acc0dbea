/*
 * From a signer's certificate to one that is trusted. With CRLs set, each certificate below the trusted one needs one in date, or a responder that
 * vouches for it where those are asked: no answer about revocation is not a good answer. The trusted one itself is the admin's word.
 */
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "lib/mail/smime_internal.h"

/* OpenSSL's callback: 1 lets an error pass. */
static int judge(int good, X509_STORE_CTX *context)
{
	const struct smime_check *check = X509_STORE_CTX_get_app_data(context);
	int depth = X509_STORE_CTX_get_error_depth(context);

	if (good)
		return 1;
	if (X509_STORE_CTX_get_error(context) != X509_V_ERR_UNABLE_TO_GET_CRL)
		return 0;
	if (depth == sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1)
		return 1;
	return check->question->ocsp && smime_ocsp_named(X509_STORE_CTX_get_current_cert(context));
}

static void set_terms(const struct smime_check *check, X509_STORE_CTX *context)
{
	X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);

	/* keyUsage, and extendedKeyUsage with emailProtection where there is one (RFC 8550 section 4.4). */
	X509_VERIFY_PARAM_set_purpose(terms, X509_PURPOSE_SMIME_SIGN);
	X509_VERIFY_PARAM_set_trust(terms, X509_TRUST_EMAIL);
	X509_VERIFY_PARAM_set_time(terms, (time_t)check->question->arrived);
	X509_VERIFY_PARAM_set_depth(terms, SMIME_CHAIN);
	if (check->question->trust->crls)
		X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_CTX_set_app_data(context, (void *)check);
	X509_STORE_CTX_set_verify_cb(context, judge);
}

static gboolean ask_responders(struct smime_check *check, STACK_OF(X509) *chain)
{
	for (int i = 0; check->question->ocsp && i + 1 < sk_X509_num(chain); i++)
		if (smime_ocsp_named(sk_X509_value(chain, i)) &&
			!smime_ocsp_check(check, sk_X509_value(chain, i), sk_X509_value(chain, i + 1), chain))
			return FALSE;
	return TRUE;
}

gboolean smime_chain_check(struct smime_check *check, X509 *certificate, STACK_OF(X509) *others)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	gboolean good;

	if (!context || X509_STORE_CTX_init(context, check->question->trust->store, certificate, others) != 1) {
		X509_STORE_CTX_free(context);
		return smime_say(check, "temperror", "the certificate cannot be looked at");
	}
	set_terms(check, context);
	if (X509_verify_cert(context) == 1)
		good = ask_responders(check, X509_STORE_CTX_get0_chain(context));
	else
		good = smime_say(check, "fail", "certificate: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	return good;
}
