/*
 * Whether a message means the same to everybody who reads it.
 *
 * A field that may stand once and stands twice, or a body that falls into other parts in other software, shows a moderator
 * or a filter something else than the member. Such a post waits for a person, with the reason; what is only unusual passes and stays
 * byte for byte as it came. RFC 5322 section 3.6, RFC 2045, RFC 2046 section 5.1, RFC 6532.
 */
#ifndef ROLLCALL_MAIL_SANITY_H
#define ROLLCALL_MAIL_SANITY_H

#include "lib/base/verdict.h"
#include "lib/mail/header.h"
#include "lib/mail/walk.h"

/**
 * Looks at a header that header_parse() read and at the structure of the same message. VERDICT_NONE: go on. Else VERDICT_UNCLEAR
 * with "5.6.0": a field that stands too often, an address field that is neither ASCII nor UTF-8, or a flag of WALK_AMBIGUOUS.
 * `utf8_allowed` says whether the message came with SMTPUTF8; without it, an address field whose addresses are not ASCII is
 * unclear with "5.6.7". From is left to author.h.
 */
struct verdict sanity_check(const struct header *header, const struct walk *walk, gboolean utf8_allowed)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
