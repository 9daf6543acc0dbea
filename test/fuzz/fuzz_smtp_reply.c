/*
 * The replies of an SMTP server. Beyond not crashing: every beginning of the input must be undecided until the decision falls, and from then on decided the
 * same way, because replies come in pieces; what is repeated of one is printable and holds no address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/relay/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_complete(const struct smtp_reply *reply, const char *block, gsize length)
{
	g_autoptr(GString) id = g_string_new(NULL);
	struct smtp_offers offers;
	char text[SMTP_TEXT_SIZE];

	if (reply->code < 200 || reply->code > 599 || reply->data != block || reply->length > length || reply->length > SMTP_REPLY_LIMIT)
		abort();
	smtp_reply_text(reply, "ann", text);
	for (const char *place = text; *place; place++)
		if (!g_ascii_isprint(*place) || *place == '@')
			abort();
	smtp_reply_queue_id(reply, id);
	for (gsize i = 0; i < id->len; i++)
		if (!g_ascii_isalnum(id->str[i]) && !strchr("-_.", id->str[i]))
			abort();
	smtp_reply_offers(reply, &offers);
	if (smtp_reply_is_limit(reply) && reply->code != 452 && reply->code != 552)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum smtp_reply_result before = SMTP_REPLY_INCOMPLETE;
	/* All beginnings of long inputs would be quadratic; the tail of a long one says nothing new. */
	gsize first = size > 256 ? size - 256 : 0;

	for (gsize length = first; length <= size; length++) {
		char *block = g_memdup2(data, length);
		struct smtp_reply reply;
		enum smtp_reply_result now = smtp_reply_parse(block, length, &reply);

		if (length > first && before != SMTP_REPLY_INCOMPLETE && now != before)
			abort();
		if (now == SMTP_REPLY_COMPLETE)
			check_complete(&reply, block, length);
		before = now;
		g_free(block);
	}
	return 0;
}
