/*
 * Header fields with bytes above 127 in a post that came without SMTPUTF8, so that it may go to servers
 * without it: what is shown is encoded (RFC 2047; bytes that are no UTF-8 as unknown-8bit, RFC 1428),
 * what is an address is refused, since it cannot be written otherwise.
 *
 * Only such fields are touched; an author's DKIM signature over one breaks, and without this the whole
 * post would be refused by many members' servers. Names of files get encoded words inside their quotes,
 * which RFC 2047 section 5 forbids and every mailer reads. In Message-ID and kin, and in trace fields,
 * the bytes become %XX: always the same way, so threads hold. Knowingly not done: headers of parts,
 * which belong to the body. RFC 6531, RFC 6532; HOSTILE M34.
 */
#ifndef ROLLCALL_MAIL_EIGHT_BIT_H
#define ROLLCALL_MAIL_EIGHT_BIT_H

#include "lib/base/verdict.h"
#include "lib/mail/header.h"

/**
 * Encodes in place. With `smtputf8` fields that are valid UTF-8 stay as they are. Class NONE, or
 * REFUSED 5.6.7 for an address (or a boundary) that cannot be written in ASCII; `header` is then half
 * done and of no use.
 */
struct verdict eight_bit_encode(struct header *header, gboolean smtputf8);

#endif
