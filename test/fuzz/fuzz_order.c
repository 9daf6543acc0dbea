/* room: intake */
/*
 * The reader of orders, on any message: what a machine marks is never an order, a text is bounded, clean and only there for a
 * rejection, the same mail with every line quoted orders nothing by its body, and what is ordered by the body stands on a line of its own.
 * The first byte chooses how the mail came.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <string.h>

#include "lib/mail/answer.h"
#include "lib/mail/describe.h"
#include "lib/mail/order_internal.h"
#include "lib/mail/understand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	g_mime_init();
	return 0;
}

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static void look_at_text(const char *text)
{
	demand(strlen(text) <= ORDER_TEXT && *text && g_utf8_validate(text, -1, NULL));
	for (const char *c = text; *c; c++)
		demand((guchar)*c >= 32 || *c == '\n');
}

/* Whether some line of the body is one of our words, and which the first is. */
static enum order_kind plain_reading(const char *body)
{
	g_auto(GStrv) lines = g_strsplit(body ? body : "", "\n", -1);

	for (char **line = lines; *line; line++)
		if (order_line(*line, strlen(*line)) != ORDER_NONE)
			return order_line(*line, strlen(*line));
	return ORDER_NONE;
}

static void look(const char *data, size_t length, const struct header *header, const char *sender)
{
	struct walk walk;
	struct understanding understanding;
	struct order order;
	char why[ANSWER_WORD];

	if (walk_message(data, length, &walk) == WALK_OK) {
		(void)understand_message(data, length, header, &understanding);
		struct automatic_post post = {.header = header, .list = "choir@lists.example.org", .sender = sender,
			.author = "anna@example.org", .subject = understanding.subject};
		struct order_mail mail = {.mail = &post, .data = data, .walk = &walk};
		struct verdict verdict = order_read(&mail, &order);
		g_autofree char *body = order_body(data, &walk), *parts = describe_parts(&walk);
		enum order_kind subject = order_subject(understanding.subject), first = plain_reading(body);

		if (verdict_is_final(&verdict)) {
			demand(order.kind == ORDER_NONE && !order.text && !order.answer && !answer_allowed(&post, why));
			demand(*why);
		}
		demand(g_utf8_validate(parts, -1, NULL));
		demand(order.kind == ORDER_NONE || order.kind == subject || first != ORDER_NONE);
		demand(!order.text || order.kind == ORDER_REJECT);
		demand(!order.answer || order.kind == ORDER_NONE);
		if (order.text)
			look_at_text(order.text);
		order_clear(&order);
		understand_clear(&understanding);
	}
	walk_clear(&walk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	size_t body;

	if (size < 1 || size > 20000)
		return 0;
	g_autofree char *exact = g_malloc(MAX(size - 1, 1));

	memcpy(exact, data + 1, size - 1);
	if (header_parse(exact, size - 1, &header, &body) != HEADER_OK)
		return 0;
	look(exact, size - 1, &header, data[0] & 1 ? "" : "anna@example.org");
	header_clear(&header);
	return 0;
}
