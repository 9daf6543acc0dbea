/*
 * How a member wants the list: the words of the view's mode column, as Sympa has them, and what each gets. A word may stand beside `not_me`
 * ("mail,not_me"). Who has several rows gets the list once, in the most direct of the ways that the rows name.
 */
#ifndef ROLLCALL_LIST_RECEPTION_H
#define ROLLCALL_LIST_RECEPTION_H

#include <glib.h>

/** The most direct way first. Those before RECEPTION_DIGEST are variants of a post; the next ones, of a digest. */
enum reception {
	RECEPTION_MAIL,        /**< each post */
	RECEPTION_TXT,         /**< each post, as plain text */
	RECEPTION_NOTICE,      /**< of each post its header, and a line instead of its body */
	RECEPTION_DIGEST,      /**< MIME digest */
	RECEPTION_DIGESTPLAIN, /**< RFC 1153 */
	RECEPTION_SUMMARY,     /**< the table of contents */
	RECEPTION_NOMAIL,      /**< a member who gets nothing */
};
enum { RECEPTION_VARIANTS = RECEPTION_NOMAIL };

/** "mail", "txt", … as in the view and on the wire. Static; NULL for a number that is none. */
const char *reception_word(guint reception);
/** FALSE for a word that is none of ours. */
gboolean reception_find(const char *word, enum reception *reception) G_GNUC_WARN_UNUSED_RESULT;
gboolean reception_is_digest(enum reception reception);

/**
 * Reads the column's value: words separated by commas or blanks, ASCII case ignored. FALSE when it is empty or has another word; `reception` is
 * then RECEPTION_MAIL, for a spelling mistake of the CRM must not cost anybody his mail. Of several ways the last one counts.
 */
gboolean reception_read(const char *value, gsize length, enum reception *reception, gboolean *not_me);

#endif
