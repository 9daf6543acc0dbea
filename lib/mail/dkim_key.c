/* Public keys and what they say; see dkim_key.h. */
#include "lib/mail/dkim_key.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/list/address.h"
#include "lib/mail/tag_list.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

enum { NAME = 253, ED25519_KEY = 32 }; /* bytes; the last of DKIM_KEY_ED25519_DER are the key */

/*
 * A SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7, in OpenSSL's own words. Its d2i_PUBKEY() does the same by way of all decoders that its providers have,
 * which takes four times as long as the verification.
 */
struct public_info {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
};

ASN1_SEQUENCE(public_info) = {
	ASN1_SIMPLE(struct public_info, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct public_info, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct public_info, public_info)

static struct dkim_key_answer answer(const char *result, const char *reason)
{
	return (struct dkim_key_answer){.result = result, .reason = reason};
}

/* RFC 6376 section 3.1, with the underscore that people use. */
static gboolean is_selector(const char *text)
{
	g_auto(GStrv) labels = g_strsplit(text, ".", -1);

	for (char **label = labels; *label; label++) {
		size_t length = strlen(*label);

		if (length == 0 || length > LIMIT_DOMAIN_LABEL)
			return FALSE;
		for (const char *c = *label; *c; c++)
			if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
				return FALSE;
	}
	return *text != '\0';
}

gboolean dkim_key_read_names(const char *d, const char *s, char **domain, char **selector)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	*domain = *selector = NULL;
	if (!d || !s || !address_domain(d, strlen(d), normal) || !is_selector(s) ||
		strlen(s) + strlen("._domainkey.") + normal->len > NAME)
		return FALSE;
	*domain = g_strdup(normal->str);
	*selector = g_ascii_strdown(s, -1);
	return TRUE;
}

static void free_info(ASN1_VALUE *info)
{
	ASN1_item_free(info, ASN1_ITEM_rptr(public_info));
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_VALUE, free_info)

/* The RSAPublicKey inside of a SubjectPublicKeyInfo. */
static EVP_PKEY *read_rsa_info(const guint8 *data, gsize length)
{
	const guint8 *place = data;
	g_autoptr(ASN1_VALUE) value = ASN1_item_d2i(NULL, &place, (long)length, ASN1_ITEM_rptr(public_info));
	const struct public_info *info = (const struct public_info *)value;
	const ASN1_OBJECT *algorithm;

	if (!info || place != data + length)
		return NULL;
	X509_ALGOR_get0(&algorithm, NULL, NULL, info->algorithm);
	if (OBJ_obj2nid(algorithm) != NID_rsaEncryption)
		return NULL;
	place = ASN1_STRING_get0_data(info->key);
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &place, ASN1_STRING_length(info->key));
}

/* RFC 6376 wants a SubjectPublicKeyInfo; its grammar and some zones have the RSAPublicKey inside of it. */
static EVP_PKEY *read_rsa(const guint8 *data, gsize length)
{
	const guint8 *place = data;
	EVP_PKEY *key = read_rsa_info(data, length);

	if (key)
		return key;
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &place, (long)length);
	if (key && place != data + length)
		g_clear_pointer(&key, EVP_PKEY_free);
	return key;
}

static EVP_PKEY *read_ed25519(const guint8 *data, gsize length)
{
	return length == ED25519_KEY ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, data, length) : NULL;
}

static EVP_PKEY *read_key(const struct tag_list *record, gboolean ed25519)
{
	g_autoptr(GBytes) bytes = tag_list_base64(record, "p");
	gsize length;

	if (!bytes)
		return NULL;
	const guint8 *data = g_bytes_get_data(bytes, &length);
	return ed25519 ? read_ed25519(data, length) : read_rsa(data, length);
}

static gboolean verify_rsa(EVP_PKEY *key, const struct dkim_key_signature *signature)
{
	g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(key, NULL);
	gsize length;
	const guint8 *data = g_bytes_get_data(signature->signature, &length);

	return context && EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_verify(context, data, length, signature->digest, DKIM_KEY_DIGEST) == 1;
}

/* RFC 8463: the digest is the message. */
static gboolean verify_ed25519(EVP_PKEY *key, const struct dkim_key_signature *signature)
{
	g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
	gsize length;
	const guint8 *data = g_bytes_get_data(signature->signature, &length);

	return context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(context, data, length, signature->digest, DKIM_KEY_DIGEST) == 1;
}

static gboolean verify(EVP_PKEY *key, const struct dkim_key_signature *signature)
{
	return (signature->ed25519 ? verify_ed25519 : verify_rsa)(key, signature);
}

gboolean dkim_key_holds(const guint8 *der, gsize length, const struct dkim_key_signature *signature)
{
	g_autoptr(EVP_PKEY) key = NULL;

	if (!signature->ed25519)
		key = read_rsa(der, length);
	else if (length == DKIM_KEY_ED25519_DER)
		key = read_ed25519(der + length - ED25519_KEY, ED25519_KEY);
	gboolean good = key && verify(key, signature);
	/* OpenSSL keeps a list of what it did not like; nobody reads it. */
	ERR_clear_error();
	return good;
}

static struct dkim_key_answer verify_by(const struct tag_list *record, const struct dkim_key_signature *signature)
{
	g_autoptr(EVP_PKEY) key = read_key(record, signature->ed25519);

	if (!key)
		return answer("permerror", "the key in DNS is none");
	int bits = EVP_PKEY_get_bits(key);
	if (!signature->ed25519 && bits < DKIM_KEY_BITS)
		return answer("policy", "the key has less than 1,024 bits");
	if (!signature->ed25519 && bits > DKIM_KEY_BITS_MOST)
		return answer("policy", "the key has more than 8,192 bits");
	if (!verify(key, signature))
		return answer("fail", "the key does not verify the signature");
	return answer("pass", tag_list_has(record, "t", "y") ? "the domain says that it is only testing" : NULL);
}

/* One TXT record. RFC 6376 section 6.1.2. */
static struct dkim_key_answer judge(const char *text, const struct dkim_key_signature *signature)
{
	struct tag_list record;
	const char *kind = signature->ed25519 ? "ed25519" : "rsa";
	gboolean good = tag_list_parse(text, strlen(text), &record);
	const struct tag *version = good ? tag_list_find(&record, "v") : NULL;

	if (!good || (version && (version != record.tags || !tag_list_is(&record, "v", "DKIM1", FALSE))) || !tag_list_find(&record, "p"))
		return answer("permerror", "the record in DNS is no DKIM key");
	if (tag_list_find(&record, "k") ? !tag_list_is(&record, "k", kind, TRUE) : signature->ed25519)
		return answer("permerror", "the key is for another algorithm");
	if (tag_list_find(&record, "h") && !tag_list_has(&record, "h", "sha256"))
		return answer("permerror", "the key is not for SHA-256");
	if (tag_list_find(&record, "s") && !tag_list_has(&record, "s", "*") && !tag_list_has(&record, "s", "email"))
		return answer("permerror", "the key is not for mail");
	if (signature->identity && tag_list_has(&record, "t", "s") && strcmp(signature->identity, signature->domain) != 0)
		return answer("permerror", "the key is not for subdomains");
	if (tag_list_find(&record, "p")->length == 0)
		return answer("permerror", "the key is revoked");
	return verify_by(&record, signature);
}

/* A name may have other records beside the key (a wildcard's), or two keys in a change: any that passes will do. */
static struct dkim_key_answer judge_all(const GPtrArray *texts, const struct dkim_key_signature *signature)
{
	struct dkim_key_answer best = answer("permerror", "there is no key in DNS");

	for (guint i = 0; i < MIN(texts->len, DKIM_KEY_RECORDS); i++) {
		struct dkim_key_answer found = judge(g_ptr_array_index(texts, i), signature);

		if (strcmp(found.result, "pass") == 0)
			return found;
		if (i == 0 || strcmp(best.result, "permerror") == 0)
			best = found;
	}
	return best;
}

struct dkim_key_answer dkim_key_verify(struct dkim_key_door *door, const struct dkim_key_signature *signature)
{
	g_autofree char *name = g_strdup_printf("%s._domainkey.%s", signature->selector, signature->domain);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	struct dkim_key_answer found = answer("permerror", "there is no key in DNS");

	if (door->troubles >= DKIM_KEY_TROUBLES)
		return answer("temperror", "DNS did not answer for other keys");
	switch (door->txt->ask(door->txt->context, name, texts)) {
	case TXT_FOUND:
		found = judge_all(texts, signature);
		break;
	case TXT_NO_RECORD:
	case TXT_NO_NAME:
		break;
	case TXT_TROUBLE:
		door->troubles++;
		found = answer("temperror", "DNS did not answer for the key");
		break;
	}
	/* OpenSSL keeps a list of what it did not like; nobody reads it. */
	ERR_clear_error();
	return found;
}

static enum txt_result rehearse(gpointer context, const char *name, GPtrArray *texts)
{
	g_ptr_array_add(texts, g_strdup(context));
	return TXT_FOUND;
}

void dkim_key_warm_up(void)
{
	/* Keys of nobody: RFC 8463's own two. */
	static const char rsa[] =
		"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
		"byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
	static const char ed25519[] = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
	static const guint8 nothing[128];
	g_autoptr(GBytes) signature = g_bytes_new_static(nothing, sizeof nothing);

	for (guint i = 0; i < 2; i++) {
		struct txt_door txt = {.ask = rehearse, .context = (gpointer)(i ? ed25519 : rsa)};
		struct dkim_key_door door = {.txt = &txt};
		struct dkim_key_signature question = {
			.domain = "example.org", .selector = "s", .ed25519 = i != 0, .digest = nothing, .signature = signature};

		if (strcmp(dkim_key_verify(&door, &question).result, "fail") != 0)
			log_panic("dkim_key: OpenSSL cannot do what we need of it");
	}
}
