/*
 * A message that kills whoever reads it. The child says which message it is about to read, by a key that takes no parser, in a page that it shares with
 * its parent; when it dies with that standing there, whether of a signal, a limit or a deadline, the parent has dispatch count it. When three
 * have died, the next child reads nothing and has the bytes held for the owners: see post_poison().
 *
 * No death of the message's: a child that ends in order, whoever hung up; whatever ends while intake stops or makes room for a new generation.
 * The page costs a post no write to the disk and no question; what is asked before a message is read is one look-up by a primary key.
 * An owned child can have its own message counted as often as it likes, and nobody else's: it would have to know the bytes.
 */
#ifndef ROLLCALL_INTAKE_POISON_H
#define ROLLCALL_INTAKE_POISON_H

#include "lib/base/io.h"
#include "lib/base/verdict.h"

enum {
	POISON_KEY_SIZE = 32,
	POISON_DEATHS = 3, /* children that a message may kill */
};

/** One child's page. */
struct poison;

/** Before the fork. NULL when there is no memory: then the child's death is not counted. */
struct poison *poison_new(void) G_GNUC_WARN_UNUSED_RESULT;
/** In the parent, after the fork: later children do not get it. */
void poison_keep(struct poison *poison);
/** NULL is fine. */
void poison_free(struct poison *poison);

/** The child is about to read the message of this key; or has read it. NULL is fine. */
void poison_arm(struct poison *poison, const guint8 key[POISON_KEY_SIZE]);
void poison_disarm(struct poison *poison);

/**
 * The key of a message: SHA-256 of its envelope sender and its bytes, so that it is one for all its lists; of a held post that is being released also of
 * its number, since whoever releases it believes that it will do now.
 */
void poison_key(gint64 held, const char *sender, const struct io_mapping *raw, guint8 key[POISON_KEY_SIZE]);

/** In the parent: the child is dead. Has dispatch count it, by the jobs' socket, if it was reading. Does not wait. */
void poison_report(const struct poison *poison, int jobs);

/** How many it has killed. In doubt none: whoever is killed is counted later. `phase` is the wire, or -1 for one that is opened by `tickets` for this alone. */
guint poison_deaths(int tickets, int phase, const guint8 key[POISON_KEY_SIZE], struct deadline deadline);

#endif
