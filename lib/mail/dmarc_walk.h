/*
 * The tree walk: where a domain's DMARC record stands, and which domain is its organisation's, found by asking DNS upwards and by no list of
 * suffixes. RFC 9989 section 4.10.
 *
 * At most eight questions for a domain, however many labels somebody gives it; names that were asked about once are remembered for the message.
 */
#ifndef ROLLCALL_MAIL_DMARC_WALK_H
#define ROLLCALL_MAIL_DMARC_WALK_H

#include "lib/mail/dmarc_record.h"
#include "lib/mail/txt_lookup.h"

enum {
	DMARC_WALK_QUESTIONS = 8, /* for one domain, RFC 9989 section 4.10 */
	DMARC_ZONE_QUESTIONS = 30,  /* for one message: its signers within the author's organisation have most names in common */
};

/** What was seen of DNS for one message. */
struct dmarc_zone;

/** `door` must outlive it. The caller ends it with dmarc_zone_free(). */
struct dmarc_zone *dmarc_zone_new(const struct txt_door *door) G_GNUC_WARN_UNUSED_RESULT;
void dmarc_zone_free(struct dmarc_zone *zone);

/** The name as DNS is asked for it: lower case, A-labels, no dot at the end. NULL when it is no name. The caller frees. */
char *dmarc_domain(const char *name) G_GNUC_WARN_UNUSED_RESULT;

struct dmarc_walk {
	gboolean policy_trouble;       /**< nobody knows which record applies */
	gboolean has_policy;           /**< `record` and `place` are those that apply to the domain */
	struct dmarc_record record;
	const char *place;             /**< the domain where it stands: the domain itself or one above; into the domain's text */
	const char *organisation;      /**< into the domain's text; NULL when trouble left it open */
};

/** Walks from `domain`, a name from dmarc_domain(), which must outlive `walk`. */
void dmarc_walk(struct dmarc_zone *zone, const char *domain, struct dmarc_walk *walk);

/** Whether the name is there at all, for np=: FALSE only for a plain NXDOMAIN. TXT_TROUBLE when nobody knows. */
enum txt_result dmarc_ask_name(struct dmarc_zone *zone, const char *domain);

#endif
