/* Our signatures verified; see dkim_check.h. */
#include "lib/mail/dkim_check.h"

#include <stdbool.h>
#include <string.h>

#include <dkim.h>

#include "lib/base/log.h"

/*
 * The last 32 bytes of the 44 that an Ed25519 SubjectPublicKeyInfo always has (RFC 8410 section 4)
 * are the key.
 */
enum { ED25519_DER = 44, ED25519_KEY = 32 };

struct keys {
	const struct dkim_sign_key *list;
	guint count;
};

static DKIM_LIB *library;

static const struct dkim_sign_key *find_key(const struct keys *keys, DKIM_SIGINFO *signature)
{
	dkim_alg_t algorithm = DKIM_SIGN_UNKNOWN;
	const char *domain = (const char *)dkim_sig_getdomain(signature);
	const char *selector = (const char *)dkim_sig_getselector(signature);

	if (!domain || !selector || dkim_sig_getsignalg(signature, &algorithm) != DKIM_STAT_OK)
		return NULL;
	const char *name = algorithm == DKIM_SIGN_RSASHA256 ? "rsa-sha256" : "ed25519-sha256";
	for (guint i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].domain, domain) == 0 &&
			strcmp(keys->list[i].selector, selector) == 0 &&
			strcmp(keys->list[i].algorithm, name) == 0)
			return &keys->list[i];
	return NULL;
}

/* What DNS would answer, RFC 6376 section 3.6.1 and RFC 8463 section 4. */
static DKIM_CBSTAT answer_key(
	DKIM *dkim, DKIM_SIGINFO *signature, unsigned char *buffer, size_t size)
{
	const struct dkim_sign_key *key = find_key(dkim_get_user_context(dkim), signature);

	if (!key)
		return DKIM_CBSTAT_NOTFOUND;
	gboolean rsa = strcmp(key->algorithm, "rsa-sha256") == 0;
	const guint8 *data = key->public_der;
	gsize length = key->public_length;
	if (!rsa) {
		if (length != ED25519_DER)
			return DKIM_CBSTAT_ERROR;
		data += ED25519_DER - ED25519_KEY;
		length = ED25519_KEY;
	}
	g_autofree char *text = g_base64_encode(data, length);
	g_autofree char *record =
		g_strdup_printf("v=DKIM1; k=%s; p=%s", rsa ? "rsa" : "ed25519", text);
	/*
	 * A longer key than the library has room for cannot be checked, so it cannot be used: RSA
	 * over about 5,000 bits.
	 */
	if (g_strlcpy((char *)buffer, record, size) >= size)
		return DKIM_CBSTAT_ERROR;
	return DKIM_CBSTAT_CONTINUE;
}

static gboolean fail(GError **error, const char *what)
{
	g_set_error(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_LIBRARY,
		"our DKIM signature does not verify: %s", what);
	return FALSE;
}

static gboolean feed_signatures(
	DKIM *dkim, const struct header *header, guint count, GError **error)
{
	for (guint i = 0; i < count; i++) {
		const struct header_field *field = header_find(header, "DKIM-Signature", i);

		if (!field)
			return fail(error, "it is missing");
		DKIM_STAT status =
			dkim_header(dkim, (unsigned char *)(char *)field->data, field->length - 2);
		if (status != DKIM_STAT_OK)
			return fail(error, dkim_getresultstr(status));
	}
	return TRUE;
}

static gboolean is_good(DKIM_SIGINFO *signature)
{
	return DKIM_SIG_CHECK(signature) && dkim_sig_geterror(signature) == DKIM_SIGERROR_OK;
}

static gboolean judge(DKIM *dkim, const struct keys *keys, GError **error)
{
	DKIM_SIGINFO **signatures = NULL;
	int found = 0;
	guint good = 0;
	DKIM_STAT status = dkim_eom(dkim, NULL);

	if (status != DKIM_STAT_OK)
		return fail(error, dkim_getresultstr(status));
	if (dkim_getsiglist(dkim, &signatures, &found) != DKIM_STAT_OK || found != (int)keys->count)
		return fail(error, "not all were found");
	for (guint i = 0; i < keys->count; i++) {
		for (int j = 0; j < found; j++)
			if (find_key(keys, signatures[j]) == &keys->list[i] &&
				is_good(signatures[j])) {
				good++;
				break;
			}
	}
	return good == keys->count || fail(error, "one of several is bad");
}

gboolean dkim_check(const struct dkim_sign_message *message, const struct dkim_sign_key *keys,
	guint count, GError **error)
{
	struct keys wanted = {.list = keys, .count = count};
	DKIM_STAT status = DKIM_STAT_OK;

	if (!library)
		log_panic("dkim_check: not warmed up");
	DKIM *dkim = dkim_verify(library, (const unsigned char *)"post", NULL, &status);
	if (!dkim)
		return fail(error, dkim_getresultstr(status));
	gboolean good = dkim_set_user_context(dkim, &wanted) == DKIM_STAT_OK &&
			dkim_sign_feed_fields(dkim, message->header, error) &&
			feed_signatures(dkim, message->header, count, error);
	if (good) {
		/* Public keys are used here already: a bad signature may come out as a status. */
		status = dkim_eoh(dkim);
		good = status == DKIM_STAT_OK || fail(error, dkim_getresultstr(status));
	}
	good = good && dkim_sign_feed_body(dkim, message, error) && judge(dkim, &wanted, error);
	dkim_free(dkim);
	return good;
}

/*
 * One signature of each kind over a message of nothing, by a key of nothing. It does not verify;
 * but OpenSSL has then looked up all that it looks up the first time: once in the parent, not once
 * in each child.
 */
static void rehearse(void)
{
	static const guint8 rsa_start[] = {0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
		0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x81, 0x8d, 0x00, 0x30,
		0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
	static const guint8 rsa_end[] = {0x02, 0x03, 0x01, 0x00, 0x01};
	guint8 rsa[sizeof rsa_start + 128 + sizeof rsa_end], nothing[128];
	const struct dkim_sign_key keys[] = {
		{"example.org", "r", "rsa-sha256", rsa, sizeof rsa},
		{"example.org", "e", "ed25519-sha256", nothing, ED25519_DER},
	};
	static const char field[] = "From: <a@example.org>\r\n";
	struct dkim_sign_draft drafts[G_N_ELEMENTS(keys)];
	struct header header;
	size_t body;

	memset(nothing, 0xc5, sizeof nothing);
	memcpy(rsa, rsa_start, sizeof rsa_start);
	memcpy(rsa + sizeof rsa_start, nothing, sizeof nothing);
	memcpy(rsa + sizeof rsa_start + sizeof nothing, rsa_end, sizeof rsa_end);
	if (header_parse(field, strlen(field), &header, &body) != HEADER_OK)
		log_panic("dkim_check: a header of our own is none");
	struct dkim_sign_message message = {
		.header = &header, .now = g_get_real_time() / G_USEC_PER_SEC, .expire = 1};
	/* The clock may be wrong enough for it to fail; then each post will say so. */
	if (dkim_sign_drafts(&message, keys, G_N_ELEMENTS(keys), drafts, NULL)) {
		dkim_sign_finish(&header, &drafts[0], nothing, sizeof nothing);
		dkim_sign_finish(&header, &drafts[1], nothing, 64);
		if (dkim_check(&message, keys, G_N_ELEMENTS(keys), NULL))
			log_panic("dkim_check: a signature by nobody verifies");
		for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
			dkim_sign_clear(&drafts[i]);
	}
	header_clear(&header);
}

void dkim_check_warm_up(void)
{
	uint32_t flags = DKIM_LIBFLAGS_BADSIGHANDLES; /* as in dkim_sign.c */

	if (library)
		return;
	dkim_sign_warm_up();
	library = dkim_init(NULL, NULL);
	if (!library || dkim_set_key_lookup(library, answer_key) != DKIM_STAT_OK ||
		dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) !=
			DKIM_STAT_OK)
		log_panic("dkim_check: libopendkim cannot do what we need of it");
	rehearse();
}
