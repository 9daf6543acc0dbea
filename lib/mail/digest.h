/*
 * One issue of a list's digest, in the form that a member wants: MIME (a masthead, a table of contents and the untouched posts in a
 * multipart/digest), plain text as RFC 1153 has it, or the table of contents alone.
 *
 * RFC 1153 asks for the fields of a post "as-is"; they are, but for encoded words, which nobody decodes in a body, and which come as
 * UTF-8. Its separators are kept to the letter, and a post's own line of 30 hyphens gets a blank, so that a reader takes the issue apart
 * again. A post that is broken is shown as far as it can be read, or goes along as a file; it never breaks the others, because no boundary
 * is in any of them. Knowingly not done here: who gets it, how posts are shared out to parts, the list's own fields (cook_fields.h) and the
 * signature. RFC 1153, RFC 2046 section 5.1.5.
 */
#ifndef ROLLCALL_MAIL_DIGEST_H
#define ROLLCALL_MAIL_DIGEST_H

#include <glib.h>

#include "lib/mail/compose.h"
#include "lib/mail/texts.h"

/** A post as it went out, with CRLF line ends. */
struct digest_post {
	const char *data;
	size_t length;
	const char *archived_at; /**< its address in the archive, or NULL */
};

/** What an issue is made of. Nothing is owned. */
struct digest_issue {
	const char *list;
	const char *language;
	const struct texts *texts;
	const char *page;   /**< where members choose how they get the list; NULL: nowhere */
	guint volume, number;
	guint part, parts;  /**< from 1; one part: 1, 1 */
	gint64 closed;      /**< seconds of Unix time: the same on each attempt */
	const struct digest_post *posts;
	guint count;
};

enum digest_form { DIGEST_MIME, DIGEST_PLAIN, DIGEST_SUMMARY };

/** "digest", "digestplain", "summary": the reception mode that gets it. Static. */
const char *digest_form_word(enum digest_form form);

/**
 * Builds it: a header without the list's own fields, and a body with CRLF line ends, every line at most LIMIT_LINE. The same issue,
 * part and form give the same Message-ID. `message` is overwritten; the caller ends it by compose_message_clear(). Needs mail_warm_up().
 */
void digest_build(const struct digest_issue *issue, enum digest_form form, struct compose_message *message);

#endif
