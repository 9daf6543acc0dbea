/*
 * Puts a list's text above and below a post (HOSTILE M26): into the text of a post that is nothing but text, as a part of its own into a multipart/mixed,
 * and else as parts of a multipart/mixed that is put around, so that what was there stays byte for byte. HTML never gets it inside: whoever writes into
 * foreign HTML does not know what it will look like, or whether it will be seen at all.
 *
 * Never inside of what is signed or encrypted, never twice, and never into what readers may read in different ways (M17, M19): such a post
 * goes out without. Text gets it in its own character set and encoding where both can hold it, and becomes UTF-8 where the set cannot; what is no
 * clean text of its set is left alone and gets a part beside it. RFC 2046 section 5.1, RFC 3676 (format=flowed).
 */
#ifndef ROLLCALL_MAIL_FOOTER_H
#define ROLLCALL_MAIL_FOOTER_H

#include "lib/mail/draft.h"
#include "lib/mail/footer_text.h"
#include "lib/mail/walk.h"

enum footer_place {
	FOOTER_NOTHING, /**< there was nothing to put in */
	FOOTER_THERE,   /**< the post has it already */
	FOOTER_INSIDE,  /**< in the text */
	FOOTER_PART,    /**< a part of its own */
	FOOTER_AROUND,  /**< a part of its own in a multipart/mixed around the whole */
	FOOTER_SIGNED,  /**< left out: the post is signed or encrypted */
	FOOTER_BROKEN,  /**< left out: the post's structure is broken */
};

struct footer {
	const struct footer_text *above, *below; /**< NULL: none */
	const char *note;       /**< UTF-8 with CRLF line ends, stands over `below` and is never left out; NULL: none */
	gboolean around_signed; /**< put a multipart/mixed around what is signed or encrypted, too */
	const guint8 *key;      /**< 8 bytes for a boundary: the same at each retry */
};

/** Changes `draft` accordingly and says what it did. */
enum footer_place footer_add(struct draft *draft, const struct footer *footer);

/* ---- for footer_inside.c ---- */

/** The texts that are put in, UTF-8 with CRLF line ends; "" for none. */
struct footer_pieces {
	const char *above;
	char *below;
};

/** Puts them into the post, whose only entity is text: FOOTER_INSIDE, FOOTER_BROKEN, or FOOTER_PART when they have to stand beside it. */
enum footer_place footer_inside(struct draft *draft, const struct walk_entity *text, const struct footer_pieces *pieces);

#endif
