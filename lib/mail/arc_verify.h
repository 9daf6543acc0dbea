/*
 * The ARC chain that came with a message: whether those who passed it on vouch for what they got, one for the other without a gap. RFC 8617 section 5.2.
 *
 * Own code on OpenSSL, with the canonical forms of canonical.h. Work is bounded: 50 sets, one body digest, one key for each seal and one for the newest
 * message signature; the first that fails ends it. Knowingly not done: the older message signatures ("oldest-pass") are not looked at, since nothing here
 * depends on them; nor is what the sets claim (ARC-Authentication-Results) believed.
 */
#ifndef ROLLCALL_MAIL_ARC_VERIFY_H
#define ROLLCALL_MAIL_ARC_VERIFY_H

#include "lib/mail/authentication.h"
#include "lib/mail/dkim_verify.h"

/** Fills `arc`, which must be as authentication_init() leaves it. With "temperror" DNS may say more another time. */
void arc_verify_message(const struct dkim_verify_message *message, const struct txt_door *door, struct authentication_arc *arc);

#endif
