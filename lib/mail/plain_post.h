/*
 * What a post says, as plain text: for members who want text only, and for plain digests. Of alternatives the plain one, else HTML made
 * text; files are named with type and size, and where the archive has them. It is for reading, so whatever can be read is
 * shown; the post itself stays as it is elsewhere. RFC 2046.
 */
#ifndef ROLLCALL_MAIL_PLAIN_POST_H
#define ROLLCALL_MAIL_PLAIN_POST_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/texts.h"

/** Nothing is owned. */
struct plain_post {
	const char *data; /**< the whole message, CRLF line ends */
	size_t length;
	const char *language;
	const struct texts *texts;
	const char *archived_at; /**< NULL: in no archive */
};

/**
 * Appends the text: UTF-8 with CRLF line ends, without control characters, no empty line at either end; nothing when there is no text
 * and no file. A text beyond the first MiB of them is named like a file. Linear in `length`. Needs mail_warm_up().
 */
void plain_post_append(const struct plain_post *post, GString *out);

#endif
