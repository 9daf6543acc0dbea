/*
 * The secret in LIST-confirm+TOKEN@DOMAIN: who can write to that address has read the mail that it stood in.
 *
 * 26 characters of lower-case base32 (RFC 4648's alphabet), 130 random bits. Such an address survives mail software that lowers
 * local parts, and no character of it needs quoting or encoding anywhere. Exact or nothing: upper case, '=' of a soft line break, a
 * cut or folded copy is no token (HOSTILE X1). With "-confirm+" in front, a local part stays within RFC 5321's 64
 * bytes for list names of up to 29. Both rooms know the form; only the store knows which tokens live, by their hash.
 */
#ifndef ROLLCALL_LIST_TOKEN_H
#define ROLLCALL_LIST_TOKEN_H

#include <glib.h>

enum {
	TOKEN_LENGTH = 26, /* characters */
	TOKEN_RANDOM = 17, /* random bytes that make one */
};

/** The token that these TOKEN_RANDOM bytes make. The caller frees it. */
char *token_write(const guint8 *random) G_GNUC_WARN_UNUSED_RESULT;

/** Whether `text`, as it stood behind the '+', can be a token at all. NULL is none. */
gboolean token_is_valid(const char *text);

/** LIST-confirm+TOKEN@DOMAIN. The caller frees it. */
char *token_address(const char *list, const char *token) G_GNUC_WARN_UNUSED_RESULT;

#endif
