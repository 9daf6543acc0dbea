/*
 * Addresses in header fields, brought into the form that Postfix would give them after we have signed. [M]
 *
 * cleanup(8) passes each address field of a QMQP message through its rewriting service. The one that postfix-conf sets up
 * appends and swaps nothing, but three things it still does: it takes needless quotes off a local part, the dot off the end of a
 * domain, and a source route off an address. A field that it changes breaks every signature over it, so it is changed here first.
 * All else, blanks, comments and names, stays byte for byte. RFC 5322 section 3.4 and 4.4.
 */
#ifndef ROLLCALL_MAIL_ADDRESS_FORM_H
#define ROLLCALL_MAIL_ADDRESS_FORM_H

#include <glib.h>

#include "lib/mail/header.h"

/** Settles all address fields of `header` in place; a field that is fine is not touched. */
void address_form_settle(struct header *header);

/** One value: NULL when it may stay, else the settled one (the caller frees). Anything may be in it. */
char *address_form_value(const char *value, size_t length);

#endif
