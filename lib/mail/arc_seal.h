/*
 * Our link of an ARC chain: what the checks found when the post came (ARC-Authentication-Results), a signature over the post as it leaves
 * (ARC-Message-Signature), and a seal over the chain (ARC-Seal). Made last, after every change and after our DKIM signatures. RFC 8617 section 5.1.
 *
 * The digests are made here; the private key in the other room signs them, one after the other, since the seal covers the signed signature:
 *
 *   instance = arc_seal_instance(...);  arc_seal_results(...);
 *   arc_seal_draft_signature(...);  sign;  dkim_sign_finish_as(ARC_SIGNATURE);
 *   arc_seal_draft_seal(...);  sign;  dkim_sign_finish_as(ARC_SEAL);
 *
 * A chain that came broken gets a seal that says so and covers its own set only, and then ends (section 5.1.2). The signature covers what our DKIM
 * signatures cover, and those. RSA or Ed25519, but RFC 8617 knows rsa-sha256 only.
 */
#ifndef ROLLCALL_MAIL_ARC_SEAL_H
#define ROLLCALL_MAIL_ARC_SEAL_H

#include <glib.h>

#include "lib/mail/arc_chain.h"
#include "lib/mail/dkim_sign.h"

struct arc_seal_link {
	guint instance;                /**< from arc_seal_instance() */
	const char *cv;                /**< what validation said when the post came: "none", "pass" or "fail" */
	const struct dkim_sign_key *key;
};

/**
 * The instance of the next link, or 0 when there is to be none: the chain is as long as chains get, says itself that it is over, or has a field whose
 * place nobody can tell. `header` as it goes out; `cv` as above.
 */
guint arc_seal_instance(const struct header *header, const char *cv) G_GNUC_WARN_UNUSED_RESULT;

/** Puts ARC-Authentication-Results on top; `results` is the value of an Authentication-Results field, folded or not. */
void arc_seal_results(struct header *header, guint instance, const char *results);

/**
 * The message signature that lacks b=. The caller ends the draft by dkim_sign_clear(). FALSE with `error` of DKIM_SIGN_ERROR, and an empty
 * draft, when the message cannot be signed.
 */
gboolean arc_seal_draft_signature(const struct dkim_sign_message *message, const struct arc_seal_link *link, struct dkim_sign_draft *draft,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The seal that lacks b=. The other two fields of the set are in the header by now; panics when they are not. */
void arc_seal_draft_seal(const struct dkim_sign_message *message, const struct arc_seal_link *link, struct dkim_sign_draft *draft);

#endif
