/*
 * One mail of our own, from a filled text: to a moderator, an author, an owner, or somebody who asked.
 *
 * From is the list's -owner; the envelope sender is empty (the caller's business), so nothing comes back. RFC 3834's marks stand on
 * every one: Auto-Submitted, our X-Loop, and what Exchange heeds instead; no Precedence, which RFC 3834 does not want and which
 * makes filters hide it. The text is UTF-8, 7bit where it can be, else quoted-printable, so that no server has to change what is
 * signed. With links there is an HTML part beside it, made from the same text with everything escaped: many programs do not make links
 * of mailto: in plain text. A post goes along byte for byte as message/rfc822, 7bit or 8bit, which RFC 2046 section 5.2.1 allows alone;
 * one that could not travel so (lines over 998 bytes, bytes above 127 in a header, no clean header at all) goes as a file,
 * base64. Everything comes out ready for dkim_sign_drafts() and outgoing_write(). RFC 5322, RFC 2045 to 2047, RFC 3834 section 3.
 */
#ifndef ROLLCALL_MAIL_NOTICE_H
#define ROLLCALL_MAIL_NOTICE_H

#include <glib.h>

#include "lib/mail/compose.h"
#include "lib/mail/texts.h"

/** A link that stands in the text; its label is what the HTML part shows. */
struct notice_link {
	const char *label, *url;
};

/** What it is made of. Nothing is owned. */
struct notice {
	const char *list;        /**< the list's address */
	const char *from_name;   /**< display name of From; NULL is "LISTNAME owner" */
	const char *to;          /**< one address in normal form */
	const char *reply_to;    /**< one address, or NULL */
	const char *language;    /**< of the text */
	const struct texts_filled *text;
	const char *key;         /**< what makes this mail this one: the same key, the same Message-ID, on every attempt */
	const char *const *thread; /**< Message-IDs with brackets, oldest first, NULL-terminated, or NULL; the last one is answered */
	gboolean reply;          /**< it answers a mail of its receiver's (auto-replied), else auto-generated */
	const char *rule;        /**< for moderators: the rule that decided, one line of printable ASCII; NULL: none is told */
	const struct notice_link *links; /**< ends with a NULL url; or NULL: then no HTML part */
	const char *post;        /**< the message to attach with CRLF line ends, or NULL */
	size_t post_length;
	gint64 now;              /**< seconds of Unix time */
};

/** Builds it. `message` is overwritten; the caller ends it by compose_message_clear(). Only values of the caller's own can make it panic. */
void notice_build(const struct notice *notice, struct compose_message *message);

/** The Message-ID, with brackets, that a notice of this list with this key has. The caller frees it. */
char *notice_message_id(const char *list, const char *key) G_GNUC_WARN_UNUSED_RESULT;

#endif
