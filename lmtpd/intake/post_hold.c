/*
 * Puts a post into the store: for a moderator's word, or its author's. After the 250 the store owns it, so it waits for the disk. What
 * a notice will say of it is written down now, where the message has been understood; the notice itself is made later by a process that never
 * parses this message.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/answer.h"
#include "lib/mail/authentication_variant.h"
#include "lib/mail/automatic.h"
#include "lib/mail/describe.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

enum {
	FACT_LENGTH = 1000,
	FACT_AUTHENTICATION = 4000, /* 15 signatures and more */
};

static void add_fact(GVariantBuilder *facts, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	/* A frame holds them all, whatever the message says. */
	g_autofree char *cut = g_utf8_make_valid(value, (gssize)MIN(strlen(value), (gsize)FACT_LENGTH));
	g_variant_builder_add(facts, "{ss}", name, cut);
}

/* Which sentence tells the moderators how sure we are of the author. */
static const char *sure(const struct post *post)
{
	const struct authentication *found = &post->message->authentication;

	if (authentication_is_disowned(found, post->method))
		return "failed";
	/* A moderator has accepted it before. */
	if (!post->method)
		return NULL;
	return found->sasl.matches && strcmp(post->method, "smime") != 0 ? "sasl" : post->method;
}

/* Whether the author may be told: a robot, a list or a forged bounce is never answered (RFC 3834). */
static gboolean may_tell_author(const struct post *post)
{
	const struct automatic_post mail = {
		.header = &post->message->header,
		.list = post->list,
		.sender = post->envelope->sender,
		.author = post->message->author,
		.subject = post->message->says.subject,
	};
	char why[ANSWER_WORD];

	return answer_allowed(&mail, why);
}

/* Whether more than his name in From says that its author wrote it. A proved envelope sender does not: that is where bounces go, not notices. */
static gboolean is_proved(const struct post *post)
{
	return !post->method || strcmp(post->method, "smtp") != 0 || strcmp(post->message->authentication.dmarc.result, "pass") == 0;
}

/* The next attempt is one of the same post: only under its K is known what of it is out. */
static void add_key(GVariantBuilder *facts, const struct post *post)
{
	g_autofree char *key = text_write_hex(post->key, POST_KEY_SIZE);

	add_fact(facts, "key", key);
}

static GVariant *collect_facts(const struct post *post, enum post_hold kind, const struct rules_decision *decision)
{
	const struct message *message = post->message;
	const char *language = settings_text(post->setup->knowledge->settings, SET_language, post->list);
	g_autofree char *size = describe_size(message->raw.length, language);
	g_autofree char *parts = NULL;
	g_autofree char *authentication = authentication_to_text(&message->authentication, FACT_AUTHENTICATION);
	struct verdict unclear = post_unclear(message);
	struct walk walk = {0};
	GVariantBuilder facts;

	if (walk_message(message->raw.data, message->raw.length, &walk) == WALK_OK)
		parts = describe_parts(&walk);
	walk_clear(&walk);
	g_variant_builder_init(&facts, G_VARIANT_TYPE("a{ss}"));
	add_fact(&facts, "subject", message->says.subject);
	add_fact(&facts, "message-id", message->says.message_id);
	add_fact(&facts, "size", size);
	add_fact(&facts, "parts", parts);
	add_fact(&facts, "method", post->method);
	add_fact(&facts, "sure", sure(post));
	if (authentication)
		g_variant_builder_add(&facts, "{ss}", "authentication", authentication);
	add_fact(&facts, "smtputf8", post->smtputf8 ? "yes" : NULL);
	add_fact(&facts, "client-name", post->envelope->client_name);
	add_fact(&facts, "client-address", post->envelope->client_address);
	add_fact(&facts, "rule", post->rule_text);
	add_fact(&facts, "rule-at", post->rule);
	if (verdict_is_final(&unclear))
		add_fact(&facts, "flaw", unclear.text);
	if (kind == POST_HOLD_AMBIGUOUS)
		add_key(&facts, post);
	if (!may_tell_author(post))
		add_fact(&facts, "answerable", "no");
	else if (!g_strv_contains(decision->modifiers, "quiet"))
		add_fact(&facts, "tell-author", "yes");
	if (!is_proved(post))
		add_fact(&facts, "unproved", "yes");
	return g_variant_builder_end(&facts);
}

struct verdict post_hold_ask(struct post *post, enum post_hold kind, const char *author, const char *reason, GVariant *facts)
{
	const struct io_mapping *raw = &post->message->raw;
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GVariant) owned = g_variant_ref_sink(facts);
	io_autofd int message = io_memory_file_with("held", raw->data, raw->length);

	if (message < 0)
		return verdict_deferred("4.3.1", "cannot hold the post: %s", g_strerror(errno));
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	GVariant *arguments = g_variant_new("(s@ayusss@a{ss})", post->list, key, (guint)kind, author,
		post->envelope->sender, reason, owned);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_HOLD, arguments, message, &verdict);
	/* SENT is how dispatch says that it has it; to the log it is another word. */
	return verdict.class == VERDICT_SENT ? verdict_held("%s", verdict.text) : verdict;
}

struct verdict post_hold(struct post *post, enum post_hold kind, const struct rules_decision *decision)
{
	/* To ask an author who may not be asked would be backscatter. */
	if (kind == POST_HOLD_CONFIRMATION && !may_tell_author(post))
		return verdict_discarded("its author cannot be asked to confirm it");
	return post_hold_ask(post, kind, post->message->author, decision->reason ? decision->reason : "held", collect_facts(post, kind, decision));
}
