/* Our own servers as the settings name them, for the message in hand; see lib/mail/border.h. */
#ifndef ROLLCALL_INTAKE_POST_BORDER_H
#define ROLLCALL_INTAKE_POST_BORDER_H

#include "lib/mail/border.h"
#include "lmtpd/intake/post.h"

struct post_border {
	const char *us[2]; /* our own name, where no setting names our servers */
	struct border_setup setup;
	struct border border;
};

/** Reads the settings and follows the Received fields. `found` must stay where it is; it ends with border_clear(&found->border). */
void post_border_find(const struct post *post, struct post_border *found);

/** Takes off what was written in the name of our servers, and by us before, and puts on what we found now where the domain has an authserv_id. */
void post_border_strip(struct post *post);
void post_border_tell(struct post *post);

#endif
