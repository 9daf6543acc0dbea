/*
 * Public keys of DKIM and ARC, and the last step of both: does this key in DNS say that this digest was signed? By OpenSSL, since libopendkim
 * keeps a key record in 1,024 bytes and cannot say why it dislikes one. RFC 6376 sections 3.6.1 and 6.1.2, RFC 8301 (sizes), RFC 8463 (Ed25519).
 *
 * A domain that tests (t=y) is believed all the same, as everybody does it: half of those who wrote the flag forgot it there.
 */
#ifndef ROLLCALL_MAIL_DKIM_KEY_H
#define ROLLCALL_MAIL_DKIM_KEY_H

#include <glib.h>

#include "lib/mail/txt_lookup.h"

enum {
	DKIM_KEY_DIGEST = 32,       /* bytes of a SHA-256 */
	DKIM_KEY_BITS = 1024,       /* RFC 8301: fewer are no proof */
	DKIM_KEY_BITS_MOST = 8192,  /* more only cost us time: 0.5 ms a check at this size */
	DKIM_KEY_ED25519_DER = 44,  /* bytes that an Ed25519 SubjectPublicKeyInfo always has (RFC 8410 section 4) */
	DKIM_KEY_ED25519_SIGNATURE = 64, /* bytes (RFC 8032 section 5.1.6) */
	DKIM_KEY_RECORDS = 5,       /* TXT records of one name that are looked at */
	DKIM_KEY_TROUBLES = 3,      /* questions without an answer, of one message, before no more are asked: each may take seconds */
};

/** How the keys of one message are asked for. Zero `troubles` at first. */
struct dkim_key_door {
	const struct txt_door *txt;
	guint troubles;
};

/** What a signature says of itself, already read. Nothing is owned. */
struct dkim_key_signature {
	const char *domain, *selector; /**< as dkim_key_read_names() made them */
	const char *identity;          /**< domain of i=; NULL: the same as `domain` */
	gboolean ed25519;              /**< else RSA; SHA-256 both */
	const guint8 *digest;          /**< DKIM_KEY_DIGEST bytes */
	GBytes *signature;
};

/** Both static; the result one of pass, fail, policy, permerror, temperror; the reason NULL when there is nothing to say. */
struct dkim_key_answer {
	const char *result, *reason;
};

/** Lets OpenSSL look up all that it needs: once, in the parent, before the sandbox closes. */
void dkim_key_warm_up(void);

/** Asks for the key and verifies. */
struct dkim_key_answer dkim_key_verify(struct dkim_key_door *door, const struct dkim_key_signature *signature)
	G_GNUC_WARN_UNUSED_RESULT;

/** Whether this key, a SubjectPublicKeyInfo of a file of ours, verifies it. Of `signature` neither names nor identity count. */
gboolean dkim_key_holds(const guint8 *der, gsize length, const struct dkim_key_signature *signature) G_GNUC_WARN_UNUSED_RESULT;

/**
 * d= and s= as they came (no blanks) into names for DNS: `*domain` in lower-case A-labels, and `*selector`. FALSE, with both NULL, when they
 * are none or NULL. The caller frees both.
 */
gboolean dkim_key_read_names(const char *d, const char *s, char **domain, char **selector) G_GNUC_WARN_UNUSED_RESULT;

#endif
