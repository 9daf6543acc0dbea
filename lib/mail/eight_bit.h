/*
 * Header fields with bytes above 127, so that a post may go to servers without SMTPUTF8: what is shown is
 * encoded (RFC 2047; bytes that are no UTF-8 as unknown-8bit, RFC 1428), what is an address is refused,
 * since it cannot be written otherwise, unless the post itself came with SMTPUTF8.
 *
 * That it did is no reason to leave what can be encoded: its author's server says nothing about those of
 * the members, and a local sendmail(1) makes such a post of any subject in raw UTF-8. Each server without
 * SMTPUTF8 would return it to an address where nobody reads.
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
 * Encodes in place. With `smtputf8` a field of valid UTF-8 that cannot be written in ASCII stays as it is. Class
 * NONE, or REFUSED 5.6.7 for an address (or a boundary) that cannot be written in ASCII; `header` is then half
 * done and of no use.
 */
struct verdict eight_bit_encode(struct header *header, gboolean smtputf8);

#endif
