/*
 * An Authentication-Results field of our own: what we found, for members and for those who seal (ARC). RFC 8601; DKIM's properties of section 2.7.1,
 * ARC's of RFC 8617 section 7. A login is not told: it is nobody's business but ours.
 */
#ifndef ROLLCALL_MAIL_AUTHRES_WRITE_H
#define ROLLCALL_MAIL_AUTHRES_WRITE_H

#include "lib/mail/authentication.h"

/**
 * The value: "ID; dkim=pass header.d=…; spf=…; dmarc=…; arc=…", one line without folds, ASCII, at most some kB whatever was found. `author` is the
 * author's domain, NULL without one. The caller frees.
 */
char *authres_write(const char *id, const struct authentication *found, const char *author) G_GNUC_WARN_UNUSED_RESULT;

#endif
