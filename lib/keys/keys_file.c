/*
 * Reading a private key; see keys_file.h.
 *
 * The PEM block is taken apart here and its DER given to OpenSSL, instead of PEM_read_PrivateKey(): so
 * nothing can ask for a passphrase on a terminal, a second block is seen, and each wrong thing that
 * people put here has its own sentence. A file that somebody else owns or may write is refused; the
 * directories above it are not looked at, because whoever can swap the file for another cannot make one
 * that is root's or ours.
 */
#include "lib/base/credential.h"
#include "lib/keys/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/keys/keys.h"

enum {
	FILE_LIMIT = 64 * 1024, /* bytes; an RSA key of 4,096 bits has 3,300 */
	BITS_LEAST = 1024,      /* RFC 8301 3.2: verifiers must not take less */
	BITS_MOST = 4096,       /* RFC 8301 3.2: verifiers need not take more */
};

/* One block of a PEM file. */
struct block {
	char *name;
	char *header;
	unsigned char *data;
	long length;
};

static void block_clear(struct block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_clear_free(block->data, (size_t)block->length);
	*block = (struct block){0};
}

static EVP_PKEY *fail(GError **error, enum keys_error code, const char *cause)
{
	g_set_error_literal(error, KEYS_ERROR, (int)code, cause);
	return NULL;
}

/* What else is often found where a private key should be. */
static const char *cause_of_name(const struct block *block)
{
	static const struct {
		const char *name, *cause;
	} table[] = {
		{"ENCRYPTED PRIVATE KEY", "is encrypted; nobody is there to type a passphrase: openssl pkey -in OLD -out NEW"},
		{"PUBLIC KEY", "is the public half; the private one is needed"},
		{"RSA PUBLIC KEY", "is the public half; the private one is needed"},
		{"CERTIFICATE", "is a certificate; the private key is needed"},
		{"CERTIFICATE REQUEST", "is a certificate request; the private key is needed"},
		{"EC PRIVATE KEY", "is an elliptic-curve key; DKIM knows RSA and Ed25519 only"},
		{"EC PARAMETERS", "is an elliptic-curve key; DKIM knows RSA and Ed25519 only"},
		{"DSA PRIVATE KEY", "is a DSA key; DKIM knows RSA and Ed25519 only"},
		{"OPENSSH PRIVATE KEY", "is in OpenSSH's format; PEM is needed"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(block->name, table[i].name) == 0)
			return table[i].cause;
	if (strcmp(block->name, "PRIVATE KEY") != 0 && strcmp(block->name, "RSA PRIVATE KEY") != 0)
		return "is PEM, but no private key";
	/* The traditional format says it in a header of the block. */
	if (strstr(block->header, "ENCRYPTED"))
		return table[0].cause;
	return NULL;
}

static const char *cause_of_kind(EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return NULL;
	case EVP_PKEY_RSA:
		if (EVP_PKEY_get_bits(key) < BITS_LEAST)
			return "has fewer than 1,024 bits; no verifier takes that: make one of 2,048";
		if (EVP_PKEY_get_bits(key) > BITS_MOST)
			return "has more than 4,096 bits; verifiers need not take that: make one of 2,048";
		return NULL;
	default:
		return "is neither RSA nor Ed25519; DKIM knows no others";
	}
}

static EVP_PKEY *parse_block(const struct block *block, GError **error)
{
	const unsigned char *place = block->data;
	const char *cause = cause_of_name(block);

	if (cause)
		return fail(error, KEYS_ERROR_KEY, cause);
	g_autoptr(EVP_PKEY) key = d2i_AutoPrivateKey(NULL, &place, block->length);
	if (!key || place != block->data + block->length)
		return fail(error, KEYS_ERROR_KEY, "is damaged: the PEM block holds no private key");
	cause = cause_of_kind(key);
	if (cause)
		return fail(error, KEYS_ERROR_KEY, cause);
	return g_steal_pointer(&key);
}

static gboolean read_block(BIO *bio, struct block *block)
{
	return PEM_read_bio(bio, &block->name, &block->header, &block->data, &block->length) == 1;
}

static const char *cause_without_block(const char *data, gsize length)
{
	gboolean started = g_strstr_len(data, (gssize)length, "-----BEGIN ") != NULL;

	if (started)
		return "is damaged: its PEM block is cut short or altered";
	if (length > 1 && data[0] == 0x30)
		return "is DER; PEM is needed: openssl pkey -inform DER -in OLD -out NEW";
	return "is no PEM file";
}

/* Whether something follows in a PEM block that is whole, or starts like one. */
static gboolean has_another_block(BIO *bio)
{
	struct block block = {0};
	gboolean found = read_block(bio, &block) || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;

	block_clear(&block);
	return found;
}

EVP_PKEY *keys_file_parse(const char *data, gsize length, GError **error)
{
	struct block block = {0};
	EVP_PKEY *key = NULL;

	if (length == 0)
		return fail(error, KEYS_ERROR_KEY, "is empty");
	BIO *bio = BIO_new_mem_buf(data, (int)length);
	if (read_block(bio, &block))
		key = parse_block(&block, error);
	else
		fail(error, KEYS_ERROR_KEY, cause_without_block(data, length));
	if (key && has_another_block(bio)) {
		g_clear_pointer(&key, EVP_PKEY_free);
		fail(error, KEYS_ERROR_KEY, "holds more than one PEM block; one private key and nothing else is needed");
	}
	/* What OpenSSL left in its queue was expected; the next who looks there must not find it. */
	ERR_clear_error();
	block_clear(&block);
	BIO_free(bio);
	return key;
}

static const char *cause_of_file(const char *path, const struct stat *status)
{
	const char *fault = credential_fault(path, status);

	if (!fault && status->st_size > FILE_LIMIT)
		fault = "is larger than 64 KiB: no key file";
	return fault;
}

/* The bytes into `data` of FILE_LIMIT; -1 with errno. */
static ssize_t read_whole(int fd, char *data)
{
	size_t used = 0;

	while (used < FILE_LIMIT) {
		ssize_t count = read(fd, data + used, FILE_LIMIT - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		used += (size_t)count;
	}
	return (ssize_t)used;
}

EVP_PKEY *keys_file_read(const char *path, GError **error)
{
	struct stat status;
	const char *cause = NULL;
	EVP_PKEY *key = NULL;
	/* O_NONBLOCK, so that a FIFO cannot hang the start. */
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &status) != 0)
		cause = g_strerror(errno);
	else
		cause = cause_of_file(path, &status);
	if (cause) {
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_FILE, "%s: %s", path, cause);
		return NULL;
	}
	char *data = g_malloc(FILE_LIMIT);
	ssize_t length = read_whole(fd, data);
	if (length < 0)
		g_set_error(error, KEYS_ERROR, KEYS_ERROR_FILE, "%s: %s", path, g_strerror(errno));
	else if (!(key = keys_file_parse(data, (gsize)length, error)))
		g_prefix_error(error, "%s: ", path);
	OPENSSL_cleanse(data, FILE_LIMIT);
	g_free(data);
	return key;
}
