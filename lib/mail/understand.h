/*
 * What a message says, by GMime: the decoded subject, its identifiers, its type and how many parts it has.
 *
 * For rules, logs and notices; nothing that leaves is made from it. The message is parsed once, after scan_message() and sanity_check()
 * have passed it. What cannot be decoded comes out as it stands. RFC 5322 section 3.6.4, RFC 2047.
 */
#ifndef ROLLCALL_MAIL_UNDERSTAND_H
#define ROLLCALL_MAIL_UNDERSTAND_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/header.h"

enum {
	UNDERSTAND_SUBJECT = 1024,  /* bytes of a subject that are kept: enough for every rule and notice */
	UNDERSTAND_REFERENCES = 50, /* identifiers that are kept, the last ones: those nearest to this post */
};

struct understanding {
	char *subject;     /**< UTF-8, cleaned as clean.h says; "" when empty or absent */
	char *message_id;  /**< with brackets; NULL when absent, or not one "<id>" without blanks that fits a line */
	char **references; /**< References, else In-Reply-To: identifiers with brackets, NULL-terminated */
	char *type;        /**< of the whole message, in lower case: "multipart/mixed" */
	guint parts;       /**< leaves that GMime sees, those inside of attached messages too */
};

/**
 * Parses (data, length), whose fields are in `header`. FALSE when GMime finds no message in it at all; `understanding` is
 * overwritten and must be cleared in both cases. Needs mail_warm_up(). The bytes are copied once.
 */
gboolean understand_message(const char *data, size_t length, const struct header *header,
	struct understanding *understanding) G_GNUC_WARN_UNUSED_RESULT;
/** Frees what is in it; a zeroed struct is fine. */
void understand_clear(struct understanding *understanding);

#endif
