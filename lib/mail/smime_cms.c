/*
 * The signatures in a container. Not by CMS_verify(): that hashes the content once for each digest that the sender listed (20,000 fit into a
 * small one), trusts the CRLs that came along, and takes a signature without attributes. So its parts are used: OpenSSL verifies the signature
 * over the attributes, and the content's hash is compared with the one among them (RFC 5652 section 5.4 and 5.6).
 */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "lib/mail/smime_internal.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

gboolean smime_is_strong_digest(int nid)
{
	static const int good[] = {NID_sha256, NID_sha384, NID_sha512, NID_sha512_256, NID_sha3_256, NID_sha3_384, NID_sha3_512};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
		if (nid == good[i])
			return TRUE;
	return FALSE;
}

static gboolean check_key(struct smime_check *check, X509 *certificate)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	int bits = key ? EVP_PKEY_get_bits(key) : 0;

	if (!key)
		return smime_say(check, "fail", "the signer's key is of a kind that we do not know");
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return (bits >= SMIME_RSA_LEAST && bits <= SMIME_RSA_MOST) ||
			smime_say(check, "fail", "the signer's RSA key has %d bits, not %d to %d", bits, SMIME_RSA_LEAST, SMIME_RSA_MOST);
	if (EVP_PKEY_is_a(key, "EC"))
		return bits >= SMIME_EC_LEAST ||
			smime_say(check, "fail", "the signer's EC key has %d bits, not %d or more", bits, SMIME_EC_LEAST);
	return smime_say(check, "fail", "the signer's key is neither RSA nor EC");
}

/* OpenSSL goes by the key and does not look at the algorithm's name: it must not say something else. */
static gboolean is_fitting(const X509_ALGOR *algorithm, int wanted)
{
	const ASN1_OBJECT *object = NULL;
	int digest = NID_undef, key = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	int nid = OBJ_obj2nid(object);
	/* These two say the digest elsewhere; RSA-PSS's must be the same, which OpenSSL sees to. */
	if (nid == NID_rsaEncryption || nid == NID_rsassaPss)
		return TRUE;
	return OBJ_find_sigid_algs(nid, &digest, &key) == 1 && digest == wanted;
}

/* The one value of an attribute that may stand there once. */
static const void *attribute(const CMS_SignerInfo *signer, int nid, int type)
{
	/* -3: neither the attribute nor its value twice. */
	return CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(nid), -3, type);
}

static gboolean check_content(struct smime_check *check, CMS_SignerInfo *signer, int digest, const struct smime_signed *data)
{
	const ASN1_OBJECT *type = attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT);
	const ASN1_OCTET_STRING *wanted = attribute(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
	const EVP_MD *method = EVP_get_digestbynid(digest);
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (!type || OBJ_obj2nid(type) != NID_pkcs7_data || !wanted)
		return smime_say(check, "fail", "the signature does not say what it signs");
	if (!method || EVP_Digest(data->content, data->content_length, hash, &length, method, NULL) != 1)
		return smime_say(check, "fail", "the content cannot be hashed");
	if ((unsigned int)ASN1_STRING_length(wanted) != length || memcmp(ASN1_STRING_get0_data(wanted), hash, length) != 0)
		return smime_say(check, "fail", "the content is not what was signed");
	return TRUE;
}

static gboolean check_signature(struct smime_check *check, CMS_SignerInfo *signer, const struct smime_signed *data, X509 **certificate)
{
	X509_ALGOR *digest = NULL, *algorithm = NULL;
	const ASN1_OBJECT *object = NULL;

	CMS_SignerInfo_get0_algs(signer, NULL, certificate, &digest, &algorithm);
	if (!*certificate)
		return smime_say(check, "fail", "the signer's certificate is not in the message");
	X509_ALGOR_get0(&object, NULL, NULL, digest);
	int nid = OBJ_obj2nid(object);
	if (!smime_is_strong_digest(nid))
		return smime_say(check, "fail", "signed with %s, which is not trusted", nid == NID_undef ? "an unknown digest" : OBJ_nid2sn(nid));
	if (!is_fitting(algorithm, nid))
		return smime_say(check, "fail", "the signature's algorithm is none that we know, or does not go with its digest");
	if (!check_key(check, *certificate))
		return FALSE;
	if (CMS_signed_get_attr_count(signer) <= 0)
		return smime_say(check, "fail", "there are no signed attributes");
	if (!check_content(check, signer, nid, data))
		return FALSE;
	return CMS_SignerInfo_verify(signer) == 1 || smime_say(check, "fail", "the signature does not fit the signer's key");
}

/* One signer; `*author` becomes TRUE when it is the author's certificate. */
static gboolean check_signer(struct smime_check *check, CMS_SignerInfo *signer, const struct smime_signed *data,
	STACK_OF(X509) *certificates, gboolean *author)
{
	X509 *certificate = NULL;
	g_autofree char *address = NULL;

	if (!check_signature(check, signer, data, &certificate) || !smime_chain_check(check, certificate, certificates))
		return FALSE;
	gboolean match = smime_names_match(certificate, check->question->author, &address);
	if (address && (match || !check->found->signer) && !*author) {
		g_free(check->found->signer);
		check->found->signer = g_steal_pointer(&address);
	}
	*author = *author || match;
	return TRUE;
}

static gboolean check_signers(struct smime_check *check, CMS_ContentInfo *cms, const struct smime_signed *data)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	int count = sk_CMS_SignerInfo_num(signers);
	STACK_OF(X509) *certificates = CMS_get1_certs(cms);
	gboolean author = FALSE, good;

	if (count < 1 || count > SMIME_SIGNERS || sk_X509_num(certificates) > SMIME_CERTIFICATES) {
		good = smime_say(check, "fail", "no signer or more than %d, or more than %d certificates", SMIME_SIGNERS, SMIME_CERTIFICATES);
	} else {
		(void)CMS_set1_signers_certs(cms, NULL, 0);
		good = TRUE;
		for (int i = 0; good && i < count; i++)
			good = check_signer(check, sk_CMS_SignerInfo_value(signers, i), data, certificates, &author);
		if (good && !author)
			good = smime_say(check, "fail", "the certificate is not for the author's address");
	}
	sk_X509_pop_free(certificates, X509_free);
	return good;
}

/* Fills in the content of an opaque message, and sees that there is only one content. */
static gboolean find_content(struct smime_check *check, CMS_ContentInfo *cms, struct smime_signed *data)
{
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);

	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data || !inside)
		return smime_say(check, "fail", "what is signed is not a mail");
	if (data->content)
		return !*inside || smime_say(check, "fail", "the signature has a content of its own");
	if (!*inside)
		return smime_say(check, "fail", "there is no content in the signed message");
	data->content = (const char *)ASN1_STRING_get0_data(*inside);
	data->content_length = (gsize)ASN1_STRING_length(*inside);
	return TRUE;
}

void smime_cms_verify(struct smime_check *check, const struct smime_signed *data)
{
	struct smime_signed all = *data;
	const unsigned char *place = data->cms;
	gsize beside = 0;

	if (!smime_measure(data->cms, data->cms_length, &beside) || beside > SMIME_BESIDE) {
		(void)smime_say(check, "fail", beside ? "the signature and its certificates are too large" : "the signature cannot be read");
		return;
	}
	g_autoptr(CMS_ContentInfo) cms = d2i_CMS_ContentInfo(NULL, &place, (long)data->cms_length);
	if (!cms) {
		(void)smime_say(check, "fail", "the signature cannot be read");
		return;
	}
	/* Something else in a container that does not say what it has: encrypted, compressed. */
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
		if (data->content)
			(void)smime_say(check, "fail", "the signature is none");
		return;
	}
	if (!check->question->trust) {
		(void)smime_say(check, "none", "no certificate is trusted here (smime_ca_file)");
		return;
	}
	if (find_content(check, cms, &all) && check_signers(check, cms, &all))
		check->found->result = "pass";
}
