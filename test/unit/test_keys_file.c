/*
 * room: trusted. What may stand in a key file and what may not (HOSTILE C3), and that nobody is ever
 * asked for a passphrase.
 */
#include "test/unit/keys_help.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* From an exact-size block, so that an overread shows. */
static EVP_PKEY *parse(const char *data, gsize length, GError **error)
{
	char *block = g_memdup2(data, length);
	EVP_PKEY *key = keys_file_parse(block, length, error);
	g_free(block);
	assert_int_equal(ERR_peek_error(), 0);
	return key;
}

/* ---- what stands in the file ---- */

static void good_keys_are_read(void **state)
{
	static const struct {
		enum sample sample;
		enum form form;
	} table[] = {
		{RSA_2048, PKCS8}, {RSA_2048, TRADITIONAL}, {RSA_1024, PKCS8}, {ED25519, PKCS8},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GString) text = write_key(table[i].sample, table[i].form);
		g_autoptr(EVP_PKEY) plain = parse(text->str, text->len, NULL);
		assert_int_equal(EVP_PKEY_eq(plain, samples[table[i].sample]), 1);
		/* Words around the block and CRLF are no harm. */
		g_string_prepend(text, "made in 2026\n");
		g_string_append(text, "\nthat is all\n");
		g_string_replace(text, "\n", "\r\n", 0);
		g_autoptr(EVP_PKEY) dressed = parse(text->str, text->len, NULL);
		assert_int_equal(EVP_PKEY_eq(dressed, samples[table[i].sample]), 1);
	}
}

static void bad_keys_are_refused(void **state)
{
	static const struct {
		enum sample sample;
		enum form form;
		const char *says;
	} table[] = {
		{RSA_2048, ENCRYPTED_PKCS8, "encrypted"},
		{RSA_2048, ENCRYPTED_TRADITIONAL, "encrypted"},
		{ED25519, ENCRYPTED_PKCS8, "encrypted"},
		{RSA_2048, PUBLIC, "public half"},
		{ED25519, PUBLIC, "public half"},
		{RSA_2048, DER, "DER"},
		{ED25519, DER, "DER"},
		{RSA_512, PKCS8, "fewer than 1,024 bits"},
		{RSA_4104, PKCS8, "more than 4,096 bits"},
		{RSA_PSS, PKCS8, "neither RSA nor Ed25519"},
		{EC_P256, PKCS8, "neither RSA nor Ed25519"},
		{EC_P256, TRADITIONAL, "elliptic-curve"},
		{ED448, PKCS8, "neither RSA nor Ed25519"},
		{X25519, PKCS8, "neither RSA nor Ed25519"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GString) text = write_key(table[i].sample, table[i].form);
		g_autoptr(GError) error = NULL;

		assert_null(parse(text->str, text->len, &error));
		assert_true(g_error_matches(error, KEYS_ERROR, KEYS_ERROR_KEY));
		if (!strstr(error->message, table[i].says))
			fail_msg("row %u: %s", i, error->message);
	}
}

static void odd_bytes_are_refused(void **state)
{
#define B64 "-----\nMAMCAQA=\n-----END "
	static const struct {
		const char *bytes;
		const char *says;
	} table[] = {
		{"", "empty"},
		{"0", "no PEM"},
		{"\x30\x82\x04", "DER"},
		{"hello\n", "no PEM"},
		{"-----BEGIN PRIVATE KEY-----\n", "damaged"},
		{"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "damaged"},
		{"-----BEGIN PRIVATE KEY" B64 "PRIVATE KEY-----\n", "damaged"},
		{"-----BEGIN PRIVATE KEY" B64 "RSA PRIVATE KEY-----\n", "damaged"},
		{"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "damaged"},
		{"-----BEGIN CERTIFICATE" B64 "CERTIFICATE-----\n", "certificate"},
		{"-----BEGIN CERTIFICATE REQUEST" B64 "CERTIFICATE REQUEST-----\n", "certificate request"},
		{"-----BEGIN RSA PUBLIC KEY" B64 "RSA PUBLIC KEY-----\n", "public half"},
		{"-----BEGIN OPENSSH PRIVATE KEY" B64 "OPENSSH PRIVATE KEY-----\n", "OpenSSH"},
		{"-----BEGIN DSA PRIVATE KEY" B64 "DSA PRIVATE KEY-----\n", "DSA"},
		{"-----BEGIN EC PARAMETERS" B64 "EC PARAMETERS-----\n", "elliptic-curve"},
		{"-----BEGIN DH PARAMETERS" B64 "DH PARAMETERS-----\n", "no private key"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(parse(table[i].bytes, strlen(table[i].bytes), &error));
		if (!strstr(error->message, table[i].says))
			fail_msg("row %u: %s", i, error->message);
	}
	g_autoptr(GError) error = NULL;
	assert_null(parse("-----BEGIN \0PRIVATE KEY-----\n", 29, &error));
}

/* Base64 is in order, but the DER in it is not all of one key. */
static void rubbish_behind_the_key(void **state)
{
	g_autoptr(GString) der = write_key(ED25519, DER);
	BIO *bio = BIO_new(BIO_s_mem());
	g_autoptr(GError) error = NULL;
	char *pem;

	g_string_append_c(der, 'x');
	assert_true(PEM_write_bio(bio, "PRIVATE KEY", "", (unsigned char *)der->str, (long)der->len) > 0);
	long length = BIO_get_mem_data(bio, &pem);
	assert_null(parse(pem, (gsize)length, &error));
	assert_non_null(strstr(error->message, "damaged"));
	BIO_free(bio);
}

static void one_key_and_nothing_else(void **state)
{
	g_autoptr(GString) rsa = write_key(RSA_2048, PKCS8);
	g_autoptr(GString) second = write_key(ED25519, PKCS8);
	g_autoptr(GString) public = write_key(RSA_2048, PUBLIC);
	const char *tails[] = {second->str, public->str, rsa->str, "-----BEGIN PRIVATE KEY-----\nMC4C"};

	for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autoptr(GString) text = g_string_new(rsa->str);
		g_autoptr(GError) error = NULL;

		g_string_append(text, tails[i]);
		assert_null(parse(text->str, text->len, &error));
		if (!strstr(error->message, "more than one"))
			fail_msg("tail %u: %s", i, error->message);
	}
}

/* Cut at every byte: never a key before the last dash, and never a crash. */
static void truncated_keys_are_refused(void **state)
{
	static const enum sample cut_samples[] = {RSA_2048, ED25519};

	for (guint i = 0; i < G_N_ELEMENTS(cut_samples); i++) {
		g_autoptr(GString) text = write_key(cut_samples[i], PKCS8);
		gsize whole = (gsize)(strrchr(text->str, '-') - text->str) + 1;

		for (gsize length = 0; length < whole; length++)
			assert_null(parse(text->str, length, NULL));
		g_autoptr(EVP_PKEY) key = parse(text->str, whole, NULL);
		assert_non_null(key);
	}
}

/* ---- no terminal is ever asked ---- */

static void ask_for_passphrase(const char *path, const char *terminal)
{
	GError *error = NULL;

	setsid();
	int fd = open(terminal, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0 || dup2(fd, 0) != 0 || dup2(fd, 2) != 2)
		_exit(2);
	_exit(keys_file_read(path, &error) == NULL ? 0 : 1);
}

/* OpenSSL's prompt catches signals, so one that waits for an answer is ended by SIGKILL only. */
static int wait_five_seconds(pid_t pid)
{
	int status;

	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		g_usleep(10000);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void encrypted_keys_do_not_prompt(void **state)
{
	static const enum form forms[] = {ENCRYPTED_PKCS8, ENCRYPTED_TRADITIONAL};
	struct place *place = *state;

	for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
		int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
		char said[64];

		put(place->path, RSA_2048, forms[i], 0600);
		assert_int_equal(grantpt(master), 0);
		assert_int_equal(unlockpt(master), 0);
		pid_t pid = fork();
		if (pid == 0)
			ask_for_passphrase(place->path, ptsname(master));
		assert_int_equal(wait_five_seconds(pid), 0);
		assert_true(read(master, said, sizeof(said)) <= 0);
		close(master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		cmocka_unit_test(good_keys_are_read),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(odd_bytes_are_refused),
		cmocka_unit_test(rubbish_behind_the_key),
		cmocka_unit_test(one_key_and_nothing_else),
		cmocka_unit_test(truncated_keys_are_refused),
		T(encrypted_keys_do_not_prompt),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, make_samples, free_samples);
}
