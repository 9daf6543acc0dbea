/*
 * How a mail, or what is to be asked about one, is known again without keeping any of it: a SHA-256 over words and bytes.
 */
#ifndef ROLLCALL_INTAKE_POST_KEY_H
#define ROLLCALL_INTAKE_POST_KEY_H

#include <glib.h>

enum { POST_KEY_SIZE = 32 };

/** SHA-256 of each of `words` (ended by NULL) with its NUL, then of the bytes. FALSE when there is no SHA-256 or no memory for it. */
gboolean post_key_make(const char *const *words, const char *data, size_t length, guint8 key[POST_KEY_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

#endif
