/*
 * Addresses of web pages from the templates in the configuration: {list}, {domain}, {id} and {hash} are
 * filled in. {id} is the Message-ID without its brackets, percent-encoded; {hash} is what HyperKitty
 * and mail-archive call a post: base32(sha1(Message-ID without brackets and blanks, of at most 254 characters)). RFC 3986 sections 2.1 and
 * 2.3. Other braces are left as they are, percent-encoded: a template is checked where it is
 * configured, not here.
 */
#ifndef ROLLCALL_MAIL_URL_TEMPLATE_H
#define ROLLCALL_MAIL_URL_TEMPLATE_H

#include <glib.h>

/**
 * `list` is the list's address; `id` a Message-ID as its field has it, or NULL where a page is not
 * about one post. Nothing but characters that may stand in a URI comes out, so it fits between angle
 * brackets whatever the Message-ID held. The caller frees.
 */
char *url_template_fill(const char *template, const char *list, const char *id) G_GNUC_WARN_UNUSED_RESULT;

#endif
