/* Our link of the ARC chain, for post_sign.c: made last, over all that leaves. */
#ifndef ROLLCALL_INTAKE_POST_SEAL_H
#define ROLLCALL_INTAKE_POST_SEAL_H

#include "lib/mail/dkim_sign.h"
#include "lmtpd/intake/post.h"

/**
 * Adds the link where the domain's `arc` asks for it and the chain allows it; `keys` are the domain's. NONE: go on; DEFERRED: DNS does not tell the state of
 * the chain that came, or nobody signs.
 */
struct verdict post_seal(struct post *post, const struct dkim_sign_message *message, const struct dkim_sign_key *keys, guint count);

/** From post_sign.c: lets dispatch sign a draft by this key, and puts the field `name` on top of the post. */
struct verdict post_sign_draft(struct post *post, const struct dkim_sign_key *key, const char *name, const struct dkim_sign_draft *draft);

#endif
