/*
 * The list's tag in the subject: exactly one, whatever chain of "Re:", "Aw:", "Fwd:" and tags stands in
 * front. Surgery on the raw value: a subject that has its tag leaves byte for byte, a missing tag is
 * put in front of what is there, and only tags too many inside encoded words make us write those words
 * anew (never words that we cannot read without loss). RFC 2047, RFC 5322 section 3.6.5. Only the front
 * is looked at: a tag behind the first ordinary word is the author's own text.
 */
#ifndef ROLLCALL_MAIL_SUBJECT_H
#define ROLLCALL_MAIL_SUBJECT_H

#include "lib/mail/header.h"

/**
 * Puts `tag` (UTF-8, e.g. "[choir]") into the Subject of `header`; a missing Subject is added. Nothing
 * happens for an empty tag.
 */
void subject_put_tag(struct header *header, const char *tag);

#endif
