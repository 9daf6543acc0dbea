/*
 * The addresses in a field such as To or Cc, taken as a reader takes them: without display names, comments and groups' names. For looking whether
 * somebody stands there; who wrote a post is author.h's alone. RFC 5322 section 3.4.
 */
#ifndef ROLLCALL_MAIL_ADDRESS_LIST_H
#define ROLLCALL_MAIL_ADDRESS_LIST_H

#include <glib.h>

/** Appends each address of `text` in normal form to `addresses`, whose elements are freed by g_free(); what is none is left out. Linear. */
void address_list_read(const char *text, GPtrArray *addresses);

#endif
