/*
 * The public half of a key as DNS has it: the text of its TXT record, the same as lines of a zone file, and whether a record that was
 * found is ours. Records are made here and only compared, not read: reading them is for whoever verifies. RFC 6376 section 3.6.1, RFC 8463 section 4.
 */
#ifndef ROLLCALL_KEYS_KEYS_RECORD_H
#define ROLLCALL_KEYS_KEYS_RECORD_H

#include <glib.h>

#include "lib/keys/keys.h"

enum { KEYS_RECORD_TTL = 3600 }; /* seconds; short enough that a mistake is gone in an hour */

/** "SELECTOR._domainkey.DOMAIN", where the record belongs. The caller frees. */
char *keys_record_name(const struct keys_public *key) G_GNUC_WARN_UNUSED_RESULT;

/** "v=DKIM1; k=rsa; p=…". The caller frees. */
char *keys_record_text(const struct keys_public *key) G_GNUC_WARN_UNUSED_RESULT;

/** Name, TTL and text as a zone file has them, in character-strings of less than 255 bytes, ending in a newline. The caller frees. */
char *keys_record_zone(const struct keys_public *key) G_GNUC_WARN_UNUSED_RESULT;

/** The bytes that stand in p=. For RSA `bare` chooses the RSAPublicKey that RFC 6376 names in place of what everybody publishes. */
GBytes *keys_record_public(const struct keys_public *key, gboolean bare) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the text of a record has our public half in p=, however it is folded and whatever else it says. */
gboolean keys_record_is_ours(const struct keys_public *key, const char *text);

#endif
