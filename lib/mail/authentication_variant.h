/*
 * What the checks of an author found, as a GVariant: the object `authentication` of `rollcall explain --json`, and, as text, what a held post keeps
 * of it, because what counted was its arrival.
 */
#ifndef ROLLCALL_MAIL_AUTHENTICATION_VARIANT_H
#define ROLLCALL_MAIL_AUTHENTICATION_VARIANT_H

#include "lib/mail/authentication.h"

/**
 * A floating a{sv}: dkim (array of {domain, selector, algorithm, result, aligned, reason}), spf {result, domain, aligned}, dmarc {result, policy, domain,
 * organisational_domain, testing}, arc {cv, instances, sealers, reason}, smime {result, signer, reason}, sasl {login, matches}, and method. What is not
 * known is not there. `method` may be NULL.
 */
GVariant *authentication_to_variant(const struct authentication *authentication, const char *method) G_GNUC_WARN_UNUSED_RESULT;

/** The same as text of at most `limit` bytes: signatures from the bottom are left out for that. NULL when even so it is too long. The caller frees. */
char *authentication_to_text(const struct authentication *authentication, gsize limit) G_GNUC_WARN_UNUSED_RESULT;

/** Fills `authentication` (as authentication_init() leaves it) from such a text; what is not understood stays "none". NULL is fine. */
void authentication_from_text(const char *text, struct authentication *authentication);

#endif
