/*
 * Tokens: by what a mail says that it comes from somebody who was asked. Made by the caller from getrandom(2), never
 * kept: the store has its SHA-256, bound to a held post, an action and a person. A token acts once, because a post is decided once;
 * afterwards it still tells who decided, until its time is over, and for 30 days more that it is expired.
 * Who may still act (the live role) and whether the mail is authentic is the caller's to check, between look and use.
 * HOSTILE X1 to X3.
 */
#ifndef ROLLCALL_STORE_STORE_TOKEN_H
#define ROLLCALL_STORE_STORE_TOKEN_H

#include "lib/store/store_held.h"

/** What a token is for. The numbers are on disk: do not renumber. */
enum store_action {
	STORE_ACTION_ACCEPT = 1,
	STORE_ACTION_REJECT = 2,
	STORE_ACTION_DISCARD = 3,
	STORE_ACTION_WITHDRAW = 4,
	STORE_ACTION_CONFIRM = 5,
	STORE_ACTION_REPLY = 6, /**< accept, reject or discard: the word in the mail says */
};

/** A token to be remembered. */
struct store_token {
	gint64 held;
	enum store_action action;
	guint8 person[STORE_PERSON_SIZE];
	gboolean second; /**< sent to make sure of a first one that came by a mail that proved nothing */
	gint64 life;     /**< seconds of store_age() */
};

/**
 * Remembers a token of a post that is there. Does not wait for the disk: a power cut that takes it takes the end of its job as
 * well, so the notice goes out again with new ones. FALSE with `error`, also when there is no such post.
 */
gboolean store_token_add(struct store *store, const char *token, const struct store_token *what, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Who comes with a token. All borrowed. */
struct store_bearer {
	const char *token; /**< as it was made: one letter in another case is another token */
	const char *list;  /**< the list that the mail was for */
	const guint8 *person;
};

/** What was found. */
struct store_token_found {
	gint64 held;                    /**< 0 on UNKNOWN and WRONG_PERSON */
	enum store_action action;
	gboolean second;
	struct store_decision decision; /**< on DECIDED and ALREADY */
};

/**
 * What store_token_use() would say now, GOOD in the place of DECIDED; changes nothing. Does not read the message through, so it
 * never says MISSING. It tells the caller the action and the post, to make the verdict of.
 */
enum store_order store_token_look(struct store *store, const struct store_bearer *bearer, struct store_token_found *found,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Finds the token, checks list, person, state and time (in this order) and decides as `verdict` says, with the jobs that
 * follow, in one transaction that waits for the disk. verdict->state must be what the token is for (else STORE_ORDER_TROUBLE), and
 * the decider is the bearer, whatever verdict->decider says. Any outcome but GOOD.
 */
enum store_order store_token_use(struct store *store, const struct store_bearer *bearer,
	const struct store_verdict *verdict, struct store_token_found *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** From so many bad tokens in an hour a sender is not listened to. */
enum { STORE_TOKEN_BAD_LIMIT = 10 };

/**
 * Bad tokens of this person (the sender's hash) in this hour of the clock; with `one_more` it is counted first.
 * The count that equals STORE_TOKEN_BAD_LIMIT comes once: the time for the alarm. Does not wait for the disk.
 */
gboolean store_token_bad(struct store *store, const guint8 person[STORE_PERSON_SIZE], gboolean one_more, guint *count,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
