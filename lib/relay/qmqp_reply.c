/*
 * Parsing the reply; see qmqp_reply.h. Decided at the first byte that cannot be right, so that a flood of
 * rubbish ends at once.
 */
#include "lib/relay/qmqp_reply.h"

#include <string.h>

enum { QUEUE_ID_LIMIT = 32 }; /* characters; long queue ids have 15 or so */

enum qmqp_reply_result qmqp_reply_parse(const char *data, gsize length, struct qmqp_reply *reply)
{
	gsize place = 0, size = 0;

	/*
	 * The length: decimal without leading zeros, so it also ends. An empty reply has no status and is
	 * none.
	 */
	while (place < length && g_ascii_isdigit(data[place])) {
		if (place == 0 && data[place] == '0')
			return QMQP_REPLY_NONSENSE;
		size = size * 10 + (gsize)(data[place++] - '0');
		if (size > QMQP_REPLY_LIMIT)
			return QMQP_REPLY_NONSENSE;
	}
	if (place == length)
		return QMQP_REPLY_INCOMPLETE;
	if (place == 0 || data[place++] != ':')
		return QMQP_REPLY_NONSENSE;
	if (place == length)
		return QMQP_REPLY_INCOMPLETE;
	if (!memchr("KZD", data[place], 3))
		return QMQP_REPLY_NONSENSE;
	if (length - place < size + 1)
		return QMQP_REPLY_INCOMPLETE;
	if (data[place + size] != ',')
		return QMQP_REPLY_NONSENSE;
	*reply = (struct qmqp_reply){.status = data[place], .text = data + place + 1, .length = size - 1};
	return QMQP_REPLY_COMPLETE;
}

void qmqp_reply_queue_id(const struct qmqp_reply *reply, GString *out)
{
	static const char words[] = "Ok: queued as ";
	gsize skip = sizeof(words) - 1;

	g_string_truncate(out, 0);
	if (reply->length <= skip || reply->length > skip + QUEUE_ID_LIMIT || memcmp(reply->text, words, skip) != 0)
		return;
	for (gsize i = skip; i < reply->length; i++)
		if (!g_ascii_isalnum(reply->text[i]))
			return;
	g_string_append_len(out, reply->text + skip, (gssize)(reply->length - skip));
}
