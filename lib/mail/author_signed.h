/*
 * Whether a DKIM signature that came with the post speaks for a field. A name in h= covers the field as
 * it is, and where there is none it promises that there is none ("oversigning", RFC 6376 section
 * 5.4.2): adding one breaks the signature as surely as changing one. So whoever may leave a field alone
 * asks here first.
 */
#ifndef ROLLCALL_MAIL_AUTHOR_SIGNED_H
#define ROLLCALL_MAIL_AUTHOR_SIGNED_H

#include <glib.h>

#include "lib/mail/header.h"

/**
 * Whether the h= of any DKIM-Signature in `header` names `field` (ASCII case ignored). A signature is
 * not verified here.
 */
gboolean author_signed(const struct header *header, const char *field);

#endif
