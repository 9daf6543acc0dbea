/* DMARC; see dmarc.h. */
#include "lib/mail/dmarc.h"

#include <string.h>

#include "lib/mail/dmarc_walk.h"

/* Whether two domains belong together: OPEN, when DNS did not say. */
enum alignment { ALIGNED_NO, ALIGNED_YES, ALIGNED_OPEN };

struct evaluation {
	struct dmarc_zone *zone;
	const char *author;
	struct dmarc_walk walk; /* of the author */
	gboolean pass;          /* by DMARC's own rules */
	gboolean open;          /* could be a pass, but for trouble */
	gboolean policy_open;   /* the record is there, and which of its policies applies is not known */
	gboolean signed_by_us;  /* an aligned signature passed: no trouble elsewhere can make the author less sure */
	gboolean signature_open;
};

static gboolean is_within(const char *domain, const char *organisation)
{
	size_t length = strlen(domain), tail = strlen(organisation);

	return length >= tail && strcmp(domain + length - tail, organisation) == 0 &&
		(length == tail || domain[length - tail - 1] == '.');
}

/* Relaxed. Only a domain within the author's organisation can be of that organisation, so no question is asked about others. */
static enum alignment align(struct evaluation *evaluation, const char *name)
{
	const char *organisation = evaluation->walk.organisation;
	g_autofree char *domain = name ? dmarc_domain(name) : NULL;
	struct dmarc_walk walk;

	if (!domain)
		return ALIGNED_NO;
	if (strcmp(domain, evaluation->author) == 0)
		return ALIGNED_YES;
	if (!organisation)
		return ALIGNED_OPEN;
	if (!is_within(domain, organisation))
		return ALIGNED_NO;
	dmarc_walk(evaluation->zone, domain, &walk);
	if (!walk.organisation)
		return ALIGNED_OPEN;
	return strcmp(walk.organisation, organisation) == 0 ? ALIGNED_YES : ALIGNED_NO;
}

/* What an identifier that passed, with this relaxed alignment, does for the result. */
static void count_pass(struct evaluation *evaluation, enum alignment relaxed, gboolean strict, const char *name)
{
	g_autofree char *domain = strict && name ? dmarc_domain(name) : NULL;

	if (strict && g_strcmp0(domain, evaluation->author) != 0)
		return;
	evaluation->pass |= relaxed == ALIGNED_YES;
	evaluation->open |= relaxed == ALIGNED_OPEN;
}

static void judge_signature(struct evaluation *evaluation, struct authentication_dkim *dkim)
{
	enum alignment relaxed = align(evaluation, dkim->domain);
	gboolean strict = evaluation->walk.has_policy && evaluation->walk.record.strict_dkim;

	dkim->aligned = relaxed == ALIGNED_YES;
	if (strcmp(dkim->result, "pass") == 0) {
		count_pass(evaluation, relaxed, strict, dkim->domain);
		evaluation->signed_by_us |= relaxed == ALIGNED_YES;
		evaluation->signature_open |= relaxed == ALIGNED_OPEN;
	} else if (strcmp(dkim->result, "temperror") == 0 && relaxed != ALIGNED_NO) {
		evaluation->open = TRUE;
		evaluation->signature_open = TRUE;
	}
}

static void judge_spf(struct evaluation *evaluation, struct authentication_spf *spf)
{
	enum alignment relaxed = align(evaluation, spf->domain);

	spf->aligned = relaxed == ALIGNED_YES;
	/* Another try of Postfix brings the same field of the border: its temperror is no trouble of ours. */
	if (strcmp(spf->result, "pass") == 0)
		count_pass(evaluation, relaxed, evaluation->walk.has_policy && evaluation->walk.record.strict_spf, spf->domain);
}

/* p= for the domain where the record stands; below it sp=, or np= for a name that is not there. FALSE: nobody knows whether it is. */
static gboolean find_policy(struct evaluation *evaluation, enum dmarc_policy *policy)
{
	const struct dmarc_record *record = &evaluation->walk.record;

	*policy = record->domain;
	if (evaluation->walk.place == evaluation->author)
		return TRUE;
	*policy = record->subdomains;
	if (record->no_such_name == record->subdomains)
		return TRUE;
	switch (dmarc_ask_name(evaluation->zone, evaluation->author)) {
	case TXT_NO_NAME:
		*policy = record->no_such_name;
		return TRUE;
	case TXT_FOUND:
	case TXT_NO_RECORD:
		return TRUE;
	case TXT_TROUBLE:
		break;
	}
	return FALSE;
}

static void say_policy(struct evaluation *evaluation, struct authentication_dmarc *dmarc)
{
	enum dmarc_policy policy;

	dmarc->domain = g_strdup(evaluation->walk.place);
	dmarc->testing = evaluation->walk.record.testing;
	if (!find_policy(evaluation, &policy))
		evaluation->policy_open = TRUE;
	else if (dmarc->testing && policy != DMARC_NONE)
		dmarc->policy = dmarc_policy_word(policy - 1);
	else
		dmarc->policy = dmarc_policy_word(policy);
}

static void say_result(const struct evaluation *evaluation, struct authentication_dmarc *dmarc)
{
	if (evaluation->walk.policy_trouble)
		dmarc->result = "temperror";
	else if (!evaluation->walk.has_policy)
		dmarc->result = "none";
	else if (!evaluation->walk.record.usable)
		dmarc->result = "permerror";
	else if (evaluation->pass)
		dmarc->result = "pass";
	else
		dmarc->result = evaluation->open || evaluation->policy_open ? "temperror" : "fail";
}

/*
 * Two things must be known: whether the author fails his domain's policy, and whether his domain has signed, which makes the method "dkim".
 */
static gboolean is_settled(const struct evaluation *evaluation, const struct authentication_dmarc *dmarc)
{
	gboolean policy_known = evaluation->pass || strcmp(dmarc->result, "temperror") != 0;
	gboolean signature_known = evaluation->signed_by_us || !evaluation->signature_open;

	return policy_known && signature_known;
}

gboolean dmarc_evaluate(const char *domain, const struct txt_door *door, struct authentication *found)
{
	g_autofree char *author = domain ? dmarc_domain(domain) : NULL;

	if (!author)
		return TRUE;
	struct evaluation evaluation = {.zone = dmarc_zone_new(door), .author = author};
	dmarc_walk(evaluation.zone, author, &evaluation.walk);
	found->dmarc.organisation = g_strdup(evaluation.walk.organisation);
	for (guint i = 0; found->dkim && i < found->dkim->len; i++)
		judge_signature(&evaluation, g_ptr_array_index(found->dkim, i));
	judge_spf(&evaluation, &found->spf);
	if (evaluation.walk.has_policy)
		say_policy(&evaluation, &found->dmarc);
	say_result(&evaluation, &found->dmarc);
	dmarc_zone_free(evaluation.zone);
	return is_settled(&evaluation, &found->dmarc);
}
