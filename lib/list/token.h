/*
 * The secret in LIST-confirm+TOKEN@DOMAIN: who can write to that address has read the mail that it stood in.
 *
 * 16 characters of lower-case base32 (RFC 4648's alphabet), 80 random bits: nobody can try more than a few of them, and each only for one
 * list and person. Such an address survives mail software that lowers local parts, and no character of it needs quoting or encoding
 * anywhere. Exact or nothing: upper case, '=' of a soft line break, a cut or folded copy is no token (HOSTILE X1).
 *
 * So short, because a local part should have at most 64 bytes (RFC 5321 section 4.5.3.1.1): with "-confirm+" in front it does for list names
 * of up to TOKEN_LIST_NAME. A longer one works between Postfix and us, which have no such limit, but some moderator's server may refuse it:
 * `rollcall check` says so. Both rooms know the form; only the store knows which tokens live, by their hash.
 */
#ifndef ROLLCALL_LIST_TOKEN_H
#define ROLLCALL_LIST_TOKEN_H

#include <glib.h>

enum {
	TOKEN_LENGTH = 16,    /* characters */
	TOKEN_RANDOM = 10,    /* random bytes that make one */
	TOKEN_LIST_NAME = 39, /* bytes of a list's name that leave room for the rest */
};

/** The token that these TOKEN_RANDOM bytes make. The caller frees it. */
char *token_write(const guint8 *random) G_GNUC_WARN_UNUSED_RESULT;

/** Whether `text`, as it stood behind the '+', can be a token at all. NULL is none. */
gboolean token_is_valid(const char *text);

/** LIST-confirm+TOKEN@DOMAIN. The caller frees it. */
char *token_address(const char *list, const char *token) G_GNUC_WARN_UNUSED_RESULT;

#endif
