/*
 * One DKIM-Signature field, or an ARC field, which is nearly the same, read strictly before anything is computed. What it says is then known to have
 * one meaning. RFC 6376 sections 3.5 and 6.1.1, RFC 8301, RFC 8617 section 4.1.
 */
#ifndef ROLLCALL_MAIL_DKIM_READ_H
#define ROLLCALL_MAIL_DKIM_READ_H

#include <glib.h>

#include "lib/mail/canonical.h"
#include "lib/mail/dkim_key.h"
#include "lib/mail/header.h"
#include "lib/mail/tag_list.h"

struct dkim_read {
	struct tag_list tags; /* points into the field */
	gboolean ed25519;
	enum canonical_form header, body;
	char *domain, *selector; /**< names for DNS; NULL when there are none */
	char *identity;          /**< domain of i=, NULL without i= */
	char **names;            /**< of h=, NULL without h= */
	GBytes *signature, *body_hash;
};

/** Why a signature is not looked at; both static, the result NULL when it is. */
struct dkim_read_flaw {
	const char *result, *reason;
};

enum dkim_read_kind {
	DKIM_READ_SIGNATURE,   /**< DKIM-Signature */
	DKIM_READ_ARC_MESSAGE, /**< ARC-Message-Signature: no v=, i= is a number */
	DKIM_READ_ARC_SEAL,    /**< ARC-Seal: also no h=, bh=, c=, l= */
};

/** Reads it. `read` is overwritten; clear it afterwards, whatever comes out. What could be read stands there even with a flaw. */
struct dkim_read_flaw dkim_read_field(const struct header_field *field, enum dkim_read_kind kind, gint64 now, struct dkim_read *read)
	G_GNUC_WARN_UNUSED_RESULT;
void dkim_read_clear(struct dkim_read *read);

/** Whether h= names this field (ASCII case ignored). */
gboolean dkim_read_covers(const struct dkim_read *read, const char *name, size_t length);

#endif
