/*
 * The DKIM signatures that came with a message: each with its result in the words of RFC 8601 and why. RFC 6376, RFC 8301, RFC 8463, RFC 8616.
 *
 * Three hands do it. We read each signature first, strictly (tag_list.h): only one without a flaw is shown to libopendkim, whose own reader trusts
 * too much. libopendkim makes canonical forms and digests, each body form once for all signatures. OpenSSL holds the digest against the key from DNS
 * (dkim_key.h). So the work is bounded: LIMIT_SIGNATURES signatures, four body digests, one key each.
 *
 * "policy", not "pass", are: rsa-sha1, RSA under 1,024 bits, a body that is only signed in part (l=), a time of signing in the future,
 * and what different verifiers read differently. Knowingly not done: reports (r=), copied fields (z=).
 */
#ifndef ROLLCALL_MAIL_DKIM_VERIFY_H
#define ROLLCALL_MAIL_DKIM_VERIFY_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/authentication.h"
#include "lib/mail/header.h"
#include "lib/mail/txt_lookup.h"

enum {
	DKIM_VERIFY_FIELD = 16 * 1024, /* bytes of a signature field that is looked at */
	DKIM_VERIFY_NAMES = 4000,      /* bytes of h=: libopendkim keeps 4,096 */
	DKIM_VERIFY_DRIFT = 3600,      /* seconds that the signer's clock may be wrong */
};

/** A message as it came, CRLF line ends, header by header_parse(). Nothing is owned. */
struct dkim_verify_message {
	const struct header *header;
	const char *body;
	size_t length; /**< of the body; a missing last CRLF is taken as there */
	gint64 now;    /**< when it came, seconds of Unix time: what t= and x= are held against */
};

/** After dkim_sign_warm_up(), with which it shares the library. Once, in the parent, before the sandbox closes. */
void dkim_verify_warm_up(void);

/**
 * Adds an entry to `authentication` for each of the topmost LIMIT_SIGNATURES DKIM-Signature fields, and one more with "policy" when there are more.
 * `aligned` is left to DMARC.
 */
void dkim_verify_message(const struct dkim_verify_message *message, const struct txt_door *door, struct authentication *authentication);

#endif
