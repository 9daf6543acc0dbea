/* Certificate and key; see tls_certificate.h. */
#include "lmtpd/master/tls_certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/credential.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* What tells one version of a file from another. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct tls_certificate {
	char *certificate_file, *key_file;
	struct stamp certificate_stamp, key_stamp; /* of the pair that was last tried, good or bad */
	SSL_CTX *context;
};

/* All zero when there is no such file, which is a version, too. */
static struct stamp stamp_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct stamp){0};
	return (struct stamp){.device = status.st_dev,
		.inode = status.st_ino,
		.size = status.st_size,
		.modified = status.st_mtim,
		.changed = status.st_ctim};
}

static gboolean same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static gboolean same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
		same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

/* Never asks on a terminal: an encrypted key is one that cannot be used. */
static int no_password(char *buffer, int size, int writing, void *context)
{
	return -1;
}

static char *explain(const char *path)
{
	char text[256];
	unsigned long code = ERR_peek_last_error();

	ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	g_autofree char *clean = text_printable_dup(text, strlen(text), sizeof(text));
	return g_strdup_printf("%s: %s", path, clean);
}

static char *check_key_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return g_strdup_printf("%s: %s", path, g_strerror(errno));
	if (!S_ISREG(status.st_mode))
		return g_strdup_printf("%s: not a regular file", path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return g_strdup_printf("%s: belongs to user %u, must belong to root or to us", path,
			(guint)status.st_uid);
	if (status.st_mode & (S_IWGRP | S_IRWXO))
		return g_strdup_printf("%s: mode %04o lets others at the key, at most 0640 is allowed", path,
			(guint)status.st_mode & 07777);
	return NULL;
}

static void set_options(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* A relay writes what there is room for, from a buffer that moves. */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(context, no_password);
}

static SSL_CTX *load_pair(const struct tls_certificate *certificate, char **error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		log_panic("SSL_CTX_new failed");
	set_options(context);
	*error = check_key_file(certificate->key_file);
	if (!*error && SSL_CTX_use_certificate_chain_file(context, certificate->certificate_file) != 1)
		*error = explain(certificate->certificate_file);
	if (!*error && (SSL_CTX_use_PrivateKey_file(context, certificate->key_file, SSL_FILETYPE_PEM) != 1 ||
			       SSL_CTX_check_private_key(context) != 1))
		*error = explain(certificate->key_file);
	if (!*error)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

struct tls_certificate *tls_certificate_load(const char *certificate_file, const char *key_file, char **error)
{
	struct tls_certificate *certificate = g_new0(struct tls_certificate, 1);

	certificate->certificate_file = credential_path(certificate_file);
	certificate->key_file = credential_path(key_file);
	certificate->certificate_stamp = stamp_file(certificate->certificate_file);
	certificate->key_stamp = stamp_file(certificate->key_file);
	certificate->context = load_pair(certificate, error);
	if (!certificate->context)
		g_clear_pointer(&certificate, tls_certificate_free);
	return certificate;
}

void tls_certificate_free(struct tls_certificate *certificate)
{
	if (!certificate)
		return;
	SSL_CTX_free(certificate->context);
	g_free(certificate->certificate_file);
	g_free(certificate->key_file);
	g_free(certificate);
}

void tls_certificate_refresh(struct tls_certificate *certificate)
{
	/* Before the files are read: a change in between is then seen the next time. */
	struct stamp certificate_stamp = stamp_file(certificate->certificate_file);
	struct stamp key_stamp = stamp_file(certificate->key_file);
	g_autofree char *error = NULL;

	if (same_stamp(&certificate_stamp, &certificate->certificate_stamp) &&
		same_stamp(&key_stamp, &certificate->key_stamp))
		return;
	certificate->certificate_stamp = certificate_stamp;
	certificate->key_stamp = key_stamp;
	SSL_CTX *context = load_pair(certificate, &error);
	if (!context) {
		log_warning("ALARM TLS certificate has changed but cannot be used, the old one stays: %s", error);
		return;
	}
	SSL_CTX_free(certificate->context);
	certificate->context = context;
	log_info("TLS certificate loaded again from %s", certificate->certificate_file);
}

SSL_CTX *tls_certificate_context(const struct tls_certificate *certificate)
{
	return certificate->context;
}
