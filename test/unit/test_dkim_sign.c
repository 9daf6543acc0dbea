/* lib/mail/dkim_sign.h and dkim_check.h: what is drafted verifies, and what does not verify is seen (HOSTILE M25, M31). */
/* Whether others agree is for test/session/test_dkim.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "lib/mail/dkim_check.h"
#include "lib/mail/dkim_sign.h"
#include "test/unit/mail_help.h"

enum { BY_RSA, BY_ED25519, BY_OTHER, KEYS };

static EVP_PKEY *secrets[KEYS];
static struct dkim_sign_key keys[KEYS];

static void make_key(guint place, EVP_PKEY *secret, const char *selector)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(secret, &der);

	assert_true(length > 0);
	secrets[place] = secret;
	keys[place] = (struct dkim_sign_key){
		.domain = "lists.example.org",
		.selector = selector,
		.algorithm = EVP_PKEY_is_a(secret, "RSA") ? "rsa-sha256" : "ed25519-sha256",
		.public_der = der,
		.public_length = (gsize)length,
	};
}

static int setup(void **state)
{
	dkim_sign_warm_up();
	dkim_sign_warm_up();
	dkim_check_warm_up();
	make_key(BY_RSA, EVP_RSA_gen(1024), "r");
	make_key(BY_ED25519, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "e");
	make_key(BY_OTHER, EVP_RSA_gen(1024), "r");
	return 0;
}

static int teardown(void **state)
{
	for (guint i = 0; i < KEYS; i++) {
		EVP_PKEY_free(secrets[i]);
		OPENSSL_free((void *)keys[i].public_der);
	}
	return 0;
}

static void sign(EVP_PKEY *secret, const guint8 *digest, guint8 *signature, size_t *length)
{
	if (EVP_PKEY_is_a(secret, "RSA")) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(secret, NULL);

		assert_int_equal(EVP_PKEY_sign_init(context), 1);
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
		assert_int_equal(EVP_PKEY_sign(context, signature, length, digest, DKIM_SIGN_DIGEST), 1);
		EVP_PKEY_CTX_free(context);
		return;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, secret), 1);
	assert_int_equal(EVP_DigestSign(context, signature, length, digest, DKIM_SIGN_DIGEST), 1);
	EVP_MD_CTX_free(context);
}

static const char text[] = "From: a@b.org\r\nSubject: Re: \r\n x\r\nTo: c@d\r\n\r\nbody \r\n\r\n";

static struct dkim_sign_message message_of(const struct help_message *help)
{
	return (struct dkim_sign_message){.header = &help->header,
		.body = help->data + help->body,
		.length = help->length - help->body,
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.expire = 1000};
}

/* Signs with `secret` in the name of `key`. */
static void add_signature(struct help_message *help, const struct dkim_sign_key *key, EVP_PKEY *secret)
{
	struct dkim_sign_message message = message_of(help);
	struct dkim_sign_draft draft;
	guint8 signature[256];
	size_t length = sizeof signature;
	g_autoptr(GError) error = NULL;

	assert_true(dkim_sign_drafts(&message, key, 1, &draft, &error));
	sign(secret, draft.digest, signature, &length);
	dkim_sign_finish(&help->header, &draft, signature, length);
	dkim_sign_clear(&draft);
}

static gboolean check(const struct help_message *help, const struct dkim_sign_key *wanted, guint count)
{
	struct dkim_sign_message message = message_of(help);
	g_autoptr(GError) error = NULL;
	gboolean good = dkim_check(&message, wanted, count, &error);

	if (!good)
		assert_int_equal(error->code, DKIM_SIGN_ERROR_LIBRARY);
	return good;
}

static void test_both(void **state)
{
	struct help_message help = help_message(text);
	struct dkim_sign_message message = message_of(&help);
	struct dkim_sign_draft drafts[2];

	assert_true(dkim_sign_drafts(&message, keys, 2, drafts, NULL));
	for (guint i = 0; i < 2; i++) {
		guint8 signature[256];
		size_t length = sizeof signature;

		assert_true(g_str_has_suffix(drafts[i].value, "\r\n\tb="));
		sign(secrets[i], drafts[i].digest, signature, &length);
		dkim_sign_finish(&help.header, &drafts[i], signature, length);
		dkim_sign_clear(&drafts[i]);
	}
	assert_true(check(&help, keys, 2));
	assert_int_equal(header_count(&help.header, "DKIM-Signature"), 2);
	help_clear(&help);
}

/* One wrong thing each: never taken for good. */
static void test_bad(void **state)
{
	struct help_message help = help_message(text);

	assert_false(check(&help, keys, 1)); /* none there */
	add_signature(&help, &keys[BY_RSA], secrets[BY_OTHER]);
	assert_false(check(&help, keys, 1)); /* by another key */
	assert_true(check(&help, &keys[BY_OTHER], 1));
	header_remove_index(&help.header, 0);

	add_signature(&help, &keys[BY_ED25519], secrets[BY_ED25519]);
	assert_false(check(&help, keys, 2)); /* one of two */
	assert_false(check(&help, keys, 1)); /* of another algorithm */
	add_signature(&help, &keys[BY_RSA], secrets[BY_OTHER]);
	assert_false(check(&help, keys, 2)); /* one bad, one good */
	header_remove_index(&help.header, 0);
	add_signature(&help, &keys[BY_RSA], secrets[BY_RSA]);
	assert_true(check(&help, keys, 2));

	header_replace(&help.header, "Subject", "other");
	assert_false(check(&help, keys, 2));
	header_replace(&help.header, "Subject", "Re: x");
	assert_true(check(&help, keys, 2));
	header_append(&help.header, "Cc", "more@x");
	assert_false(check(&help, keys, 2));
	(void)header_remove(&help.header, "Cc");
	help.data[help.body] ^= 1;
	assert_false(check(&help, keys, 2));
	help.data[help.body] ^= 1;
	assert_true(check(&help, keys, 2));
	help_clear(&help);
}

static void test_bad_keys(void **state)
{
	struct help_message help = help_message(text);
	struct dkim_sign_key odd = keys[BY_ED25519];
	static const guint8 huge[2000];

	add_signature(&help, &keys[BY_ED25519], secrets[BY_ED25519]);
	odd.public_length--;
	assert_false(check(&help, &odd, 1));
	odd.public_length = 0;
	assert_false(check(&help, &odd, 1));
	header_remove_index(&help.header, 0);
	add_signature(&help, &keys[BY_RSA], secrets[BY_RSA]);
	odd = keys[BY_RSA];
	odd.public_der = huge;
	odd.public_length = sizeof huge;
	assert_false(check(&help, &odd, 1));
	help_clear(&help);
}

/* A From that libopendkim cannot read, or that has no body behind it, is signed all the same. */
static void test_odd_messages(void **state)
{
	static const char *const cases[] = {
		"From: \r\n\r\nx\r\n",
		"From: <>\r\n",
		"FROM:(\r\n\r\n",
		"From: \xFF <a@b>\r\n\r\n\xFF\xFE\x01\r\n",
		"From: a@b\r\nDKIM-Signature: broken\r\nX;y: z\r\nDKIM-Signature: v=1; a=\xFF\r\n\r\nx\r\n",
		"From: a@b\r\n\r\nno end",
		"From: a@b\r\n\r\nblank at the end ",
		"From: a@b\r\n\r\n\r\n\r\n\r\n",
		"From: a@b\r\nSubject:\r\n \r\n \r\n\r\nx\r\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct help_message help = help_message(cases[i]);

		add_signature(&help, &keys[BY_RSA], secrets[BY_RSA]);
		add_signature(&help, &keys[BY_ED25519], secrets[BY_ED25519]);
		assert_true(check(&help, keys, 2));
		help_clear(&help);
	}
}

static void assert_refused(const char *fields, const struct dkim_sign_key *key, enum dkim_sign_error code)
{
	struct help_message help = help_message(fields);
	struct dkim_sign_message message = message_of(&help);
	struct dkim_sign_draft draft;
	g_autoptr(GError) error = NULL;

	assert_false(dkim_sign_drafts(&message, key, 1, &draft, &error));
	assert_int_equal(error->code, code);
	assert_null(draft.value);
	help_clear(&help);
}

static void test_refused(void **state)
{
	g_autofree char *flood = help_repeat("To: a@b\r\n", 900);
	g_autofree char *many = g_strconcat("From: a@b\r\n", flood, NULL);
	struct dkim_sign_key odd = keys[BY_RSA];

	assert_refused("To: a@b\r\n", &odd, DKIM_SIGN_ERROR_MESSAGE);
	assert_refused("From: a@b\r\nSubject: a\vb\r\n", &odd, DKIM_SIGN_ERROR_MESSAGE);
	assert_refused("From: a@b\r\nSubject: a\fb\r\n", &odd, DKIM_SIGN_ERROR_MESSAGE);
	assert_refused(many, &odd, DKIM_SIGN_ERROR_MESSAGE);
	odd.selector = "a;b";
	assert_refused("From: a@b\r\n", &odd, DKIM_SIGN_ERROR_LIBRARY);
	odd.selector = "";
	assert_refused("From: a@b\r\n", &odd, DKIM_SIGN_ERROR_LIBRARY);
	odd = keys[BY_RSA];
	odd.domain = "x\r\nBcc: y";
	assert_refused("From: a@b\r\n", &odd, DKIM_SIGN_ERROR_LIBRARY);
	odd = keys[BY_RSA];
	odd.algorithm = "rsa-sha1";
	assert_refused("From: a@b\r\n", &odd, DKIM_SIGN_ERROR_LIBRARY);
}

/* A draft says the same at any time of day, but for t= and x=: the clock of this machine is not asked. */
static void test_clock(void **state)
{
	static const gint64 times[] = {1000000001, 1795257320, 2700000000};

	for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
		struct help_message help = help_message(text);
		struct dkim_sign_message message = message_of(&help);
		struct dkim_sign_draft draft;
		g_autofree char *tags = g_strdup_printf(
			"t=%" G_GINT64_FORMAT "; x=%" G_GINT64_FORMAT ";", times[i], times[i] + 1000);

		message.now = times[i];
		assert_true(dkim_sign_drafts(&message, keys, 1, &draft, NULL));
		assert_non_null(strstr(draft.value, tags));
		dkim_sign_clear(&draft);
		help_clear(&help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_odd_messages),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests_name("dkim_sign", tests, setup, teardown);
}
