/*
 * The text of a text part: its transfer encoding undone, its charset made UTF-8. For reading (orders, digests, plain-text copies); what
 * cannot be read comes out as U+FFFD, so nothing is made from it that claims to be the original. GMime decodes, iconv converts,
 * both warmed up before the sandbox closes. RFC 2045 section 6, RFC 2046 section 4.1.2.
 */
#ifndef ROLLCALL_MAIL_PART_TEXT_H
#define ROLLCALL_MAIL_PART_TEXT_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/walk.h"

/**
 * Appends the decoded bytes of the first `limit` bytes of the part's body to `out`. FALSE for a transfer encoding that is unknown,
 * stands twice, or is uuencode: then nothing is appended.
 */
gboolean part_decode(const char *data, const struct walk_entity *entity, size_t limit, GString *out)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * (bytes, length), which is in `charset` (NULL: not said), as UTF-8 without a byte order mark. `*lossy` (may be NULL) tells whether
 * something could not be read and is U+FFFD now. May hold NUL as U+FFFD only. The caller frees it.
 */
char *part_utf8(const char *charset, const char *bytes, size_t length, gboolean *lossy) G_GNUC_WARN_UNUSED_RESULT;

/** Both of it; NULL where part_decode() says FALSE. Line ends are as they came. The caller frees it. */
char *part_text(const char *data, const struct walk_entity *entity, size_t limit) G_GNUC_WARN_UNUSED_RESULT;

#endif
