/*
 * Who wrote it: the one mailbox of the one From field, read so strictly that nobody can read another one.
 *
 * A post is authorised by this address, and GMime alone would merge two From fields, or take an address out of
 * a display name. So our own reader and GMime in its strict mode must agree; whatever is unclear is refused with
 * the reason, never guessed. Both the syntax that RFC 5322 calls obsolete (but dots in a phrase, which are common) and
 * comments inside an address are unclear in this sense. Groups (RFC 6854) have no author. Forgiven is the author's own address where
 * his name should be ("a@b <a@b>"): there is no second one to take for him.
 * RFC 5322 section 3.4 and 3.6.2, RFC 6532.
 */
#ifndef ROLLCALL_MAIL_AUTHOR_H
#define ROLLCALL_MAIL_AUTHOR_H

#include <glib.h>
#include <stddef.h>

#include "lib/base/verdict.h"
#include "lib/mail/header.h"

enum { AUTHOR_NAME = 256 }; /* bytes of a display name that are kept */

struct author {
	char *address; /**< in normal form, see lib/list/address.h; NULL when refused */
	char *name;    /**< display name: decoded, UTF-8 without control and direction characters; NULL when there is none */
};

/**
 * Reads the author of a message. VERDICT_NONE: `author` is filled. VERDICT_UNCLEAR with "5.6.7": it is filled, with an address that is not
 * ASCII, in a message that came without SMTPUTF8 (`utf8_allowed` FALSE). Else refused with "5.6.0" and the reason in words for the sender;
 * `author` is then empty. `author` is overwritten; clear it afterwards.
 */
struct verdict author_read(const struct header *header, gboolean utf8_allowed, struct author *author)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same for the bytes of one From value. Folds (CRLF and a blank) may be in it; anything goes, NUL too. Needs
 * g_mime_init(); looks at nothing but its arguments.
 */
struct verdict author_parse(const char *value, size_t length, gboolean utf8_allowed, struct author *author)
	G_GNUC_WARN_UNUSED_RESULT;

/** Frees what is in it; a zeroed struct is fine. */
void author_clear(struct author *author);

#endif
