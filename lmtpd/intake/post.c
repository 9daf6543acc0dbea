/* The table of contents of a post's way; see post.h. */
#include "lmtpd/intake/post.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"

#define ROLE(role) (1u << (role))
#define TO_POST ROLE(LIST_ROLE_POST)
#define TO_PEOPLE                                                                                        \
	(ROLE(LIST_ROLE_OWNER) | ROLE(LIST_ROLE_EDITOR) | ROLE(LIST_ROLE_REQUEST) |                      \
		ROLE(LIST_ROLE_SUBSCRIBE) | ROLE(LIST_ROLE_UNSUBSCRIBE))
#define TO_BOUNCES ROLE(LIST_ROLE_BOUNCES)

struct stage {
	const char *name;
	guint roles; /* which role addresses' mail passes it */
	struct verdict (*run)(struct post *post);
};

static struct verdict note_bounce(struct post *post);

static const struct stage stages[] = {
	{"bounce", TO_BOUNCES, note_bounce},
	{"scan", TO_POST | TO_PEOPLE, post_scan},
	{"parse", TO_POST | TO_PEOPLE, post_parse},
	{"claim", TO_POST | TO_PEOPLE, post_claim},
	{"authorise", TO_POST, post_authorise},
	{"cook", TO_POST | TO_PEOPLE, post_cook},
	{"sign", TO_POST | TO_PEOPLE, post_sign},
	{"fan-out", TO_POST | TO_PEOPLE, post_fan_out},
};

/* A bounce is for us, not for a person; who bounced stands in Postfix's own log. */
static struct verdict note_bounce(struct post *post)
{
	return verdict_discarded("bounce noted");
}

const char *post_body(const struct post *post, size_t *length)
{
	if (post->body) {
		*length = post->body->len;
		return post->body->str;
	}
	*length = post->message->raw.length - post->message->body;
	return post->message->raw.data + post->message->body;
}

GVariant *post_ask(struct post *post, guint request, GVariant *arguments, int fd, struct verdict *verdict)
{
	if (post->phase < 0)
		post->phase = wire_open(post->setup->tickets, post->deadline);
	if (post->phase < 0) {
		g_variant_unref(g_variant_ref_sink(arguments));
		*verdict = verdict_deferred("4.3.2", "all workers are busy, try again later");
		return NULL;
	}
	struct wire_question question = {.request = (enum wire_request)request, .arguments = arguments, .fd = fd};
	g_autoptr(GVariant) answer = wire_call(post->phase, &question, post->deadline, verdict);
	return verdict_is_final(verdict) ? NULL : g_steal_pointer(&answer);
}

static void post_clear(struct post *post)
{
	io_close(&post->phase);
	io_close(&post->outgoing);
	header_clear(&post->header);
	if (post->body)
		g_string_free(post->body, TRUE);
	g_free(post->queue_id);
}

static struct verdict run_stages(struct post *post)
{
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
		if (!(stages[i].roles & ROLE(post->role)))
			continue;
		post->stage = stages[i].name;
		struct verdict verdict = stages[i].run(post);
		if (verdict_is_final(&verdict))
			return verdict;
	}
	log_panic("the last stage gave no verdict");
}

static struct verdict deliver_one(const struct post_setup *setup, const struct session_envelope *envelope,
	struct message *message, const struct session_recipient *recipient)
{
	struct post post = {
		.setup = setup,
		.envelope = envelope,
		.message = message,
		.list = recipient->list,
		.role = recipient->role,
		.deadline = envelope->deadline,
		.phase = -1,
		.outgoing = -1,
		.started = g_get_monotonic_time(),
	};
	struct verdict verdict = run_stages(&post);

	post_log(&post, &verdict);
	post_clear(&post);
	return verdict;
}

/* An earlier recipient of the same list and role, or NULL: it has the verdict already. */
static const struct session_recipient *same_before(const GPtrArray *recipients, guint place)
{
	const struct session_recipient *recipient = g_ptr_array_index(recipients, place);

	for (guint i = 0; i < place; i++) {
		const struct session_recipient *before = g_ptr_array_index(recipients, i);

		if (before->role == recipient->role && strcmp(before->list, recipient->list) == 0)
			return before;
	}
	return NULL;
}

void post_deliver(const struct post_setup *setup, struct session_envelope *envelope, int fd)
{
	struct message message = {0};
	gboolean mapped = io_map(fd, FALSE, &message.raw);

	/* An empty message has no mapping; the stages still get a place to look at. */
	if (message.raw.length == 0)
		message.raw.data = "";

	for (guint i = 0; i < envelope->recipients->len; i++) {
		struct session_recipient *recipient = g_ptr_array_index(envelope->recipients, i);
		const struct session_recipient *before = same_before(envelope->recipients, i);

		if (!mapped)
			recipient->verdict = verdict_deferred("4.3.1", "cannot read the message back");
		else if (before)
			recipient->verdict = before->verdict;
		else
			recipient->verdict = deliver_one(setup, envelope, &message, recipient);
	}
	header_clear(&message.header);
	g_free(message.author);
	understand_clear(&message.says);
	io_unmap(&message.raw);
}
