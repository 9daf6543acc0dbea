/*
 * Mail that must never go out over a list: our own post come back, and mail that no person sent as a post.
 *
 * All of it is discarded, with the reason in the log, and never refused: a refusal would make Postfix send a bounce, and a bounce to
 * a robot, or to the address that a forger wrote, is how loops and backscatter begin (rule B of HOSTILE). A forged mark
 * hurts nobody but the mail that carries it. Vacation notices are known by their marks; by the subject only in the form that
 * mail software writes ("Automatic reply: ..."), never by a phrase that a person may use.
 * Only mail that a process began by itself (cron, a monitor, a commit hook) may be let to a list's rules, where the list wants that; what a machine
 * answered, and what says in another way that nobody wants it on a list, may not.
 * Knowingly not done: whether the author is another list of ours; only the CRM knows, and a list is nobody's subscriber.
 * RFC 3834, RFC 2919, RFC 6522, RFC 5321 section 4.5.5 and 6.3.
 */
#ifndef ROLLCALL_MAIL_AUTOMATIC_H
#define ROLLCALL_MAIL_AUTOMATIC_H

#include "lib/base/verdict.h"
#include "lib/mail/header.h"

/** What the question is about. Addresses are in normal form. */
struct automatic_post {
	const struct header *header;
	const char *list;    /**< the list's address */
	const char *sender;  /**< the envelope sender; "" for <> */
	const char *author;  /**< the From address; NULL when it is not known */
	const char *subject; /**< decoded; NULL when there is none */
	gboolean takes_generated; /**< what automatic_is_generated() may pass, if nothing else is wrong with it */
};

/**
 * Whether a process began it by itself and says so: each Auto-Submitted field, of which there is one at least, is "auto-generated" (RFC 3834 section 5).
 * A list may have a use for that; an answer it never gets.
 */
gboolean automatic_is_generated(const struct header *header) G_GNUC_WARN_UNUSED_RESULT;

/**
 * VERDICT_NONE: nothing of the kind. Else VERDICT_DISCARDED with the text "automatic mail (WORD)", where WORD is one of null-sender,
 * mailer-daemon, own-sender, from-list, own-loop-mark, own-list-id, own-delivered-to, hops, auto-submitted,
 * precedence, autoreply, report, vacation-subject.
 */
struct verdict automatic_check(const struct automatic_post *post) G_GNUC_WARN_UNUSED_RESULT;

#endif
