/*
 * What the files smime_*.c share. Each step looks at one thing and says in `found` why it is no pass.
 */
#ifndef ROLLCALL_MAIL_SMIME_INTERNAL_H
#define ROLLCALL_MAIL_SMIME_INTERNAL_H

#include <openssl/x509.h>

#include "lib/mail/smime.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

enum {
	SMIME_BESIDE = 256 * 1024, /* bytes of a container beside its content: certificates and signatures */
	SMIME_CERTIFICATES = 20, /* in one message: signers and their intermediates */
	SMIME_SIGNERS = 5,       /* each costs a chain and a hash over the content */
	SMIME_CHAIN = 6,         /* intermediates between signer and trusted certificate */
	SMIME_NAMES = 100,       /* addresses in one certificate */
	SMIME_RSA_LEAST = 2048,  /* bits */
	SMIME_RSA_MOST = 8192,   /* bits; time grows with the square */
	SMIME_EC_LEAST = 256,    /* bits */
	SMIME_LEVEL = 2,         /* OpenSSL's security level for chains: 112 bits, so no SHA-1, no RSA below 2,048 */
};

struct smime_trust {
	X509_STORE *store;
	gboolean crls; /**< CRLs are wanted, whether there are any or not */
};

/** One message's way. */
struct smime_check {
	const struct smime_question *question;
	struct authentication_smime *found;
	guint asked; /**< questions to responders so far */
};

/** Sets result (static) and reason, and returns FALSE. */
gboolean smime_say(struct smime_check *check, const char *result, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** A SignedData in DER or BER; `content` NULL: its content must stand in it, else it must not. */
struct smime_signed {
	const guint8 *cms;
	gsize cms_length;
	const char *content;
	gsize content_length;
};

/**
 * How many of the container's bytes are not its content. FALSE when it cannot be read so far; something that is no SignedData may come out
 * either way.
 */
gboolean smime_measure(const guint8 *cms, gsize length, gsize *beside) G_GNUC_WARN_UNUSED_RESULT;

/** Judges it; the result is in `found`. */
void smime_cms_verify(struct smime_check *check, const struct smime_signed *data);

/**
 * Whether one of the certificate's addresses is `author` (NULL: none is). `*first` is that one, or else its first one, in normal form, NULL
 * without any; the caller frees it.
 */
gboolean smime_names_match(X509 *certificate, const char *author, char **first);

/** Whether the certificate is trusted, at its time, for signing mail, and not revoked. `others` came with it and may be its issuers. */
gboolean smime_chain_check(struct smime_check *check, X509 *certificate, STACK_OF(X509) *others);

/** Whether the certificate names a responder. */
gboolean smime_ocsp_named(X509 *certificate);
/** Asks the responder that the certificate names; TRUE when it says good. `chain` is verified. */
gboolean smime_ocsp_check(struct smime_check *check, X509 *certificate, X509 *issuer, STACK_OF(X509) *chain);

/** Whether a digest (OpenSSL's number) may stand under a signature: no MD5, no SHA-1. */
gboolean smime_is_strong_digest(int nid);

#endif
