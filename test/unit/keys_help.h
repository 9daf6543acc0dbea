/*
 * What the tests of keys share: keys of all kinds, made by OpenSSL, and a place to put them.
 */
#ifndef ROLLCALL_TEST_UNIT_KEYS_HELP_H
#define ROLLCALL_TEST_UNIT_KEYS_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/keys/keys.h"
#include "lib/keys/keys_file.h"

enum sample {
	RSA_2048, RSA_1024, RSA_512, RSA_4104, RSA_PSS, EC_P256, ED25519, ED448, X25519, SAMPLE_COUNT
};

static EVP_PKEY *samples[SAMPLE_COUNT];

/* Large keys of four primes, since they are made much faster. */
static inline EVP_PKEY *make_rsa(const char *type, int bits)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1 &&
		(bits < 4096 || EVP_PKEY_CTX_set_rsa_keygen_primes(context, 4) == 1))
		EVP_PKEY_generate(context, &key);
	EVP_PKEY_CTX_free(context);
	return key;
}

static inline int make_samples(void **state)
{
	samples[RSA_2048] = make_rsa("RSA", 2048);
	samples[RSA_1024] = make_rsa("RSA", 1024);
	samples[RSA_512] = make_rsa("RSA", 512);
	samples[RSA_4104] = make_rsa("RSA", 4104);
	samples[RSA_PSS] = make_rsa("RSA-PSS", 1024);
	samples[EC_P256] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	samples[ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	samples[ED448] = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	samples[X25519] = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	for (int i = 0; i < SAMPLE_COUNT; i++)
		if (!samples[i])
			return -1;
	return 0;
}

static inline int free_samples(void **state)
{
	for (int i = 0; i < SAMPLE_COUNT; i++)
		EVP_PKEY_free(samples[i]);
	return 0;
}

enum form { PKCS8, TRADITIONAL, ENCRYPTED_PKCS8, ENCRYPTED_TRADITIONAL, PUBLIC, DER };

static inline GString *write_key(enum sample sample, enum form form)
{
	EVP_PKEY *key = samples[sample];
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *pass = (unsigned char *)"secret";
	char *data;
	int good = 0;

	switch (form) {
	case PKCS8:
		good = PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
		break;
	case TRADITIONAL:
		good = PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
		break;
	case ENCRYPTED_PKCS8:
		good = PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), pass, 6, NULL, NULL);
		break;
	case ENCRYPTED_TRADITIONAL:
		good = PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(), pass, 6, NULL, NULL);
		break;
	case PUBLIC:
		good = PEM_write_bio_PUBKEY(bio, key);
		break;
	case DER:
		good = i2d_PrivateKey_bio(bio, key);
		break;
	}
	assert_int_equal(good, 1);
	long length = BIO_get_mem_data(bio, &data);
	GString *text = g_string_new_len(data, length);
	BIO_free(bio);
	return text;
}

struct place {
	char *directory;
	char *path;
};

static inline int set_up(void **state)
{
	struct place *place = g_new0(struct place, 1);

	place->directory = g_dir_make_tmp("rollcall-keys-XXXXXX", NULL);
	place->path = g_build_filename(place->directory, "a.key", NULL);
	*state = place;
	return 0;
}

static inline int tear_down(void **state)
{
	struct place *place = *state;
	g_autofree char *other = g_build_filename(place->directory, "b.key", NULL);

	remove(place->path);
	remove(other);
	int result = rmdir(place->directory);
	g_free(place->directory);
	g_free(place->path);
	g_free(place);
	return result;
}

static inline void put(const char *path, enum sample sample, enum form form, mode_t mode)
{
	g_autoptr(GString) text = write_key(sample, form);

	assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

#endif
