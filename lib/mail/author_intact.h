/*
 * Whether an author's DKIM signature survives what a list has done to the post: the fields that it covers say the same as before, in the form
 * that it takes them in. Nothing is verified here: it passed when it came, and what did not change passes again. RFC 6376 sections 3.4 and 5.4.2.
 */
#ifndef ROLLCALL_MAIL_AUTHOR_INTACT_H
#define ROLLCALL_MAIL_AUTHOR_INTACT_H

#include <glib.h>

#include "lib/mail/header.h"

/**
 * Whether the signature in field number `place` of the DKIM-Signature fields of `before` (0: the topmost) covers the same in `after` and still
 * stands there. FALSE for one that cannot be read. A body that changed breaks any signature: that is the caller's to know.
 */
gboolean author_intact(const struct header *before, const struct header *after, guint place);

#endif
