/*
 * May this mail be answered by a machine? The one place that knows: RFC 3834 section 2, and what robots look like that never read it.
 *
 * Every notice that goes to somebody because he, or somebody in his name, wrote to us is asked for here first. A doubt is a
 * "no": an answer too few costs a question, an answer too many is backscatter or a loop. The marks that our own answers carry, so
 * that others do not answer them, are put on in notice.c.
 * Knowingly not done: whether the sender is proved to be who he says (rule B of HOSTILE), whether he has had his answer today, and
 * whether he is another list of ours, which only the CRM knows; their posts are known by their List- fields.
 */
#ifndef ROLLCALL_MAIL_ANSWER_H
#define ROLLCALL_MAIL_ANSWER_H

#include "lib/mail/automatic.h"

enum { ANSWER_WORD = 32 }; /* bytes of a reason with its NUL */

/**
 * Whether the mail may be answered; if not, `why` gets one word for the log: one of automatic.h's, or robot-sender, robot-author,
 * precedence-list, list-field, suppressed.
 */
gboolean answer_allowed(const struct automatic_post *mail, char why[static ANSWER_WORD]) G_GNUC_WARN_UNUSED_RESULT;

#endif
