/*
 * Mail to the addresses that a robot reads: an order with a token (-confirm), or a wish (-request, -subscribe, -unsubscribe).
 * What an order does is decided in dispatch, in one transaction, with the live role of whoever sent it. A wish is
 * answered with the CRM's page, and does what the list's settings say. What is not understood at -request goes on to the owners; at -confirm it is ignored.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/answer.h"
#include "lib/mail/order.h"
#include "lib/mail/url_template.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

static struct automatic_post describe_mail(const struct post *post)
{
	return (struct automatic_post){
		.header = &post->message->header,
		.list = post->list,
		.sender = post->envelope->sender,
		.author = post->message->author,
		.subject = post->message->says.subject,
	};
}

static struct verdict read_order(const struct post *post, struct order *order)
{
	const struct message *message = post->message;
	const struct automatic_post mail = describe_mail(post);
	struct walk walk = {0};
	struct verdict verdict = VERDICT_UNDECIDED;

	*order = (struct order){0};
	if (walk_message(message->raw.data, message->raw.length, &walk) == WALK_OK) {
		const struct order_mail order_mail = {.mail = &mail, .data = message->raw.data, .walk = &walk};

		verdict = order_read(&order_mail, order);
	}
	walk_clear(&walk);
	return verdict;
}

/* The domain that answers for the mail, its author's; NULL: none does. */
static const char *proved_domain(const struct authentication *authentication)
{
	for (guint i = 0; authentication->dkim && i < authentication->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(authentication->dkim, i);

		if (dkim->aligned && strcmp(dkim->result, "pass") == 0)
			return dkim->domain;
	}
	if (authentication->spf.aligned && strcmp(authentication->spf.result, "pass") == 0)
		return authentication->spf.domain;
	return NULL;
}

/*
 * Where the mail is from, as far as a forger cannot choose it: bad tokens are counted for this and the From together, so that ten forged mails
 * do not silence the moderator whose name they bear. Of IPv6 the /64, which one customer has at the least.
 */
static char *find_origin(const struct post *post)
{
	const struct authentication *found = &post->message->authentication;
	const char *domain = proved_domain(found), *address = post->envelope->client_address;
	guint8 bytes[16];

	if (found->sasl.login)
		return g_strdup_printf("login %s", found->sasl.login);
	if (domain)
		return g_strdup_printf("domain %s", domain);
	if (!address || inet_pton(AF_INET6, address, bytes) != 1)
		return g_strdup_printf("client %s", address ? address : "");
	g_autofree char *network = text_write_hex(bytes, 8);
	return g_strdup_printf("client %s", network);
}

/* The decision is dispatch's; whoever sent the order hears of it by mail where that is right. */
static struct verdict send_order(struct post *post, const struct order *order)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	const char *outcome;
	g_autoptr(GVariant) fields = NULL;
	const struct authentication *found = &post->message->authentication;
	/* Who is logged in as himself at our own Postfix needs no domain's word. */
	const char *dmarc = found->sasl.matches ? "none" : found->dmarc.result;
	g_autofree char *origin = find_origin(post);
	GVariant *arguments = g_variant_new("(ssssssss)", post->list, post->extension, post->message->author,
		order_kind_word(order->kind), order->text ? order->text : "", post->method, dmarc, origin);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_ORDER, arguments, -1, &verdict);

	if (!answer)
		return verdict;
	g_variant_get(answer, "(@(uuss)&s@a{ss})", NULL, &outcome, &fields);
	return verdict_discarded("order to %s: %s", order_kind_word(order->kind), outcome);
}

/* The page for what somebody wants; "" where there is none. */
static const char *find_page(const struct post *post, const char *word)
{
	const struct settings *settings = post->setup->knowledge->settings;
	const char *help = settings_text(settings, SET_help_page, post->list);

	if (strcmp(word, "subscribe") == 0)
		return settings_text(settings, SET_subscribe_page, post->list);
	return strcmp(word, "help") == 0 && *help ? help : settings_text(settings, SET_unsubscribe_page, post->list);
}

/* Whether mail to -subscribe (`procedure` is its procedure), or to -unsubscribe, does more than to be answered with the page. */
static gboolean is_heard(const struct post *post, enum setting procedure)
{
	const struct settings *settings = post->setup->knowledge->settings;

	return settings_is(settings, SET_subscription_requests, post->list, "owners") ||
		(settings_is(settings, SET_subscription_requests, post->list, "procedure") && *settings_text(settings, procedure, NULL));
}

static void add_wish_addresses(const struct post *post, GVariantBuilder *fields)
{
	g_autofree char *join = is_heard(post, SET_subscribe_procedure) ? list_role_address(post->list, "subscribe") : NULL;
	g_autofree char *leave = is_heard(post, SET_unsubscribe_procedure) ? list_role_address(post->list, "unsubscribe") : NULL;

	if (join)
		g_variant_builder_add(fields, "{ss}", "join", join);
	if (leave)
		g_variant_builder_add(fields, "{ss}", "leave", leave);
	if (!join && !leave)
		g_variant_builder_add(fields, "{ss}", "by-page", "yes");
}

/* What the answer says beside its text. */
static GVariant *answer_fields(const struct post *post, const char *word)
{
	const char *page = find_page(post, word);
	GVariantBuilder fields;

	g_variant_builder_init(&fields, G_VARIANT_TYPE("a{ss}"));
	if (post->message->says.message_id)
		g_variant_builder_add(&fields, "{ss}", "message-id", post->message->says.message_id);
	if (*page) {
		g_autofree char *url = url_template_fill(page, post->list, NULL);

		g_variant_builder_add(&fields, "{ss}", "page", url);
	}
	if (strcmp(word, "help") == 0)
		add_wish_addresses(post, &fields);
	return g_variant_builder_end(&fields);
}

static struct verdict answer_help(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GVariant) answer = post_ask(post, WIRE_ANSWER,
		g_variant_new("(sss@a{ss})", post->list, post->message->author, "help", answer_fields(post, "help")), -1, &verdict);

	return answer ? verdict_discarded("answered with \"help\"") : verdict;
}

/* The settings say, in dispatch, what such a mail does; the mail goes along, because it may have to wait for its author's word. */
static struct verdict send_wish(struct post *post, const char *word)
{
	const struct io_mapping *raw = &post->message->raw;
	io_autofd int mail = io_memory_file_with("wish", raw->data, raw->length);
	struct verdict verdict = VERDICT_UNDECIDED;
	const char *outcome;

	if (mail < 0)
		return verdict_deferred("4.3.1", "cannot hand on the mail: %s", g_strerror(errno));
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_WISH,
		g_variant_new("(s@ayssss@a{ss})", post->list, key, word, post->message->author, post->envelope->sender,
			post->method, answer_fields(post, word)),
		mail, &verdict);
	if (!answer)
		return verdict;
	g_variant_get(answer, "(@(uuss)&s)", NULL, &outcome);
	return verdict_discarded("wish to %s: %s", word, outcome);
}

static struct verdict obey_wish(struct post *post, const char *word)
{
	const struct automatic_post mail = describe_mail(post);
	char why[ANSWER_WORD];

	if (!answer_allowed(&mail, why))
		return verdict_discarded("not answered (%s)", why);
	return strcmp(word, "help") == 0 ? answer_help(post) : send_wish(post, word);
}

/* What is wanted; NULL: a person has to understand it. */
static const char *wish_word(const struct post *post, const struct order *order)
{
	if (post->role == LIST_ROLE_SUBSCRIBE || order->kind == ORDER_SUBSCRIBE)
		return "subscribe";
	if (post->role == LIST_ROLE_UNSUBSCRIBE || order->kind == ORDER_UNSUBSCRIBE)
		return "unsubscribe";
	return order->kind == ORDER_HELP ? "help" : NULL;
}

struct verdict post_order(struct post *post)
{
	struct order order;

	/* Nobody in particular orders nothing, and nobody in particular is answered. */
	if (!post->message->author)
		return verdict_discarded("no clear author to take an order from");
	struct verdict verdict = read_order(post, &order);
	if (!verdict_is_final(&verdict)) {
		/* "Reply to confirm": an answer by hand without any word says yes to the one question that was asked. */
		if (post->role == LIST_ROLE_CONFIRM && order.kind == ORDER_NONE && order.answer)
			order.kind = ORDER_CONFIRM;
		if (post->role == LIST_ROLE_CONFIRM)
			verdict = order.kind == ORDER_NONE ? verdict_discarded("no order in it") : send_order(post, &order);
		else if (wish_word(post, &order))
			verdict = obey_wish(post, wish_word(post, &order));
	}
	order_clear(&order);
	return verdict;
}
