/* Shared by the files of digest.h. */
#ifndef ROLLCALL_MAIL_DIGEST_INTERNAL_H
#define ROLLCALL_MAIL_DIGEST_INTERNAL_H

#include "lib/mail/compose.h"
#include "lib/mail/digest.h"

/** A sentence of the list's language, with what sentences about an issue may use. The caller frees it. */
char *digest_sentence(const struct digest_issue *issue, const char *key) G_GNUC_WARN_UNUSED_RESULT;

/** Appends the table of contents with its heading: UTF-8, CRLF line ends. `links`: with each post's address in the archive. */
void digest_append_topics(const struct digest_issue *issue, gboolean links, GString *out);

/** The body in each form, with the masthead's text (CRLF line ends). */
void digest_part_mime(const struct digest_issue *issue, const char *masthead, struct compose_part *part);
void digest_part_plain(const struct digest_issue *issue, const char *masthead, struct compose_part *part);
void digest_part_summary(const struct digest_issue *issue, const char *masthead, struct compose_part *part);

#endif
