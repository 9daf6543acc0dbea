/*
 * Whether who logged in at our own Postfix may write as this author. A login proves a password on our server; that it stands for the address in From
 * is the site's knowledge, so a setting says how the two belong together.
 */
#ifndef ROLLCALL_MAIL_SASL_MATCH_H
#define ROLLCALL_MAIL_SASL_MATCH_H

#include <glib.h>

struct sasl_match {
	const char *how;            /**< "none", "address": the login is the author's address, "localpart": it is what stands before the '@' */
	const char *const *domains; /**< for "localpart": those whose addresses our logins are, lower case; NULL-terminated */
};

/** `author` in normal form. Case of ASCII letters does not matter, as everywhere where persons are compared. */
gboolean sasl_match(const struct sasl_match *match, const char *login, const char *author);

/** Whether `author`, an address, is in one of `domains` (NULL-terminated, may be NULL). */
gboolean sasl_is_in(const char *const *domains, const char *author);

#endif
