/*
 * The reply of a QMQP server. Beyond not crashing: every beginning of the input must be undecided until
 * the decision falls, and from then on decided the same way, because replies come in pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/relay/qmqp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_complete(const struct qmqp_reply *reply, const char *block, gsize length)
{
	g_autoptr(GString) id = g_string_new(NULL);

	if (!memchr("KZD", reply->status, 3) || reply->length >= QMQP_REPLY_LIMIT || reply->text < block + 3 ||
		reply->text + reply->length >= block + length)
		abort();
	qmqp_reply_queue_id(reply, id);
	for (gsize i = 0; i < id->len; i++)
		if (!g_ascii_isalnum(id->str[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum qmqp_reply_result before = QMQP_REPLY_INCOMPLETE;
	/* All beginnings of long inputs would be quadratic; the tail of a long one says nothing new. */
	gsize first = size > 256 ? size - 256 : 0;

	for (gsize length = first; length <= size; length++) {
		char *block = g_memdup2(data, length);
		struct qmqp_reply reply;
		enum qmqp_reply_result now = qmqp_reply_parse(block, length, &reply);

		if (length > first && before != QMQP_REPLY_INCOMPLETE && now != before)
			abort();
		if (now == QMQP_REPLY_COMPLETE)
			check_complete(&reply, block, length);
		before = now;
		g_free(block);
	}
	return 0;
}
