/*
 * The last look at our own DKIM signatures: the finished message, read and hashed as a receiver does it (dkim_verify.h),
 * against the public keys. A signature that does not verify is never sent: a wrong one is worse
 * for the list's name than a post that waits. libopendkim makes the digests and OpenSSL holds them against the key,
 * for libopendkim needs half a millisecond to read both keys. No DNS: the public half comes from the key's file.
 * Whether DNS has the same is for `rollcall check`. RFC 6376 section 6.
 */
#ifndef ROLLCALL_MAIL_DKIM_CHECK_H
#define ROLLCALL_MAIL_DKIM_CHECK_H

#include <glib.h>

#include "lib/mail/dkim_sign.h"

/**
 * Opens the library, for dkim_sign.h too, and rehearses. Once, in the parent, before the sandbox
 * closes. Panics when it cannot.
 */
void dkim_check_warm_up(void);

/**
 * Whether the topmost `count` DKIM-Signature fields are one good signature of each of these keys over
 * the message; `count` is 1 to LIMIT_SIGNATURES. FALSE with `error` (DKIM_SIGN_ERROR) otherwise.
 */
gboolean dkim_check(const struct dkim_sign_message *message, const struct dkim_sign_key *keys, guint count, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
