/*
 * What `rollcall explain` wants to know of a post's way. The stages are the real ones; they tell what they see to the functions below, which do nothing
 * when nobody asked (post_setup.explain is NULL). No step of a post's way depends on what is collected here.
 */
#ifndef ROLLCALL_INTAKE_EXPLAIN_H
#define ROLLCALL_INTAKE_EXPLAIN_H

#include "lmtpd/intake/explain_client.h"
#include "lmtpd/intake/post.h"

/** What is collected. */
struct explain {
	const char *method; /**< the scenario's method whatever the checks found; NULL: what they found */
	struct explain_client client;
	GPtrArray *routes;  /**< of struct explain_route *, owned: what each RCPT was found to be */
	GPtrArray *posts;   /**< of struct explain_post *, owned: the posts that came to their end */
	struct explain_post *post; /**< the one at hand; NULL between two */
};

struct explain *explain_new(void) G_GNUC_WARN_UNUSED_RESULT;
void explain_free(struct explain *explain);

/** What an address was found to be: `verdict` NONE, and list and role are the recipient's. */
void explain_route(struct explain *explain, const struct session_recipient *recipient, const struct verdict *verdict);

/** A stage of the post has ended; it began at `began` (monotonic microseconds). */
void explain_stage(struct post *post, gint64 began, const struct verdict *verdict);

/** Dispatch was asked; `answer` is NULL when it said nothing that counts. */
void explain_question(const struct post *post, guint request, GVariant *arguments, GVariant *answer);

/** The scenario has decided; `trace` is the way there. */
void explain_rules(const struct post *post, const struct rules_decision *decision, const GPtrArray *trace);

/** The post is at its end. May ask dispatch what nobody had to ask before. */
void explain_end(struct post *post, const struct verdict *verdict);

/** All of it, as EXPLAIN_ANSWER, floating. */
GVariant *explain_answer(const struct explain *explain);

#endif
