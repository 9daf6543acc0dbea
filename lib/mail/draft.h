/*
 * A message that is being changed: its header as it will go out and its body, so that one change after the other can look at the same
 * structure that a reader will see. As long as nothing changes the body, its bytes are those that came.
 */
#ifndef ROLLCALL_MAIL_DRAFT_H
#define ROLLCALL_MAIL_DRAFT_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/header.h"

struct draft {
	struct header *header; /**< edited in place */
	const char *data;      /**< what walk_message() reads: a header with the fields that it looks at, and the body */
	size_t length, body;   /**< `body`: offset of its first byte */
	GString *made;         /**< where `data` is, once the body is a new one */
};

/** Begins with a message as it came, (data, length) with its body at `body`, whose fields are in `header`. */
void draft_begin(struct draft *draft, struct header *header, const char *data, size_t length, size_t body);

/**
 * Gives it a new body (taken over, CRLF line ends; a missing last one is added), behind the fields that `header` has now. `body` may have been made of
 * draft->data. Offsets of an earlier walk are void.
 */
void draft_set_body(struct draft *draft, GString *body);

/** Moves all fields called Content-… from the header into a string, as the header of a part; a part has no MIME-Version. */
GString *draft_take_content_fields(struct draft *draft) G_GNUC_WARN_UNUSED_RESULT;

/** Sets a field, and MIME-Version beside it where that is missing. */
void draft_set_field(struct draft *draft, const char *name, const char *value);

/** The new body, or NULL when it is as it came. The caller frees. */
GString *draft_end(struct draft *draft) G_GNUC_WARN_UNUSED_RESULT;

#endif
