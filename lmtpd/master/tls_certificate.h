/*
 * The certificate and key for STARTTLS, loaded again when their files change: a renewal needs no reload of ours, and a
 * half-finished one (new certificate, old key) does no harm, because a pair that does not work is never used.
 * Knowingly not done: no client certificates, no session tickets (each would outlive the process that made it),
 * no password on the key (there is nobody to ask).
 */
#ifndef ROLLCALL_MASTER_TLS_CERTIFICATE_H
#define ROLLCALL_MASTER_TLS_CERTIFICATE_H

#include <glib.h>
#include <openssl/ssl.h>

struct tls_certificate;

/**
 * Loads the pair. NULL with `*error` (the caller frees) saying what is wrong with which file: also for a key that
 * others may read or a group may write. The two are what the settings say (lib/base/credential.h). The caller ends it with tls_certificate_free().
 */
struct tls_certificate *tls_certificate_load(const char *certificate_file, const char *key_file, char **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Wipes and frees; NULL is fine. */
void tls_certificate_free(struct tls_certificate *certificate);

/**
 * Looks at the files and loads the pair again when they have changed. When the new pair does not work the old one
 * stays, and the log says so once for each change.
 */
void tls_certificate_refresh(struct tls_certificate *certificate);

/** TLS 1.2 or later with the present pair. Belongs to `certificate`. */
SSL_CTX *tls_certificate_context(const struct tls_certificate *certificate);

#endif
