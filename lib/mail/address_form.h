/*
 * Addresses in header fields, brought into a form that Postfix leaves alone after we have signed. [M]
 *
 * cleanup(8) takes the header of a QMQP message for a local one, whatever the settings, and rewrites its addresses: it completes
 * "bob" to bob@ITS-NAME, takes needless quotes off a local part and puts needed ones on, takes the dot off the end of a domain, and
 * a source route off an address. A field that it changes breaks every signature over it, so it is changed here first: to the same, but
 * a name without a domain becomes the empty group "bob:;", since we do not know whose bob it is. (A rewriting service of our own that completes
 * nothing would break aliases of the site that point to local names.)
 * All else, blanks, comments and names, stays byte for byte. RFC 5322 section 3.4 and 4.4.
 */
#ifndef ROLLCALL_MAIL_ADDRESS_FORM_H
#define ROLLCALL_MAIL_ADDRESS_FORM_H

#include <glib.h>

#include "lib/mail/header.h"

/** Settles all address fields of `header` in place; a field that is fine is not touched. */
void address_form_settle(struct header *header);

/** One value: NULL when it may stay, or is one that never comes to rest; else the settled one (the caller frees), which may stay. Anything may be in it. */
char *address_form_value(const char *value, size_t length);

#endif
