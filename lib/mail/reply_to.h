/*
 * Where replies go, by the list's setting reply_to: as the author wrote it, to the list, or to both.
 * RFC 5322 section 3.6.2. Anything but "author" changes Reply-To and so breaks a DKIM signature that
 * covers it: that is the setting's price.
 */
#ifndef ROLLCALL_MAIL_REPLY_TO_H
#define ROLLCALL_MAIL_REPLY_TO_H

#include "lib/mail/header.h"

/** `policy` is "author", "list" or "both"; `list` the list's address. */
void reply_to_apply(struct header *header, const char *policy, const char *list);

#endif
