/* What a message is, in a few words for a notice: its size and its parts. Everything foreign is cleaned and bounded. */
#ifndef ROLLCALL_MAIL_DESCRIBE_H
#define ROLLCALL_MAIL_DESCRIBE_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/walk.h"

enum { DESCRIBE_PARTS = 12 }; /* parts that are named; of more the number is told */

/** "1 kB", "812 kB", "3.4 MB": powers of 1000, never 0, the same in all languages but for a decimal comma. The caller frees it. */
char *describe_size(guint64 bytes, const char *language) G_GNUC_WARN_UNUSED_RESULT;

/** "text/plain, text/html, image/jpeg (photo.jpg)": the leaves of a walk in order. The caller frees it. */
char *describe_parts(const struct walk *walk) G_GNUC_WARN_UNUSED_RESULT;

#endif
