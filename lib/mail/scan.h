/*
 * The first look at a message: limits on bytes, before any parser of others sees it (HOSTILE 5.2).
 *
 * GMime and libopendkim have no limits of their own, or crash at theirs: deep groups, a million empty parts, long field names. The
 * limits are those of limits.h; each has its reason there. What passes here is bounded, not sane: sanity.h looks at that.
 * Knowingly not done: the number of Received fields is a loop, so automatic.h looks at it.
 */
#ifndef ROLLCALL_MAIL_SCAN_H
#define ROLLCALL_MAIL_SCAN_H

#include <stddef.h>

#include "lib/base/verdict.h"

/**
 * Looks at the whole message (data, length), CRLF line ends. VERDICT_NONE: go on; header_parse() will then succeed. VERDICT_UNCLEAR: a
 * person has to look at it, since names of fields are odd or parts nested deep; header_parse_odd() will succeed. Else refused. Each with
 * "5.6.0" and the reason in words. Linear time; memory is bounded by limits.h and the size of the part headers.
 */
struct verdict scan_message(const char *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;

#endif
