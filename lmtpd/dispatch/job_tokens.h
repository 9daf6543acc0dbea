/*
 * Tokens of a job's mails: made here, for one receiver each, from 80 random bits, remembered as hash. The child that composes the
 * mail gets them; the one that parsed the post when it came never did.
 */
#ifndef ROLLCALL_DISPATCH_JOB_TOKENS_H
#define ROLLCALL_DISPATCH_JOB_TOKENS_H

#include "lib/store/jobs.h"
#include "lib/store/store_held.h"

/** Whom they are for, and about what. Nothing is owned. */
struct job_bearer {
	const struct store_held *held; /**< or NULL: then there is nothing to order */
	enum jobs_kind kind;
	const guint8 *person;
	const char *word; /**< of "second": what there is to make sure of */
};

/** Adds to an a{ss} in the making what this receiver may order: names as in JOB of the wire. FALSE with `error`. */
gboolean job_tokens_add(struct store *store, const struct job_bearer *bearer, GVariantBuilder *builder, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
