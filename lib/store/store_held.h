/*
 * Held posts: what waits for a moderator's or its author's word.
 *
 * States: WAITING, then exactly one of the others, for ever. The first decision wins; whoever comes later is told who was first.
 * The message stays until the jobs of the decision are done (store_job_done()). Then message, addresses, reason and facts go, and
 * a tombstone (list, state, when, by whose hash) stays as long as a token could ask for it.
 * What a crash leaves: a held post with its message and first jobs, or nothing; a decision with its jobs, or none.
 * Nothing of other people is kept: author and sender of the post itself, and a decider's hash.
 * The message is kept with its SHA-256 and never given out unless it is whole: a damaged one is MISSING, never an empty mail.
 * HOSTILE X3, X8, X9, S5.
 */
#ifndef ROLLCALL_STORE_STORE_HELD_H
#define ROLLCALL_STORE_STORE_HELD_H

#include "lib/store/store_job.h"
#include "lib/store/store_person.h"

/** Whose word it waits for. The numbers are on disk: do not renumber. */
enum store_held_kind {
	STORE_HELD_MODERATION = 1,
	STORE_HELD_CONFIRMATION = 2, /**< its author's */
	STORE_HELD_UNPARSED = 3,     /**< an owner's: it kills whoever reads it, so nobody has; no author, and no facts out of it */
	STORE_HELD_AMBIGUOUS = 4,    /**< a moderator's: Postfix may have some of it. Its K and parts say what; the fact "key" is that K */
};

/** The numbers are on disk: do not renumber. */
enum store_held_state {
	STORE_HELD_WAITING = 1,
	STORE_HELD_ACCEPTED = 2,
	STORE_HELD_REJECTED = 3,
	STORE_HELD_DISCARDED = 4,
	STORE_HELD_EXPIRED = 5,
	STORE_HELD_WITHDRAWN = 6, /**< by its author */
	STORE_HELD_CONFIRMED = 7, /**< by its author: the scenario is asked again, in a job */
};

/** "waiting", "accepted", … Static. */
const char *store_held_word(enum store_held_state state);

/** Who decided what. All 0 while the post waits. */
struct store_decision {
	enum store_held_state state;
	gint64 at;                         /**< epoch seconds */
	gboolean by_person;                /**< FALSE: the clock or the console; `decider` is then 0 */
	guint8 decider[STORE_PERSON_SIZE];
};

/** A post to be held. All borrowed. */
struct store_held_plan {
	enum store_held_kind kind;
	const char *list;   /**< NAME@DOMAIN */
	const char *author; /**< From, in normal form; "" when there is none */
	const char *sender; /**< envelope sender; may be "" */
	const char *reason; /**< why, in words */
	GVariant *facts;    /**< a{ss}: what the notice will say (how sure of the author, rule …); NULL for none */
	int message;        /**< sealed memory file, not empty */
	gint64 life;        /**< seconds of store_age() until it expires, and a STORE_STEP, some of which may have passed */
	const struct store_job_plan *jobs;
	gsize job_count;
};

/** A held post that was read. A tombstone has message_size 0 and empty texts but for its list. */
struct store_held {
	gint64 id;
	enum store_held_kind kind;
	char *list;
	char *author;
	char *sender;
	char *reason;
	GVariant *facts;      /**< a{ss}, never NULL */
	guint64 message_size; /**< bytes */
	gint64 held_at;       /**< epoch seconds, as all times */
	gint64 expires_at;    /**< of one that waits: when it expires if we run until then; store_age() counts, so it may be later and never earlier */
	struct store_decision decision; /**< decision.state is WAITING while nobody has decided */
};
/** NULL is fine. */
void store_held_free(struct store_held *held);
static inline void store_held_clear(struct store_held **held)
{
	store_held_free(*held);
	*held = NULL;
}
#define store_held_auto __attribute__((cleanup(store_held_clear)))

/**
 * Holds a post, writes its first jobs and marks `key`, which must be in hand (store_claim()), as DONE "held as ID": all in one
 * transaction that waits for the disk, so after TRUE a 250 may be said. The message is written from its mapping: no copy in memory.
 */
gboolean store_held_add(struct store *store, const guint8 key[STORE_KEY_SIZE], const struct store_held_plan *plan,
	gint64 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Reads one; `*held` is NULL when there is none of that number. The caller frees it. FALSE with `error`: no answer. */
gboolean store_held_get(struct store *store, gint64 id, struct store_held **held, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

enum store_message {
	STORE_MESSAGE_WHOLE,   /**< `*fd`: a sealed memory file that the caller closes */
	STORE_MESSAGE_MISSING, /**< gone with its jobs, never there, or damaged: `error` says which. Trying again is no use */
	STORE_MESSAGE_TROUBLE, /**< the store did not answer, or no memory file: `error` says why */
};
/** The message exactly as it was given to store_held_add(). `*fd` is -1 unless WHOLE. */
enum store_message store_held_message(struct store *store, gint64 id, int *fd, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Which posts to list. */
struct store_held_query {
	const char *list;  /**< NULL: of all lists */
	gboolean waiting;  /**< only those that wait */
	gint64 after;      /**< with greater numbers than this; 0 to begin */
	guint most;        /**< at most so many */
};
/** Posts by number, tombstones too unless `waiting`: struct store_held, freed with the array. NULL with `error`. */
GPtrArray *store_held_list(struct store *store, const struct store_held_query *query, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Numbers (gint64, `*ids` is replaced) of at most `most` posts that still wait and whose time is over by store_age(), oldest first. */
gboolean store_held_due(struct store *store, guint most, GArray *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** What becomes of an order about a held post, by token or console. */
enum store_order {
	STORE_ORDER_GOOD,         /**< store_token_look(): nothing stands in its way */
	STORE_ORDER_DECIDED,      /**< done as ordered */
	STORE_ORDER_ALREADY,      /**< somebody was first: the decision tells who, what and when */
	STORE_ORDER_UNKNOWN,      /**< no such token (for this list), no such post */
	STORE_ORDER_EXPIRED,      /**< the token's time is over; the post still waits */
	STORE_ORDER_WRONG_PERSON, /**< the token is somebody else's */
	STORE_ORDER_MISSING,      /**< its message is gone or damaged, so it cannot go out; it still waits. `error` says why */
	STORE_ORDER_TROUBLE,      /**< the store did not answer: `error` says why. Nothing happened; defer */
};

/** What is to become of a post. All borrowed. */
struct store_verdict {
	enum store_held_state state; /**< not WAITING */
	const guint8 *decider;       /**< hash of STORE_PERSON_SIZE bytes, or NULL: clock or console */
	const struct store_job_plan *jobs;
	gsize job_count;
};

/**
 * Decides, if nobody has, and writes the jobs that follow, in one transaction that waits for the disk. ACCEPTED and CONFIRMED read
 * the message through first. DECIDED, ALREADY, UNKNOWN, MISSING or TROUBLE. `*decision` is who decided, on DECIDED and ALREADY.
 */
enum store_order store_held_decide(struct store *store, gint64 id, const struct store_verdict *verdict,
	struct store_decision *decision, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
