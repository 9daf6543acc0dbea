/* The table of contents of a post's way; see post.h. */
#include "lmtpd/intake/post.h"

#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/authentication_variant.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/explain.h"

#define ROLE(role) (1u << (role))
#define TO_POST ROLE(LIST_ROLE_POST)
#define TO_ROBOT                                                                                         \
	(ROLE(LIST_ROLE_REQUEST) | ROLE(LIST_ROLE_CONFIRM) | ROLE(LIST_ROLE_SUBSCRIBE) |                 \
		ROLE(LIST_ROLE_UNSUBSCRIBE))
#define TO_PEOPLE (ROLE(LIST_ROLE_OWNER) | ROLE(LIST_ROLE_EDITOR))
#define TO_BOUNCES ROLE(LIST_ROLE_BOUNCES)
#define ALL (TO_POST | TO_ROBOT | TO_PEOPLE)

struct stage {
	const char *name;
	guint roles; /* which role addresses' mail passes it */
	struct verdict (*run)(struct post *post);
};

static struct verdict note_bounce(struct post *post);

static const struct stage stages[] = {
	{"bounce", TO_BOUNCES, note_bounce},
	{"scan", ALL, post_scan},
	{"parse", ALL, post_parse},
	{"claim", ALL, post_claim},
	{"duplicate", TO_POST, post_duplicate},
	{"authenticate", ALL, post_authenticate},
	{"order", TO_ROBOT, post_order},
	{"authorise", TO_POST, post_authorise},
	/* What a robot's address got and did not understand goes on to the owners. */
	{"cook", ALL, post_cook},
	{"sign", ALL, post_sign},
	{"fan-out", ALL, post_fan_out},
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
	g_autoptr(GVariant) owned = g_variant_ref_sink(arguments);

	if (post->phase < 0)
		post->phase = wire_open(post->setup->tickets, post->deadline);
	if (post->phase < 0) {
		*verdict = verdict_deferred("4.3.2", "all workers are busy, try again later");
		return NULL;
	}
	struct wire_question question = {.request = (enum wire_request)request, .arguments = owned, .fd = fd};
	g_autoptr(GVariant) answer = wire_call(post->phase, &question, post->deadline, verdict);
	explain_question(post, request, owned, answer);
	return verdict_is_final(verdict) ? NULL : g_steal_pointer(&answer);
}

static void forget_made(struct post *post)
{
	io_close(&post->outgoing);
	header_clear(&post->header);
	if (post->body)
		g_string_free(post->body, TRUE);
	post->body = NULL;
	g_clear_pointer(&post->changes, g_ptr_array_unref);
	post->cooked = 0;
}

static void post_clear(struct post *post)
{
	io_close(&post->phase);
	forget_made(post);
	g_free(post->queue_id);
	g_free(post->rule);
	g_free(post->rule_text);
}

/* A moderator's word stands in for the scenario. */
static gboolean is_wanted(const struct post *post, const struct stage *stage)
{
	return (stage->roles & ROLE(post->role)) && !(stage->run == post_authorise && post->held && !post->method);
}

static struct verdict run_stages(struct post *post)
{
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
		if (!is_wanted(post, &stages[i]))
			continue;
		gint64 began = g_get_monotonic_time();

		post->stage = stages[i].name;
		FAULT_POINT(post->stage);
		struct verdict verdict = stages[i].run(post);
		explain_stage(post, began, &verdict);
		if (verdict_is_final(&verdict))
			return verdict;
	}
	log_panic("the last stage gave no verdict");
}

/* Through the stages, unless others have died of it. */
static struct verdict read_post(struct post *post)
{
	if (post->message->deaths < POISON_DEATHS)
		return run_stages(post);
	post->stage = "poison";
	return post_poison(post);
}

struct verdict post_unclear(const struct message *message)
{
	struct verdict verdict = verdict_graver(message->scan, message->doubt);

	return verdict.class == VERDICT_UNCLEAR ? verdict : VERDICT_UNDECIDED;
}

struct verdict post_rehearse(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	gsize i = 0;

	post->rehearsing = TRUE;
	while (stages[i].run != post_authorise)
		i++;
	for (i++; stages[i].run != post_fan_out && !verdict_is_final(&verdict); i++)
		verdict = stages[i].run(post);
	post->rehearsing = FALSE;
	forget_made(post);
	return verdict;
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
		.extension = recipient->extension,
		.method = "smtp",
		.smtputf8 = envelope->smtputf8,
		.deadline = envelope->deadline,
		.phase = -1,
		.outgoing = -1,
		.started = g_get_monotonic_time(),
	};
	struct verdict verdict = read_post(&post);

	if (verdict.class == VERDICT_REFUSED)
		verdict = post_soften(&post, &verdict);
	post_log(&post, &verdict);
	explain_end(&post, &verdict);
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

static void message_clear(struct message *message)
{
	header_clear(&message->header);
	g_free(message->author);
	understand_clear(&message->says);
	authentication_clear(&message->authentication);
}

struct verdict post_release(const struct post_setup *setup, const struct post_release *release)
{
	/* How sure we were of its author when it came is what counts. */
	struct message message = {.raw = release->raw, .authenticated = TRUE};
	struct session_envelope envelope = {
		.sender = (char *)release->sender,
		.smtputf8 = release->smtputf8,
		.client_name = (char *)release->client_name,
		.client_address = (char *)release->client_address,
	};
	struct post post = {
		.setup = setup,
		.envelope = &envelope,
		.message = &message,
		.list = release->list,
		.role = release->role,
		.method = release->method,
		.smtputf8 = release->smtputf8,
		.held = release->held,
		.unfiltered = release->unfiltered,
		.deadline = deadline_in((guint)settings_number(setup->knowledge->settings, SET_post_deadline, NULL)),
		.phase = release->phase,
		.outgoing = -1,
		.started = g_get_monotonic_time(),
	};

	guint8 key[POISON_KEY_SIZE];

	authentication_init(&message.authentication);
	authentication_from_text(release->authentication, &message.authentication);
	post.keyed = release->key && text_read_hex(release->key, post.key, POST_KEY_SIZE);
	/* From now on whoever dies dies of it. */
	poison_key(release->held, release->sender, &release->raw, key);
	poison_arm(setup->poison, key);
	message.deaths = poison_deaths(setup->tickets, release->phase, key, post.deadline);
	struct verdict verdict = read_post(&post);
	poison_disarm(setup->poison);

	post_log(&post, &verdict);
	/* The phase is the job's and goes on. */
	post.phase = -1;
	post_clear(&post);
	message_clear(&message);
	return verdict;
}

/* Before anything looks at it. In a phase of its own: while the message is read first, no worker waits. */
static void ask_deaths(const struct post_setup *setup, const struct session_envelope *envelope, struct message *message)
{
	guint8 key[POISON_KEY_SIZE];

	poison_key(0, envelope->sender, &message->raw, key);
	poison_arm(setup->poison, key);
	message->deaths = poison_deaths(setup->tickets, -1, key, envelope->deadline);
}

void post_deliver(const struct post_setup *setup, struct session_envelope *envelope, int fd)
{
	struct message message = {0};
	gboolean mapped = io_map(fd, FALSE, &message.raw);

	authentication_init(&message.authentication);
	/* An empty message has no mapping; the stages still get a place to look at. */
	if (message.raw.length == 0)
		message.raw.data = "";
	if (mapped && !setup->explain)
		ask_deaths(setup, envelope, &message);

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
	poison_disarm(setup->poison);
	message_clear(&message);
	io_unmap(&message.raw);
}
