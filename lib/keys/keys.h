/*
 * The private DKIM keys: they sign 32-byte digests and never leave the process. A key file is PEM (PKCS#8
 * or traditional), one private key, RSA of 2,048 to 4,096 bits (from 1,024 on it is taken, but see
 * KEYS_BITS_ADVISED) or Ed25519; not encrypted (nothing ever prompts); owned by root or by us and closed
 * to everybody else (0600 or 0400). Symbolic links are followed, since people keep keys in dated
 * directories: it is the file that must be ours. HOSTILE C2, C3; RFC 6376, RFC 8301, RFC 8463.
 */
#ifndef ROLLCALL_KEYS_KEYS_H
#define ROLLCALL_KEYS_KEYS_H

#include <glib.h>

#include "lib/base/settings.h"

struct keys;

#define KEYS_ERROR (keys_error_quark())
GQuark keys_error_quark(void);
enum keys_error {
	KEYS_ERROR_FILE,     /**< the file cannot be read, or others may */
	KEYS_ERROR_KEY,      /**< not one good private key; or a signature did not come out */
	KEYS_ERROR_SELECTOR, /**< selector or domain, or no such key */
};

/**
 * RSA keys with fewer bits want a warning: RFC 8301 says SHOULD be 2,048. Callers see `bits` and say it
 * where it is read.
 */
enum { KEYS_BITS_ADVISED = 2048, KEYS_DIGEST_SIZE = 32 };

/** One key as others may see it. All belong to struct keys. */
struct keys_public {
	const char *domain;
	const char *selector;
	const char *algorithm;  /**< "rsa-sha256" or "ed25519-sha256" */
	GBytes *public_der;     /**< SubjectPublicKeyInfo; for Ed25519 in DNS the raw 32 bytes are its last ones */
	guint bits;             /**< of an RSA modulus; 0 for Ed25519 */
};

/**
 * Loads all keys of all domains and lets each sign once. Any bad one is an error that names setting, file
 * and cause: NULL with `error`. The caller ends it with keys_free().
 */
struct keys *keys_load(const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * The same for one key, "SELECTOR:/PATH" as it would stand in the settings: for those who make keys.
 */
struct keys *keys_load_one(const char *domain, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Whether keys can be known by these names: a domain name in lower-case ASCII and a selector. FALSE with `error`. */
gboolean keys_check_names(const char *domain, const char *selector, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Wipes and frees; NULL is fine. */
void keys_free(struct keys *keys);

/**
 * The keys of one domain, in the setting's order (elements struct keys_public *, not owned). The caller
 * unrefs the array; it may be empty.
 */
GPtrArray *keys_for_domain(const struct keys *keys, const char *domain) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Signs a SHA-256 digest: RSASSA-PKCS1-v1_5 over it (RFC 6376), or Ed25519 with the digest as message
 * (RFC 8463). The signature is checked with the public half before it is returned. NULL with `error`,
 * also for a key that we do not have and a digest that is not KEYS_DIGEST_SIZE long. The caller unrefs.
 */
GBytes *keys_sign(const struct keys *keys, const char *domain, const char *selector, const guint8 *digest,
	gsize digest_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
