/*
 * mailto links that open a ready-made mail in any client. RFC 6068.
 *
 * Everything that is not unreserved is percent-encoded, as UTF-8; a blank is %20, never '+'. Only in the address '+' stays as it is:
 * there it is no blank to anybody, and a client that takes the bare address out of the link finds it whole.
 */
#ifndef ROLLCALL_MAIL_MAILTO_H
#define ROLLCALL_MAIL_MAILTO_H

#include <glib.h>

/**
 * A link to `address` with subject and body, each left out where NULL. Line ends in `body` may be LF or CRLF. Only
 * printable ASCII without blanks, quotes and angle brackets comes out. The caller frees it.
 */
char *mailto_link(const char *address, const char *subject, const char *body) G_GNUC_WARN_UNUSED_RESULT;

#endif
