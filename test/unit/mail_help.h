/* For tests of lib/mail: a header from a literal, in a block of exactly its size so that overreads show. */
#ifndef TEST_UNIT_MAIL_HELP_H
#define TEST_UNIT_MAIL_HELP_H

#include <string.h>

#include "lib/mail/header.h"

struct help_message {
	char *data;
	size_t length, body;
	struct header header;
};

static inline struct help_message help_bytes(const char *data, size_t length)
{
	struct help_message message = {.data = g_malloc(MAX(length, 1)), .length = length};

	memcpy(message.data, data, length);
	assert_int_equal(header_parse(message.data, length, &message.header, &message.body), HEADER_OK);
	return message;
}

static inline struct help_message help_message(const char *text)
{
	return help_bytes(text, strlen(text));
}

static inline void help_clear(struct help_message *message)
{
	header_clear(&message->header);
	g_clear_pointer(&message->data, g_free);
}

static inline char *help_render(const struct header *header)
{
	GString *out = g_string_new(NULL);

	header_render(header, out);
	return g_string_free(out, FALSE);
}

/** `count` times `piece`. */
static inline char *help_repeat(const char *piece, guint count)
{
	GString *out = g_string_new(NULL);

	while (count-- > 0)
		g_string_append(out, piece);
	return g_string_free(out, FALSE);
}

#endif
