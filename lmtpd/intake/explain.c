/* Collecting what happens to a post; see explain.h. */
#include "lmtpd/intake/explain.h"

#include <string.h>

#include "lib/base/io.h"
#include "lib/list/address.h"
#include "lib/mail/authentication_variant.h"
#include "lib/mail/automatic.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/explain_facts.h"

/* What each RCPT was found to be. */
struct explain_route {
	char *address, *list; /* NULL list: refused */
	enum list_role role;
};

/* One post on its way, and then at its end. */
struct explain_post {
	char *list;
	enum list_role role; /* as it came: an editor's forward changes the post's own */
	GVariantBuilder *stages;
	GVariant *rules;     /* with what else the scenario said; NULL: it was not asked */
	gint standing;       /* the author's, bits; -1 when nobody asked */
	guint held;          /* enum post_hold, 0: not held */
	gboolean tell_author;
	const char *answer;  /* what its author hears, a static word; NULL: nothing */
	GVariant *facts;     /* all of it, once at its end */
};

static void free_route(gpointer data)
{
	struct explain_route *route = data;

	g_free(route->address);
	g_free(route->list);
	g_free(route);
}

static void free_post(gpointer data)
{
	struct explain_post *post = data;

	g_free(post->list);
	g_clear_pointer(&post->stages, g_variant_builder_unref);
	g_clear_pointer(&post->rules, g_variant_unref);
	g_clear_pointer(&post->facts, g_variant_unref);
	g_free(post);
}

struct explain *explain_new(void)
{
	struct explain *explain = g_new0(struct explain, 1);

	explain_client_init(&explain->client);
	explain->routes = g_ptr_array_new_with_free_func(free_route);
	explain->posts = g_ptr_array_new_with_free_func(free_post);
	return explain;
}

void explain_free(struct explain *explain)
{
	explain_client_clear(&explain->client);
	g_ptr_array_unref(explain->routes);
	g_ptr_array_unref(explain->posts);
	g_free(explain);
}

/* ---- on the way ---- */

void explain_route(struct explain *explain, const struct session_recipient *recipient, const struct verdict *verdict)
{
	struct explain_route *route;

	if (!explain)
		return;
	route = g_new0(struct explain_route, 1);
	route->address = g_strdup(recipient->address);
	route->list = verdict_is_final(verdict) ? NULL : g_strdup(recipient->list);
	route->role = recipient->role;
	g_ptr_array_add(explain->routes, route);
}

/* The post at hand; the first who tells something about it begins it. */
static struct explain_post *at_hand(const struct post *post)
{
	struct explain *explain = post->setup->explain;

	if (!explain->post) {
		explain->post = g_new0(struct explain_post, 1);
		explain->post->list = g_strdup(post->list);
		explain->post->role = post->role;
		explain->post->standing = -1;
		explain->post->stages = g_variant_builder_new(G_VARIANT_TYPE("av"));
		g_ptr_array_add(explain->posts, explain->post);
	}
	return explain->post;
}

void explain_stage(struct post *post, gint64 began, const struct verdict *verdict)
{
	const struct explain *explain = post->setup->explain;
	GVariantBuilder stage;

	if (!explain)
		return;
	/* Whatever the checks find: this is a question of "what if". */
	if (explain->method)
		post->method = explain->method;
	g_variant_builder_init(&stage, G_VARIANT_TYPE_VARDICT);
	explain_put_text(&stage, "name", post->stage);
	explain_put_number(&stage, "microseconds", g_get_monotonic_time() - began);
	explain_put_text(&stage, "verdict", verdict_word(verdict->class));
	g_variant_builder_add(at_hand(post)->stages, "v", g_variant_builder_end(&stage));
}

static void note_hold(struct explain_post *at, GVariant *arguments)
{
	const char *value;
	g_autoptr(GVariant) facts = NULL;

	g_variant_get(arguments, "(&s@ayu&s&s&s@a{ss})", NULL, NULL, &at->held, NULL, NULL, NULL, &facts);
	at->tell_author = g_variant_lookup(facts, "tell-author", "&s", &value) && strcmp(value, "yes") == 0;
}

void explain_question(const struct post *post, guint request, GVariant *arguments, GVariant *answer)
{
	const char *list, *address;
	guint standing;

	if (!post->setup->explain || !answer)
		return;
	struct explain_post *at = at_hand(post);
	if (request == WIRE_HOLD) {
		note_hold(at, arguments);
	} else if (request == WIRE_ORDER) {
		at->answer = "order";
	} else if (request == WIRE_ANSWER || request == WIRE_WISH) {
		at->answer = "answer";
	} else if (request == WIRE_STANDING) {
		g_variant_get(arguments, "(&s&s)", &list, &address);
		g_variant_get(answer, "(@(uuss)u)", NULL, &standing);
		if (strcmp(list, post->list) == 0 && post->message->author && strcmp(address, post->message->author) == 0)
			at->standing = (gint)standing;
	}
}

void explain_rules(const struct post *post, const struct rules_decision *decision, const GPtrArray *trace)
{
	GVariantBuilder dict;

	if (!post->setup->explain)
		return;
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_text(&dict, "scenario", settings_text(post->setup->knowledge->settings, SET_scenario, post->list));
	explain_put_text(&dict, "status", rules_status_word(decision->status));
	explain_put_text(&dict, "action", decision->word);
	explain_put_text(&dict, "reason", decision->reason);
	if (*decision->trouble)
		explain_put_text(&dict, "trouble", decision->trouble);
	if (decision->rule) {
		g_autofree char *place = rules_rule_place(decision->rule);

		explain_put_text(&dict, "place", place);
		explain_put_text(&dict, "text", decision->rule->text);
	}
	explain_put(&dict, "looked_at", explain_rules_value(trace));
	at_hand(post)->rules = g_variant_ref_sink(g_variant_builder_end(&dict));
}

/* ---- at its end ---- */

static void find_standing(struct post *post, struct explain_post *at)
{
	struct verdict verdict = VERDICT_UNDECIDED;

	if (at->standing >= 0 || !post->message->author)
		return;
	/* The answer comes by explain_question(), as any. */
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_STANDING, g_variant_new("(ss)", post->list, post->message->author), -1, &verdict);
}

static GVariant *author_value(struct post *post, struct explain_post *at)
{
	GVariantBuilder dict;

	find_standing(post, at);
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_text(&dict, "address", post->message->author);
	if (at->standing >= 0) {
		explain_put_flag(&dict, "subscriber", at->standing & STANDING_SUBSCRIBER);
		explain_put_flag(&dict, "owner", at->standing & STANDING_OWNER);
		explain_put_flag(&dict, "moderator", at->standing & STANDING_MODERATOR);
	}
	return g_variant_builder_end(&dict);
}

/* How many get a notice. A dry dispatch reads them as for a fan-out, and gives the number alone. */
static guint count_moderators(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint count = 0;
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	GVariant *nobody = g_variant_ref_sink(g_variant_new_strv(NULL, 0));
	g_autoptr(GVariant) answer = post_ask(post, WIRE_ROSTER,
		g_variant_new("(su@ays@as@as)", post->list, (guint)LIST_ROLE_EDITOR, key, "", nobody, nobody), -1, &verdict);

	g_variant_unref(nobody);
	if (answer) {
		g_autoptr(GVariant) ways = g_variant_get_child_value(answer, 1);

		if (g_variant_n_children(ways) > 0)
			g_variant_get_child(ways, 0, "(&su)", NULL, &count);
	}
	return count;
}

/* How many get it in which way. Digests leave later, in the modes of that moment. */
static GVariant *recipients_value(const struct post *post)
{
	GVariantBuilder dict;

	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if (post->ways[i] > 0)
			explain_put_number(&dict, reception_word(i), post->ways[i]);
	return g_variant_builder_end(&dict);
}

static GVariant *told_value(struct post *post, const struct explain_post *at, const struct verdict *verdict)
{
	gboolean moderation = at->held == POST_HOLD_MODERATION && verdict->class == VERDICT_HELD;
	const char *author = at->answer ? at->answer : "nothing";
	GVariantBuilder dict;

	if (at->held == POST_HOLD_CONFIRMATION)
		author = "confirmation";
	else if (at->held && at->tell_author)
		author = "held";
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_number(&dict, "moderators", moderation ? count_moderators(post) : 0);
	explain_put_text(&dict, "author", author);
	/* A bounce is Postfix's, and for a sender only. */
	explain_put_flag(&dict, "bounce", verdict->class == VERDICT_REFUSED && *post->envelope->sender);
	return g_variant_builder_end(&dict);
}

static void put_verdict(GVariantBuilder *dict, const struct verdict *verdict)
{
	explain_put_text(dict, "verdict", verdict_word(verdict->class));
	explain_put_number(dict, "code", verdict->code);
	explain_put_text(dict, "status", verdict->status);
	explain_put_text(dict, "text", verdict->text);
}

void explain_end(struct post *post, const struct verdict *verdict)
{
	struct explain *explain = post->setup->explain;
	const struct message *message = post->message;
	struct verdict unclear = post_unclear(message);
	GVariantBuilder dict;

	if (!explain)
		return;
	struct explain_post *at = at_hand(post);
	const char *stage = post->stage;
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_text(&dict, "list", post->list);
	explain_put_text(&dict, "role", list_role_word(at->role));
	put_verdict(&dict, verdict);
	explain_put_text(&dict, "stage", stage);
	explain_put_text(&dict, "rule", post->rule);
	explain_put(&dict, "stages", g_variant_builder_end(at->stages));
	explain_put_text(&dict, "message_id", message->says.message_id);
	if (verdict_is_final(&unclear))
		explain_put_text(&dict, "unclear", unclear.text);
	/* The value that decided about it, or would have. */
	if (at->role == LIST_ROLE_POST && automatic_is_generated(&message->header))
		explain_put_text(&dict, "auto_generated", settings_text(post->setup->knowledge->settings, SET_auto_generated, post->list));
	if (message->parsed)
		explain_put(&dict, "author", author_value(post, at));
	if (message->authenticated)
		explain_put(&dict, "authentication", authentication_to_variant(&message->authentication, post->method));
	if (at->rules)
		explain_put(&dict, "rules", at->rules);
	if (post->header.fields && message->header.fields)
		explain_put(&dict, "changes", explain_changes(&message->header, &post->header, post->body != NULL, post->changes));
	explain_put(&dict, "recipients", recipients_value(post));
	explain_put(&dict, "told", told_value(post, at, verdict));
	at->facts = g_variant_ref_sink(g_variant_builder_end(&dict));
	explain->post = NULL;
}

/* ---- all of it ---- */

static const struct explain_post *find_post(const struct explain *explain, const struct explain_route *route)
{
	for (guint i = 0; route->list && i < explain->posts->len; i++) {
		const struct explain_post *post = g_ptr_array_index(explain->posts, i);

		if (post->facts && post->role == route->role && strcmp(post->list, route->list) == 0)
			return post;
	}
	return NULL;
}

/* Of a recipient that no post was made for: refused at RCPT, or with the bytes of the message. */
static void put_reply_alone(GVariantBuilder *dict, const struct explain_route *route, const char *reply)
{
	g_auto(GStrv) words = g_strsplit(reply ? reply : "", " ", 3);

	explain_put_text(dict, "list", route ? route->list : NULL);
	explain_put_text(dict, "role", route && route->list ? list_role_word(route->role) : NULL);
	/* Without any reply Postfix tries again. */
	explain_put_text(dict, "verdict", reply && *reply == '5' ? "refused" : "deferred");
	explain_put_number(dict, "code", reply ? g_ascii_strtoll(reply, NULL, 10) : 0);
	explain_put_text(dict, "status", g_strv_length(words) == 3 ? words[1] : "");
	explain_put_text(dict, "text", g_strv_length(words) == 3 ? words[2] : "");
	explain_put_text(dict, "stage", route && route->list ? "receive" : "route");
}

static GVariant *recipient_value(const struct explain *explain, guint place)
{
	/* Routes are in the order of the RCPTs, but one that was no address at all was never routed. */
	const char *address = g_ptr_array_index(explain->client.recipients, place);
	const struct explain_route *route = NULL;
	const char *reply = explain_client_reply(&explain->client, place);
	GVariantBuilder dict;

	for (guint i = 0; !route && i < explain->routes->len; i++)
		if (address_same(((struct explain_route *)g_ptr_array_index(explain->routes, i))->address, address))
			route = g_ptr_array_index(explain->routes, i);
	const struct explain_post *post = route ? find_post(explain, route) : NULL;
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_text(&dict, "address", address);
	explain_put_text(&dict, "reply", reply ? reply : "");
	if (post) {
		GVariantIter iterator;
		const char *name;
		GVariant *value;

		g_variant_iter_init(&iterator, post->facts);
		while (g_variant_iter_loop(&iterator, "{&sv}", &name, &value))
			explain_put(&dict, name, value);
	} else {
		put_reply_alone(&dict, route, reply);
	}
	return g_variant_builder_end(&dict);
}

GVariant *explain_answer(const struct explain *explain)
{
	const struct explain_client *client = &explain->client;
	GVariantBuilder dict, posts;

	g_variant_builder_init(&posts, G_VARIANT_TYPE("av"));
	for (guint i = 0; i < client->recipients->len; i++)
		g_variant_builder_add(&posts, "v", recipient_value(explain, i));
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put_number(&dict, "size", (gint64)client->message->len);
	explain_put_text(&dict, "sender", client->sender);
	explain_put_flag(&dict, "smtputf8", client->smtputf8);
	explain_put(&dict, "posts", g_variant_builder_end(&posts));
	return g_variant_builder_end(&dict);
}
