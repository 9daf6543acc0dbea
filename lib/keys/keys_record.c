/* Public halves for DNS; see keys_record.h. */
#include "lib/keys/keys_record.h"

#include <openssl/x509.h>
#include <string.h>

enum {
	ED25519_RAW = 32,  /* bytes, the last ones of its SubjectPublicKeyInfo: RFC 8410 section 4 */
	STRING_SIZE = 250, /* bytes of a character-string; DNS has 255 */
};

static gboolean is_rsa(const struct keys_public *key)
{
	return strcmp(key->algorithm, "rsa-sha256") == 0;
}

char *keys_record_name(const struct keys_public *key)
{
	return g_strdup_printf("%s._domainkey.%s", key->selector, key->domain);
}

/* The BIT STRING inside of a SubjectPublicKeyInfo: for RSA that is an RSAPublicKey. */
static GBytes *bare_public(GBytes *der)
{
	gsize length;
	const unsigned char *place = g_bytes_get_data(der, &length), *inner;
	X509_PUBKEY *info = d2i_X509_PUBKEY(NULL, &place, (long)length);
	int size;
	GBytes *bytes = info && X509_PUBKEY_get0_param(NULL, &inner, &size, NULL, info) == 1 ? g_bytes_new(inner, (gsize)size) : NULL;

	X509_PUBKEY_free(info);
	return bytes;
}

GBytes *keys_record_public(const struct keys_public *key, gboolean bare)
{
	gsize length = g_bytes_get_size(key->public_der);

	if (!is_rsa(key))
		return g_bytes_new_from_bytes(key->public_der, length - ED25519_RAW, ED25519_RAW);
	return bare ? bare_public(key->public_der) : g_bytes_ref(key->public_der);
}

static char *public_base64(const struct keys_public *key, gboolean bare)
{
	g_autoptr(GBytes) bytes = keys_record_public(key, bare);
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	return g_base64_encode(data, length);
}

char *keys_record_text(const struct keys_public *key)
{
	g_autofree char *base64 = public_base64(key, FALSE);

	return g_strdup_printf("v=DKIM1; k=%s; p=%s", is_rsa(key) ? "rsa" : "ed25519", base64);
}

char *keys_record_zone(const struct keys_public *key)
{
	g_autofree char *name = keys_record_name(key), *text = keys_record_text(key);
	GString *zone = g_string_new(NULL);

	g_string_append_printf(zone, "%s. %d IN TXT (", name, KEYS_RECORD_TTL);
	for (const char *part = text; *part; part += strnlen(part, STRING_SIZE))
		g_string_append_printf(zone, " \"%.*s\"%s", STRING_SIZE, part, strlen(part) > STRING_SIZE ? "\n\t" : "");
	g_string_append(zone, " )\n");
	return g_string_free(zone, FALSE);
}

gboolean keys_record_is_ours(const struct keys_public *key, const char *text)
{
	g_autoptr(GString) dense = g_string_new(";");

	for (const char *place = text; *place; place++)
		if (!strchr(" \t\r\n", *place))
			g_string_append_c(dense, *place);
	g_string_append_c(dense, ';');
	for (int bare = FALSE; bare <= TRUE; bare++) {
		g_autofree char *base64 = public_base64(key, bare);
		g_autofree char *tag = g_strdup_printf(";p=%s;", base64);

		if (strstr(dense->str, tag))
			return TRUE;
	}
	return FALSE;
}
