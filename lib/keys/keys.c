/*
 * The keys of all domains, and signing with them; see keys.h. Each key signs once when it is loaded: a
 * file whose halves do not fit is an error at start, not at the first post.
 */
#include "lib/keys/keys.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "lib/base/credential.h"
#include "lib/keys/keys_file.h"
#include "lib/list/address.h"

G_DEFINE_QUARK(rollcall-keys-error-quark, keys_error)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

enum {
	LABEL_LIMIT = 63,     /* RFC 1035 2.3.4 */
	NAME_LIMIT = 253,     /* the same, as text without the last dot */
	SIGNATURE_LIMIT = 512 /* bytes: RSA of 4,096 bits */
};

struct key {
	struct keys_public public; /* first: callers get a pointer to it */
	EVP_PKEY *private_half;
	EVP_PKEY *public_half;     /* made from public_der alone, so that checking uses what the world will use */
};

struct keys {
	GPtrArray *all; /* struct key */
};

static void key_free(void *data)
{
	struct key *key = data;

	g_free((char *)key->public.domain);
	g_free((char *)key->public.selector);
	g_clear_pointer(&key->public.public_der, g_bytes_unref);
	EVP_PKEY_free(key->private_half);
	EVP_PKEY_free(key->public_half);
	g_free(key);
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	g_ptr_array_unref(keys->all);
	g_free(keys);
}

/* ---- signing ---- */

/* PKCS#1 v1.5 over a digest that is there already. */
static gboolean set_up_rsa(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
		EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

static gboolean sign_rsa(const struct key *key, const guint8 *digest, guint8 *signature, size_t *length)
{
	g_autoptr(EVP_PKEY_CTX) sign = EVP_PKEY_CTX_new(key->private_half, NULL);
	g_autoptr(EVP_PKEY_CTX) verify = EVP_PKEY_CTX_new(key->public_half, NULL);

	return sign && EVP_PKEY_sign_init(sign) == 1 && set_up_rsa(sign) &&
		EVP_PKEY_sign(sign, signature, length, digest, KEYS_DIGEST_SIZE) == 1 &&
		verify && EVP_PKEY_verify_init(verify) == 1 && set_up_rsa(verify) &&
		EVP_PKEY_verify(verify, signature, *length, digest, KEYS_DIGEST_SIZE) == 1;
}

/* RFC 8463 section 3: PureEdDSA, and its message is the SHA-256 digest. */
static gboolean sign_ed25519(const struct key *key, const guint8 *digest, guint8 *signature, size_t *length)
{
	g_autoptr(EVP_MD_CTX) sign = EVP_MD_CTX_new();
	g_autoptr(EVP_MD_CTX) verify = EVP_MD_CTX_new();

	return sign && EVP_DigestSignInit(sign, NULL, NULL, NULL, key->private_half) == 1 &&
		EVP_DigestSign(sign, signature, length, digest, KEYS_DIGEST_SIZE) == 1 &&
		verify && EVP_DigestVerifyInit(verify, NULL, NULL, NULL, key->public_half) == 1 &&
		EVP_DigestVerify(verify, signature, *length, digest, KEYS_DIGEST_SIZE) == 1;
}

static GBytes *sign(const struct key *key, const guint8 *digest, GError **error)
{
	guint8 signature[SIGNATURE_LIMIT];
	size_t length = sizeof(signature);
	gboolean is_rsa = EVP_PKEY_get_base_id(key->private_half) == EVP_PKEY_RSA;

	if (is_rsa ? sign_rsa(key, digest, signature, &length) : sign_ed25519(key, digest, signature, &length))
		return g_bytes_new(signature, length);
	ERR_clear_error();
	g_set_error(error, KEYS_ERROR, KEYS_ERROR_KEY, "%s of %s: the signature did not come out right",
		key->public.selector, key->public.domain);
	return NULL;
}

static const struct key *find(const struct keys *keys, const char *domain, const char *selector)
{
	for (guint i = 0; i < keys->all->len; i++) {
		const struct key *key = g_ptr_array_index(keys->all, i);

		if (strcmp(key->public.domain, domain) == 0 && g_ascii_strcasecmp(key->public.selector, selector) == 0)
			return key;
	}
	return NULL;
}

GBytes *keys_sign(const struct keys *keys, const char *domain, const char *selector, const guint8 *digest,
	gsize digest_length, GError **error)
{
	const struct key *key = find(keys, domain, selector);

	if (!key)
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, "there is no such key");
	else if (digest_length != KEYS_DIGEST_SIZE)
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_KEY, "a digest of %zu bytes is no SHA-256", digest_length);
	else
		return sign(key, digest, error);
	return NULL;
}

GPtrArray *keys_for_domain(const struct keys *keys, const char *domain)
{
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; i < keys->all->len; i++) {
		struct key *key = g_ptr_array_index(keys->all, i);

		if (strcmp(key->public.domain, domain) == 0)
			g_ptr_array_add(found, &key->public);
	}
	return found;
}

/* ---- loading ---- */

/*
 * RFC 6376 3.1: labels of letters, digits and inner hyphens. An underscore is not among them, whatever
 * DNS takes.
 */
static gboolean selector_is_valid(const char *selector)
{
	g_auto(GStrv) labels = g_strsplit(selector, ".", -1);

	for (char **label = labels; *label; label++) {
		size_t length = strlen(*label);

		if (length == 0 || length > LABEL_LIMIT || (*label)[0] == '-' || (*label)[length - 1] == '-')
			return FALSE;
		for (const char *place = *label; *place; place++)
			if (!g_ascii_isalnum(*place) && *place != '-')
				return FALSE;
	}
	return *selector != '\0';
}

gboolean keys_check_names(const char *domain, const char *selector, GError **error)
{
	const char *cause = NULL;
	g_autoptr(GString) normal = g_string_new(NULL);

	if (!address_domain(domain, strlen(domain), normal) || strcmp(normal->str, domain) != 0)
		cause = "the domain is no domain name in lower-case ASCII";
	else if (!selector_is_valid(selector))
		cause = "a selector is letters, digits, hyphens and dots";
	else if (strlen(selector) + strlen("._domainkey.") + strlen(domain) > NAME_LIMIT)
		cause = "SELECTOR._domainkey.DOMAIN is longer than DNS takes";
	if (cause)
		g_set_error_literal(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, cause);
	return cause == NULL;
}

static GBytes *public_der(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(key, &der);
	GBytes *bytes = length > 0 ? g_bytes_new(der, (gsize)length) : NULL;

	OPENSSL_free(der);
	return bytes;
}

/* Fills in the public side and lets the key sign once. */
static gboolean complete(struct key *key, GError **error)
{
	static const guint8 digest[KEYS_DIGEST_SIZE] = {1};
	gboolean is_rsa = EVP_PKEY_get_base_id(key->private_half) == EVP_PKEY_RSA;
	gsize length;

	key->public.public_der = public_der(key->private_half);
	if (!key->public.public_der) {
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_KEY, "its public half does not come out");
		return FALSE;
	}
	const unsigned char *der = g_bytes_get_data(key->public.public_der, &length);
	key->public_half = d2i_PUBKEY(NULL, &der, (long)length);
	key->public.algorithm = is_rsa ? "rsa-sha256" : "ed25519-sha256";
	key->public.bits = is_rsa ? (guint)EVP_PKEY_get_bits(key->private_half) : 0;
	g_autoptr(GBytes) signature = sign(key, digest, error);
	return signature != NULL;
}

/* One element of the setting: SELECTOR:/PATH. */
static gboolean load_key(struct keys *keys, const char *domain, const char *text, GError **error)
{
	const char *colon = strchr(text, ':');

	if (!colon || (colon[1] != '/' && !credential_is_named(colon + 1))) {
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, "expected SELECTOR:/PATH or SELECTOR:credential:NAME");
		return FALSE;
	}
	g_autofree char *selector = g_strndup(text, (gsize)(colon - text));
	if (!keys_check_names(domain, selector, error))
		return FALSE;
	if (find(keys, domain, selector)) {
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, "this selector stands here twice");
		return FALSE;
	}
	g_autofree char *path = credential_path(colon + 1);
	g_autoptr(EVP_PKEY) private_half = keys_file_read(path, error);
	if (!private_half)
		return FALSE;
	struct key *key = g_new0(struct key, 1);
	key->private_half = g_steal_pointer(&private_half);
	key->public.domain = g_strdup(domain);
	key->public.selector = g_steal_pointer(&selector);
	g_ptr_array_add(keys->all, key);
	return complete(key, error);
}

static struct keys *keys_new(void)
{
	struct keys *keys = g_new0(struct keys, 1);

	keys->all = g_ptr_array_new_with_free_func(key_free);
	return keys;
}

struct keys *keys_load_one(const char *domain, const char *text, GError **error)
{
	struct keys *keys = keys_new();

	if (!load_key(keys, domain, text, error))
		g_clear_pointer(&keys, keys_free);
	return keys;
}

/* A domain that seals (ARC) has the key for it. */
static gboolean check_seal(const struct keys *keys, const struct settings *settings, const char *domain, GError **error)
{
	const char *selector = settings_text(settings, SET_arc_key, domain);
	g_autoptr(GPtrArray) all = keys_for_domain(keys, domain);
	gboolean found = FALSE;

	for (guint i = 0; i < all->len; i++) {
		const struct keys_public *key = g_ptr_array_index(all, i);

		found |= *selector ? strcmp(key->selector, selector) == 0 : key->bits > 0;
	}
	if (found || (*selector == '\0' && !settings_boolean(settings, SET_arc, domain)))
		return TRUE;
	if (*selector)
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, "line %u: [domain %s] arc_key: \"%s\" is no selector in dkim_keys",
			settings_line(settings, SET_arc_key, domain), domain, selector);
	else
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_SELECTOR, "line %u: [domain %s] arc: wants an RSA key in dkim_keys",
			settings_line(settings, SET_arc, domain), domain);
	return FALSE;
}

struct keys *keys_load(const struct settings *settings, GError **error)
{
	struct keys *keys = keys_new();

	for (const char *const *domain = settings_domains(settings); *domain; domain++) {
		const char *const *text = settings_strings(settings, SET_dkim_keys, *domain);

		for (; *text; text++) {
			if (load_key(keys, *domain, *text, error))
				continue;
			g_prefix_error(error, "line %u: [domain %s] dkim_keys: \"%s\": ",
				settings_line(settings, SET_dkim_keys, *domain), *domain, *text);
			keys_free(keys);
			return NULL;
		}
		if (!check_seal(keys, settings, *domain, error)) {
			keys_free(keys);
			return NULL;
		}
	}
	return keys;
}
