/*
 * S/MIME signatures on what came in: is the whole message signed by a certificate for its author that we trust?
 *
 * Both forms: multipart/signed, whose signed bytes are the raw ones between the boundaries, and application/pkcs7-mime with the
 * content inside. Only the outermost signature counts: one around a part, or inside of another, says nothing about who sent
 * the whole. If there are several signers, all of them must be good and one must be the author: a signature that does not hold has no
 * harmless reading, and whoever adds a second one gives nothing to the first. Signed attributes must be there, since without
 * them the attributes of one signature can be shown as the content of another (RFC 8551 always has them).
 *
 * What it knowingly does not do: no header field is covered but through the certificate's address, so somebody else can post a signed
 * mail a second time under another subject (RFC 8551 section 3.1); nothing is decrypted; CRLs in the message are not looked at,
 * since an old one could hide that its sender was revoked; no Ed25519 in CMS, which OpenSSL 3.0 does not have (RFC 8419).
 * RFC 5652, RFC 8551, RFC 8550, RFC 5280, RFC 6960, RFC 9598.
 */
#ifndef ROLLCALL_MAIL_SMIME_H
#define ROLLCALL_MAIL_SMIME_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/authentication.h"
#include "lib/mail/walk.h"

/** Certificates that are trusted, and CRLs. */
struct smime_trust;

/**
 * Reads the bundle `ca_file` (PEM, or one in DER; what stands in it is trusted, be it self-signed or not) and the CRLs in `crl`, a file or a
 * directory of them (PEM or DER); with `crl` NULL or "" no CRL is asked for. Adds to `problems` (g_free()d) a line for each
 * file that cannot be used. NULL when there is no certificate to trust. Warms up OpenSSL too: nothing here needs a file later.
 */
struct smime_trust *smime_trust_load(const char *ca_file, const char *crl, GPtrArray *problems) G_GNUC_WARN_UNUSED_RESULT;
/** How many certificates and CRLs there are; adds to `expired` (g_free()d) a line for each that was out of date at `now` (seconds), but
 * not for a CRL with a newer one beside it. */
void smime_trust_look(const struct smime_trust *trust, gint64 now, guint counts[2], GPtrArray *expired);
/** NULL is fine. */
void smime_trust_free(struct smime_trust *trust);

/** How a certificate's responder is asked: the room that reads mail has no network. */
struct smime_door {
	/** One OCSP request in DER to an "http://" address. FALSE with `reason` in words (both are freed by the caller). */
	gboolean (*ask)(gpointer context, const char *url, GBytes *request, GBytes **response, char **reason);
	gpointer context;
};

struct smime_question {
	const char *data;                /**< the message as it came, with CRLF */
	size_t length;
	const char *author;              /**< From in normal form; NULL: there is not exactly one, and nobody can have signed as him */
	gint64 arrived;                  /**< seconds; certificates and CRLs must have been valid then */
	const struct smime_trust *trust; /**< NULL: nothing is trusted */
	const struct smime_door *ocsp;   /**< NULL: no responder is asked */
};

/**
 * Looks at the message and fills `found`, which must be as authentication_init() leaves it. "pass": signed by the author. "none": not
 * signed, or only in a part, or nothing is trusted here. "fail": signed, and not good. "temperror": it could not be found out now. `reason` tells why
 * it is no pass. Never fails otherwise, whatever the bytes; time and memory are linear in `length`.
 */
void smime_verify(const struct smime_question *question, struct authentication_smime *found);

/** Whether the whole message is encrypted by S/MIME, as far as its header says. `data` is the message that was walked. */
gboolean smime_is_encrypted(const char *data, const struct walk *walk);

#endif
