/*
 * The kinds of job: what each is called in the store and on the wire, and whom its mails go to; and which jobs follow from a decision, whoever
 * makes it: a mail, or the console. What a job says in its fields:
 *
 *  by         who decided: the person's hash in hex; made an address again, while a moderator, for moderators alone
 *  word, at   what was decided (accept, reject, discard, withdraw) and when
 *  text       of "rejected": the moderator's words; of "answer": the name of a text
 *  words      of "answer": what the CRM's procedure said; "done-key": which sentence tells what became of a wish
 *  person     of "note": the address of who wants to join or to leave; its "text" is the name of a text
 *  count, members, why  of "note": how many of a list's addresses get no mail, of how many, and what the server says of the first
 *  to         of "answer" and "second": the address, of somebody who is no moderator; else
 *  to-person  of these: a moderator's hash
 *  turn       of "notice-author": "later" where its receiver, whom nothing proves, has had his mail of the day
 *  why        of "release-failed" and "refused": why the post cannot go out
 *  state      of "release": accepted, or confirmed: then the scenario is asked again
 */
#ifndef ROLLCALL_STORE_JOBS_H
#define ROLLCALL_STORE_JOBS_H

#include "lib/store/store_held.h"

enum jobs_whom {
	JOBS_NOBODY,     /**< whoever has the job in hand fans it out himself */
	JOBS_MODERATORS, /**< live, else the owners; without the decider */
	JOBS_OWNERS,     /**< live */
	JOBS_AUTHOR,     /**< of the held post */
	JOBS_ASKER,      /**< of the order or question */
};

/** Name, word, to whom, and whether it makes sense only while the post waits. */
#define JOBS_KINDS(X)                                                        \
	X(NOTICE_MODERATORS, "notice-moderators", JOBS_MODERATORS, TRUE)     \
	X(NOTICE_OWNERS, "notice-owners", JOBS_OWNERS, TRUE)                 \
	X(NOTICE_AUTHOR, "notice-author", JOBS_AUTHOR, TRUE)                 \
	X(RELEASE, "release", JOBS_NOBODY, FALSE)                            \
	X(REJECTED, "rejected", JOBS_AUTHOR, FALSE)                          \
	X(DECIDED, "decided", JOBS_MODERATORS, FALSE)                        \
	X(EXPIRED_AUTHOR, "expired-author", JOBS_AUTHOR, FALSE)              \
	X(EXPIRED_MODERATORS, "expired-moderators", JOBS_MODERATORS, FALSE)  \
	X(EXPIRED_OWNERS, "expired-owners", JOBS_OWNERS, FALSE)              \
	X(RELEASE_FAILED, "release-failed", JOBS_MODERATORS, FALSE)          \
	X(REFUSED, "refused", JOBS_AUTHOR, FALSE)                            \
	X(SECOND, "second", JOBS_ASKER, TRUE)                                \
	X(DIGEST, "digest", JOBS_NOBODY, FALSE)                              \
	X(WISH, "wish", JOBS_NOBODY, FALSE)                                  \
	X(NOTE, "note", JOBS_OWNERS, FALSE)                                  \
	X(ANSWER, "answer", JOBS_ASKER, FALSE)

enum jobs_kind {
#define X(name, word, whom, waiting) JOBS_##name,
	JOBS_KINDS(X)
#undef X
	JOBS_COUNT
};

struct jobs_row {
	const char *word;
	enum jobs_whom whom;
	gboolean waiting;
};

/** The row of a kind. Static. */
const struct jobs_row *jobs_row(enum jobs_kind kind);
/** The kind of this word; FALSE when there is none, as in a store that a newer Rollcall wrote. */
gboolean jobs_find(const char *word, enum jobs_kind *kind) G_GNUC_WARN_UNUSED_RESULT;

/** A person's hash as it stands in fields. The caller frees it. */
char *jobs_hex(const guint8 person[STORE_PERSON_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/** A field's value, or "" when it is not there; lives as long as `fields` (a{ss}). */
const char *jobs_field(GVariant *fields, const char *name);

/** Jobs in the making, for one transaction. Zero-initialised; ended with jobs_plan_clear(). */
struct jobs_plan {
	struct store_job_plan jobs[4];
	gsize count;
};
/** Adds one; `fields` (a{ss}, NULL for none) is consumed if floating. Panics beyond the array: it is a bug. */
void jobs_plan_add(struct jobs_plan *plan, enum jobs_kind kind, GVariant *fields);
void jobs_plan_clear(struct jobs_plan *plan);
#define jobs_plan_auto __attribute__((cleanup(jobs_plan_clear)))

/** A decision about a held post, for the jobs that follow. Nothing is owned. */
struct jobs_decided {
	enum store_held_state state;
	const char *word, *text; /**< "accept", …; what a rejection says to the author, NULL for nothing */
	const guint8 *person;    /**< hash of who decided; NULL: the console */
};
/**
 * Adds what follows: the release, or, where a wish to join or to leave was held, that it is granted; word to the moderators of what they were asked about; word to the author of a rejection, unless
 * that would go to a stranger. Returns whether the author is told.
 */
gboolean jobs_plan_decided(struct jobs_plan *plan, const struct store_held *held, const struct jobs_decided *decided);

/** A field in the making. Nothing is owned; arrays end with a NULL name. */
struct jobs_pair {
	const char *name, *value;
};
/** A floating a{ss} of them; a NULL or empty value is left out. */
GVariant *jobs_fields(const struct jobs_pair *pairs);
/** The same fields, floating, with this value for this name, whatever was there. Consumes `fields` if floating. */
GVariant *jobs_fields_set(GVariant *fields, const char *name, const char *value);

#endif
