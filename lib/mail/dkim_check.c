/* Our signatures verified; see dkim_check.h. */
#include "lib/mail/dkim_check.h"

#include <stdbool.h>
#include <string.h>

#include <dkim.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/mail/dkim_key.h"
#include "lib/mail/dkim_read.h"

struct keys {
	const struct dkim_sign_key *list;
	guint count;
	gboolean good[LIMIT_SIGNATURES]; /* there is a signature by it, and it verifies */
};

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

static gboolean is_by(const struct dkim_read *read, const struct dkim_sign_key *key)
{
	return tag_list_is(&read->tags, "d", key->domain, FALSE) && tag_list_is(&read->tags, "s", key->selector, FALSE) &&
	       tag_list_is(&read->tags, "a", key->algorithm, FALSE);
}

static gboolean judge(const struct dkim_read *read, const struct dkim_sign_hashes *hashes, struct keys *keys)
{
	const struct dkim_key_signature signature = {
		.ed25519 = read->ed25519,
		.digest = hashes->header,
		.signature = read->signature,
	};
	guint i = 0;

	while (i < keys->count && !is_by(read, &keys->list[i]))
		i++;
	if (i == keys->count || memcmp(hashes->body, g_bytes_get_data(read->body_hash, NULL), DKIM_SIGN_DIGEST) != 0)
		return FALSE;
	keys->good[i] = dkim_key_holds(keys->list[i].public_der, keys->list[i].public_length, &signature);
	return keys->good[i];
}

static gboolean judge_all(
	const struct dkim_sign_message *message, const struct dkim_sign_hashes *hashes, struct keys *keys, GError **error)
{
	for (guint i = 0; i < keys->count; i++) {
		struct dkim_read read;
		struct dkim_read_flaw flaw =
			dkim_read_field(header_find(message->header, "DKIM-Signature", i), DKIM_READ_SIGNATURE, message->now, &read);
		gboolean good = !flaw.result && judge(&read, &hashes[i], keys);

		dkim_read_clear(&read);
		if (!good)
			return fail(error, flaw.result ? flaw.reason : "it is bad");
	}
	for (guint i = 0; i < keys->count; i++)
		if (!keys->good[i])
			return fail(error, "one of several is missing");
	return TRUE;
}

gboolean dkim_check(const struct dkim_sign_message *message, const struct dkim_sign_key *keys,
	guint count, GError **error)
{
	struct keys wanted = {.list = keys, .count = count};
	struct dkim_sign_hashes hashes[LIMIT_SIGNATURES];

	if (count == 0 || count > LIMIT_SIGNATURES)
		log_panic("dkim_check: %u keys", count);
	DKIM *dkim = dkim_sign_open(error);
	if (!dkim)
		return FALSE;
	gboolean good = dkim_sign_feed_fields(dkim, message->header, error) &&
			feed_signatures(dkim, message->header, count, error) &&
			dkim_sign_end_header(dkim, error) && dkim_sign_feed_body(dkim, message, error) &&
			dkim_sign_end_message(dkim, hashes, count, error) &&
			judge_all(message, hashes, &wanted, error);
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
		{"example.org", "e", "ed25519-sha256", nothing, DKIM_KEY_ED25519_DER},
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
		dkim_sign_finish(&header, &drafts[1], nothing, DKIM_KEY_ED25519_SIGNATURE);
		if (dkim_check(&message, keys, G_N_ELEMENTS(keys), NULL))
			log_panic("dkim_check: a signature by nobody verifies");
		for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
			dkim_sign_clear(&drafts[i]);
	}
	header_clear(&header);
}

void dkim_check_warm_up(void)
{
	dkim_sign_warm_up();
	rehearse();
}
