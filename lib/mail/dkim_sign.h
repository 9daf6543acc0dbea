/*
 * Our DKIM signatures: the field and the 32-byte digest that the private key in the other room signs.
 * RFC 6376, RFC 8463.
 *
 * The field is written here; both hashes come from libopendkim, used as a verifier that stops before it
 * has a key: it takes the body's hash once for all signatures, and then, with the fields written around
 * that hash, each field's header digest. That is what every receiver computes, so a signature over it
 * verifies. A signing handle would do the same, but wants a private key that it then signs with in vain
 * (0.4 to 0.9 ms a signature, and for Ed25519 a leak), and hashes the body once for each key. So this
 * room holds no key at all.
 *
 * relaxed/relaxed, t= and x=, never l=. The fields of DESIGN section 6 are signed and oversigned: named
 * once more than they stand in the message, so that none can be added. Other signatures, the author's
 * and our own, are not covered. Only fields that get signed are shown to libopendkim: it then cannot
 * trip over a broken one that came with the post.
 */
#ifndef ROLLCALL_MAIL_DKIM_SIGN_H
#define ROLLCALL_MAIL_DKIM_SIGN_H

#include <glib.h>

#include "lib/mail/header.h"

enum {
	DKIM_SIGN_DIGEST = 32,        /* bytes of a SHA-256 */
	DKIM_SIGN_DRIFT = 1000000000, /* seconds: what libopendkim's clock may differ, so that it never decides; t= must be later than this */
};

#define DKIM_SIGN_ERROR (dkim_sign_error_quark())
GQuark dkim_sign_error_quark(void);
enum dkim_sign_error {
	DKIM_SIGN_ERROR_MESSAGE, /**< the message cannot be signed so that all verifiers agree: 5.6.0, the sender's to mend */
	DKIM_SIGN_ERROR_LIBRARY, /**< the library failed, or a key's name is none: 4.3.0 */
};

/**
 * The finished message, CRLF line ends: no field may be changed behind this but by dkim_sign_finish().
 * Nothing is owned.
 */
struct dkim_sign_message {
	const struct header *header;
	const char *body;
	size_t length; /**< of the body; a missing last CRLF is taken as there, which outgoing_write() makes true */
	gint64 now;    /**< t=, seconds of Unix time */
	gint64 expire; /**< x= is that many seconds later, at least 1 */
};

/** One key, as the KEYS answer of the wire has it. Nothing is owned. */
struct dkim_sign_key {
	const char *domain, *selector;
	const char *algorithm;    /**< "rsa-sha256" or "ed25519-sha256" */
	const guint8 *public_der; /**< SubjectPublicKeyInfo; only dkim_check() looks at it */
	gsize public_length;
};

/** One signature that only lacks b=. */
struct dkim_sign_draft {
	char *value; /**< of the DKIM-Signature field, up to and with "b=" */
	guint8 digest[DKIM_SIGN_DIGEST];
};

/**
 * Opens the library. Once, in the parent, before the sandbox closes: it reads resolv.conf, and OpenSSL
 * its providers. Panics when it cannot.
 */
void dkim_sign_warm_up(void);

/**
 * Writes the drafts for `count` keys (at most LIMIT_SIGNATURES) into drafts[0..count-1]; the caller
 * ends each by dkim_sign_clear(). The header must have a From field. FALSE with `error` otherwise, and
 * then all drafts are empty.
 */
gboolean dkim_sign_drafts(const struct dkim_sign_message *message, const struct dkim_sign_key *keys, guint count,
	struct dkim_sign_draft *drafts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Puts the signature into the draft and the field on top of `header`. */
void dkim_sign_finish(struct header *header, const struct dkim_sign_draft *draft, const guint8 *signature, gsize length);

/** The same for a field of another name: ARC's. */
void dkim_sign_finish_as(struct header *header, const char *name, const struct dkim_sign_draft *draft, GBytes *signature);
/**
 * For arc_seal.c: "h=" with the fields that our signatures cover and oversign, folded. NULL with `error` when they are too many. The caller
 * frees it.
 */
char *dkim_sign_names(const struct header *header, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dkim_sign_clear(struct dkim_sign_draft *draft);

struct dkim; /* libopendkim's */
/**
 * For dkim_verify.c: a handle that makes digests and has no key; NULL with `error` (NULL: none is wanted). The caller ends it by
 * dkim_free().
 */
struct dkim *dkim_sign_open(GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * For dkim_check.c and dkim_verify.c: shows the handle all fields that our signatures cover, or the body. FALSE with
 * `error` of DKIM_SIGN_ERROR.
 */
gboolean dkim_sign_feed_fields(struct dkim *dkim, const struct header *header, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean dkim_sign_feed_body(struct dkim *dkim, const struct dkim_sign_message *message, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Of one signature: DKIM_SIGN_DIGEST bytes each, which belong to the handle. */
struct dkim_sign_hashes {
	void *header, *body;
	size_t header_length, body_length;
};
/** For dkim_check.c: between header and body, and after it: the hashes of exactly `count` signatures in the order of their fields. */
gboolean dkim_sign_end_header(struct dkim *dkim, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean dkim_sign_end_message(struct dkim *dkim, struct dkim_sign_hashes *hashes, guint count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
