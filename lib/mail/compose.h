/*
 * The pieces that mails of our own are made of: a subject, a text part, a post that goes along, names that are the same on each attempt.
 * Shared by notices and digests. RFC 5322, RFC 2045, RFC 2046, RFC 2047.
 */
#ifndef ROLLCALL_MAIL_COMPOSE_H
#define ROLLCALL_MAIL_COMPOSE_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/header.h"

/** How a part is written: its Content- fields with CRLF, and its body, which has no line over LIMIT_LINE. */
struct compose_part {
	GString *fields, *body;
};
void compose_part_clear(struct compose_part *part);

/** A message that is complete but for its signatures. */
struct compose_message {
	struct header header;
	GString *body; /**< CRLF line ends */
};
void compose_message_clear(struct compose_message *message);

/** 128 bits in hexadecimal that follow from these three alone: for a Message-ID or a boundary. The caller frees it. */
char *compose_digits(const char *what, const char *list, const char *key) G_GNUC_WARN_UNUSED_RESULT;

/** "<DIGITS.rollcall@DOMAIN>" of the list. The caller frees it. */
char *compose_message_id(const char *what, const char *list, const char *key) G_GNUC_WARN_UNUSED_RESULT;

/** Adds a field of free text (UTF-8, one line) to the end, as encoded words where it must be. */
void compose_put_text(struct header *header, const char *name, const char *text);

/** "NAME" <ADDRESS>, the name quoted or encoded. The caller frees it. */
char *compose_mailbox(const char *name, const char *address) G_GNUC_WARN_UNUSED_RESULT;

/** A part of this text type in UTF-8 (CRLF line ends), in the plainest encoding that nobody on the way has to change, and in the shorter one of two. */
void compose_text_part(const char *type, const char *text, size_t length, struct compose_part *part);

/** Adds the part's fields to the end of a header, whose whole body it is. */
void compose_put_fields(const struct compose_part *part, struct header *header);

/**
 * Whether a post can go along as message/rfc822: what is inside travels like the rest, and a server may break its long lines, demand
 * SMTPUTF8 for its headers, or see other parts than its author did. `boundaries` (ends with NULL) are those of the multiparts around it. `*eight_bit` tells
 * whether its bytes need 8BITMIME.
 */
gboolean compose_can_travel(const char *post, size_t length, const char *const *boundaries, gboolean *eight_bit);

#endif
