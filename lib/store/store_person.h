/*
 * What the store knows of a person: a keyed hash of the address, and no more. And who was answered lately.
 * HMAC-SHA-256 with a key of 32 random bytes in `person.key` beside the store, made on first use: without that file nobody can
 * tell from a copy of the store whether an address is in it. The key leaves neither the file nor this process.
 * Whoever loses the file loses no post: tokens that were sent are then nobody's, and moderators need new notices.
 * HOSTILE X1, X2, X10; DESIGN section 1.
 */
#ifndef ROLLCALL_STORE_STORE_PERSON_H
#define ROLLCALL_STORE_STORE_PERSON_H

#include "lib/store/store.h"

enum { STORE_PERSON_SIZE = 32 };

/**
 * The hash of a person, by the comparing key of the address (address_key()): the same spelling, the same hash, in every process.
 * Reads the key file at the first call, and makes it (0600) where there is none; that one call waits for the disk.
 * FALSE with `error`: the file is damaged, not ours alone, or cannot be made.
 */
gboolean store_person_hash(struct store *store, const char *address_key, guint8 person[STORE_PERSON_SIZE],
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum store_answer {
	STORE_ANSWER_NOW,     /**< none in the last 24 hours; now there was one */
	STORE_ANSWER_LATER,   /**< had one */
	STORE_ANSWER_TROUBLE, /**< the store did not answer (`error` says why) */
};

/**
 * Takes the one answer that an unauthenticated person gets from a list in 24 hours. Of many that ask at once one gets NOW.
 * Does not wait for the disk: a power cut may cost a second answer.
 */
enum store_answer store_person_answer(struct store *store, const guint8 person[STORE_PERSON_SIZE], const char *list,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Takes that back: the next who asks for this person and list gets NOW. */
gboolean store_person_forget_answer(struct store *store, const guint8 person[STORE_PERSON_SIZE], const char *list, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
