/*
 * What a moderator or an author orders by mail: a word that stands alone on a line, or the subject that our own link wrote.
 *
 * Read narrowly, because such a mail may come from a machine that quotes what we wrote (HOSTILE X4, X6): automatic mail orders nothing;
 * only the first text/plain part counts, never HTML, never an attached message; of it only the first ORDER_LINES lines that are not
 * quoted, up to a signature ("-- ") or the mark under which mail programs put the mail that they answer; and only a line that
 * is exactly one of our words, flush left but for one blank, in any of our languages, case ignored, in quotes or not. The first such line decides, so that a mail has one
 * order. Only the text of a rejection whose order is in the subject may come from HTML. What is read is compared and handed on as text, never interpreted (X7).
 * Knowingly not done: whose order it is, whether the token lives, and what it is good for: the store and the CRM know. An attached or
 * forged original is not even looked at: what is released is the stored one (X9).
 */
#ifndef ROLLCALL_MAIL_ORDER_H
#define ROLLCALL_MAIL_ORDER_H

#include <glib.h>

#include "lib/mail/automatic.h"
#include "lib/mail/walk.h"

enum order_kind {
	ORDER_NONE,
	ORDER_ACCEPT,
	ORDER_REJECT,
	ORDER_DISCARD,
	ORDER_CONFIRM,
	ORDER_WITHDRAW,
	ORDER_HELP,
	ORDER_SUBSCRIBE,
	ORDER_UNSUBSCRIBE,
};
enum { ORDER_COUNT = 9 };

enum {
	ORDER_LINES = 20,        /* lines that are not quoted, in which a word counts */
	ORDER_TEXT = 4000,       /* bytes of a moderator's text to an author */
	ORDER_TEXT_LINES = 100,  /* and its lines */
	ORDER_BODY = 256 * 1024, /* bytes of the encoded part that are looked at */
};

/** What is looked at. Nothing is owned. */
struct order_mail {
	const struct automatic_post *mail; /**< header, list, sender, author and subject, as automatic.h wants them */
	const char *data;                  /**< the whole message that `walk` was made from */
	const struct walk *walk;
};

struct order {
	enum order_kind kind;
	char *text;      /**< of a rejection: what stands behind the word, UTF-8, LF line ends, cleaned; NULL when nothing */
	gboolean answer; /**< without a word: it is an answer by hand to a mail of ours, by all marks ("Re:" and In-Reply-To) */
};

/**
 * Reads what is ordered. Class DISCARDED, as automatic_check() has it: a machine wrote it, nothing is ordered and nothing may be
 * answered. Class NONE: `order` is filled, with ORDER_NONE where no word was found. `order` is overwritten; clear it in both cases.
 * Needs mail_warm_up().
 */
struct verdict order_read(const struct order_mail *mail, struct order *order) G_GNUC_WARN_UNUSED_RESULT;
void order_clear(struct order *order);

/** What (line, length), UTF-8, orders: exactly one of our words. One blank may be before it, quotes or the like around it, blanks and one full stop
 * or exclamation mark behind it. */
enum order_kind order_line(const char *line, size_t length);

/** The word of this kind in this language ("nl" or "nl-BE"; English for others), as texts and links use it. Static. */
const char *order_word(enum order_kind kind, const char *language);

/** "none", "accept", ...: the English word, for logs and the wire. Static. */
const char *order_kind_word(enum order_kind kind);

/**
 * The link to LIST-confirm+TOKEN@ that orders this: the word and a cut `subject` (may be NULL) as its subject, the word as its body,
 * with room for a text behind it where it is a rejection. The caller frees it.
 */
char *order_link(const char *list, const char *token, enum order_kind kind, const char *language, const char *subject)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
