/*
 * The sets of an ARC chain: which fields belong together, whether they are a chain at all, and the digests that its seals sign. Shared by who validates a
 * chain and who adds a link. RFC 8617 sections 4.1, 4.2, 5.1.1 and 5.2.
 */
#ifndef ROLLCALL_MAIL_ARC_CHAIN_H
#define ROLLCALL_MAIL_ARC_CHAIN_H

#include <glib.h>

#include "lib/base/limits.h"
#include "lib/mail/canonical.h"
#include "lib/mail/dkim_read.h"
#include "lib/mail/header.h"

#define ARC_RESULTS "ARC-Authentication-Results"
#define ARC_SIGNATURE "ARC-Message-Signature"
#define ARC_SEAL "ARC-Seal"

struct arc_set {
	const struct header_field *results, *signature, *seal; /**< NULL when missing */
};

struct arc_chain {
	guint count;                        /**< the highest instance that any field claims */
	struct arc_set sets[LIMIT_ARC_SETS]; /**< instance 1 first; whole when there is no flaw */
	const char *flaw;                   /**< why this is no chain, static; NULL when it is one, or there is nothing */
	gboolean limit;                     /**< the flaw is that there are too many, or one whose number nobody can read */
};

/** Sorts the ARC fields of a header into sets. The chain points into the header: valid until its next edit. */
void arc_chain_collect(const struct header *header, struct arc_chain *chain);

/** The value of cv= in a seal: static "none", "pass", "fail"; NULL for anything else. */
const char *arc_chain_cv(const struct tag_list *tags);

/** Appends the field without the value of b=, in this form and without last CRLF: how a signature sees itself. `tags` are of this field. */
void arc_chain_blank(const struct header_field *field, const struct tag_list *tags, enum canonical_form form, GString *out);

/**
 * What the header part of an ARC-Message-Signature signs: the fields of h= from the bottom up, then itself without b=.
 */
void arc_chain_message_digest(const struct header *header, const struct header_field *field, const struct dkim_read *read,
	guint8 digest[CANONICAL_DIGEST]);

#endif
