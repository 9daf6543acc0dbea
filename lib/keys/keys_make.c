/* Making a key file; see keys_make.h. */
#include "lib/keys/keys_make.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/keys/keys.h"
#include "lib/keys/keys_file.h"

static gboolean fail(GError **error, enum keys_error code, const char *path, const char *cause)
{
	g_set_error(error, KEYS_ERROR, (int)code, "%s: %s", path, cause);
	return FALSE;
}

/* The PEM text; the caller frees the BIO, which wipes it. NULL when OpenSSL could not. */
static BIO *make_pem(guint bits)
{
	g_autoptr(EVP_PKEY) key = bits > 0 ? EVP_RSA_gen(bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = key ? BIO_new(BIO_s_secmem()) : NULL;

	if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		return bio;
	BIO_free(bio);
	return NULL;
}

static gboolean write_whole(int fd, BIO *bio)
{
	char *data;
	long length = BIO_get_mem_data(bio, &data);

	for (long done = 0; done < length;) {
		ssize_t count = write(fd, data + done, (size_t)(length - done));

		if (count < 0 && errno != EINTR)
			return FALSE;
		done += MAX(count, 0);
	}
	return fsync(fd) == 0;
}

gboolean keys_make_file(const char *path, guint bits, GError **error)
{
	BIO *bio = make_pem(bits);

	if (!bio)
		return fail(error, KEYS_ERROR_KEY, path, "OpenSSL could not make a key");
	/* O_EXCL: neither an old key nor what a link points to is lost, whoever was quicker. */
	io_autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gboolean opened = fd >= 0, good = opened && fchmod(fd, 0600) == 0 && write_whole(fd, bio);
	int cause = errno;

	BIO_free(bio);
	if (good)
		return TRUE;
	if (opened)
		unlink(path);
	return fail(error, KEYS_ERROR_FILE, path, g_strerror(cause));
}
