/*
 * DMARC for the author of one message: what his domain's policy makes of the signatures that were verified and of what a border of ours says of
 * SPF. RFC 7489, RFC 9989; aligned is what has the author's organisational domain, found by the tree walk (dmarc_walk.h).
 *
 * Trouble with DNS is only trouble where it leaves the answer open: a signature of the author's very own domain that passed cannot fail DMARC, whatever
 * the policy would have said. Knowingly not done: no reports are sent (rua, ruf), and np= is for a name that is not in DNS at all (NXDOMAIN):
 * that one exists without MX, A and AAAA is not asked for.
 */
#ifndef ROLLCALL_MAIL_DMARC_H
#define ROLLCALL_MAIL_DMARC_H

#include "lib/mail/authentication.h"
#include "lib/mail/txt_lookup.h"

/**
 * Fills found->dmarc, and `aligned` of found->spf and of each signature in found->dkim, for an author at `domain` (NULL: nobody in particular,
 * and there is nothing to say). Their results must be there. The policy is already a step milder where the domain only tests (t=y).
 * TRUE: settled. FALSE: temporary trouble leaves open whether the author is who he says; trying again later may tell.
 */
gboolean dmarc_evaluate(const char *domain, const struct txt_door *door, struct authentication *found) G_GNUC_WARN_UNUSED_RESULT;

#endif
