/*
 * To everybody at once: dispatch reads who gets it, in which way, and takes one variant after the other: all but the last byte goes to Postfix; then
 * we look whether our client still waits for the answer; then the last byte goes. What is not sent when something fails is sent
 * on the retry, and only that.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/archive_place.h"
#include "lib/mail/address_list.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

enum {
	DEADLINE_NEAR = 15,  /* seconds; less than that and Postfix might give up before our 250 reaches it; post_deadline is never so short */
	ADDRESSED = 24 * 1024, /* bytes of addresses that are told to dispatch: whoever stands behind them gets a second copy */
	OTHER_LISTS = 20,
};

/*
 * Mail to -request, -subscribe and -unsubscribe is for a person in this version, so the owners get it.
 */
static enum list_role recipients_role(enum list_role role)
{
	switch (role) {
	case LIST_ROLE_POST:
	case LIST_ROLE_EDITOR:
		return role;
	case LIST_ROLE_OWNER:
	case LIST_ROLE_REQUEST:
	case LIST_ROLE_SUBSCRIBE:
	case LIST_ROLE_UNSUBSCRIBE:
		return LIST_ROLE_OWNER;
	case LIST_ROLE_BOUNCES:
	case LIST_ROLE_CONFIRM:
		break;
	}
	log_panic("mail to %s has no recipients", list_role_word(role));
}

/* In doubt the client has gone: a post that nobody waits for is sent on the retry, and only then. */
static struct verdict client_waits(const struct post *post)
{
	if (post->setup->peer >= 0 && !session_peer_present(post->setup->peer))
		return verdict_deferred("4.4.2", "the client is gone before the last byte");
	if (deadline_left(post->deadline) < DEADLINE_NEAR * 1000)
		return verdict_deferred("4.4.7", "too late to hand the post over in time");
	return VERDICT_UNDECIDED;
}

/* ---- who ---- */

static gboolean is_on(const struct post *post, enum setting setting)
{
	return post->role == LIST_ROLE_POST && settings_boolean(post->setup->knowledge->settings, setting, post->list);
}

/* Who stands in To or Cc has a copy, where the list takes that for one. */
static GVariant *collect_addressed(const struct post *post)
{
	static const char *const names[] = {"To", "Cc"};
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	GVariantBuilder builder;
	gsize bytes = 0;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_STRING_ARRAY);
	for (gsize i = 0; i < G_N_ELEMENTS(names) && is_on(post, SET_nodupes); i++) {
		g_autofree char *value = header_value(&post->message->header, names[i], 0);

		if (value)
			address_list_read(value, addresses);
	}
	for (guint i = 0; i < addresses->len; i++) {
		bytes += strlen(addresses->pdata[i]) + 1;
		if (bytes <= ADDRESSED)
			g_variant_builder_add(&builder, "s", addresses->pdata[i]);
	}
	return g_variant_builder_end(&builder);
}

/* Lists of the same envelope that have the message already: their members have it, too. */
static GVariant *collect_others(const struct post *post)
{
	const GPtrArray *recipients = is_on(post, SET_nodupes_lists) ? post->envelope->recipients : NULL;
	GVariantBuilder builder;
	guint count = 0;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_STRING_ARRAY);
	for (guint i = 0; recipients && i < recipients->len && count < OTHER_LISTS; i++) {
		const struct session_recipient *other = g_ptr_array_index(recipients, i);

		if (other->role != LIST_ROLE_POST || other->verdict.class != VERDICT_SENT || strcmp(other->list, post->list) == 0)
			continue;
		g_variant_builder_add(&builder, "s", other->list);
		count++;
	}
	return g_variant_builder_end(&builder);
}

GVariant *post_roster(struct post *post, struct verdict *verdict)
{
	const char *author = post->message->author ? post->message->author : "";
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_ROSTER,
		g_variant_new("(su@ays@as@as)", post->list, (guint)recipients_role(post->role), key, author, collect_addressed(post),
			collect_others(post)),
		-1, verdict);

	return answer ? g_variant_get_child_value(answer, 1) : NULL;
}

/* ---- one variant ---- */

/* All of it, or one batch: then the verdict is NONE, and the next one is to be prepared. */
static struct verdict hand_over_part(struct post *post, enum reception reception, int message)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GVariant) ready =
		post_ask(post, WIRE_PREPARE, g_variant_new("(s)", reception_word(reception)), message, &verdict);

	if (!ready)
		return verdict;
	verdict = client_waits(post);
	if (verdict_is_final(&verdict))
		return verdict;
	/* From here on only the answer counts, however late it is: see answer_fanout.c. */
	struct deadline before = post->deadline;
	post->deadline = deadline_in(POST_ANSWER_TIME);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_COMMIT, g_variant_new("()"), -1, &verdict);
	post->deadline = before;
	return verdict;
}

struct verdict post_hand_over(struct post *post, enum reception reception, int message)
{
	struct verdict verdict;

	do
		verdict = hand_over_part(post, reception, message);
	while (!verdict_is_final(&verdict));
	return verdict;
}

static struct verdict send_variant(struct post *post, enum reception reception)
{
	io_autofd int made = -1;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (reception != RECEPTION_MAIL)
		verdict = post_variant(post, reception, &made);
	if (verdict_is_final(&verdict))
		return verdict;
	return post_hand_over(post, reception, made >= 0 ? made : post->outgoing);
}

/* ---- all of them ---- */

struct verdict post_finish(struct post *post, gboolean digest)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	const struct settings *settings = post->setup->knowledge->settings;
	g_autofree char *id = header_value(&post->header, "Message-ID", 0);
	g_autofree char *url = digest ? post_page(post, SET_archived_at, id) : NULL;
	gboolean kept = digest || (post->role == LIST_ROLE_POST && archive_place_is_set(settings, post->list));
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_FINISH, g_variant_new("(sb)", url ? url : "", digest), kept ? post->outgoing : -1, &verdict);

	return verdict;
}

static guint count_ways(const struct post *post, gboolean digest)
{
	guint count = 0;

	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if (reception_is_digest((enum reception)i) == digest)
			count += post->ways[i];
	return count;
}

guint post_members(const struct post *post)
{
	return count_ways(post, FALSE);
}

guint post_digest_members(const struct post *post)
{
	return count_ways(post, TRUE);
}

static gboolean read_ways(struct post *post, GVariant *ways)
{
	GVariantIter iterator;
	const char *way;
	guint count;

	g_variant_iter_init(&iterator, ways);
	while (g_variant_iter_next(&iterator, "(&su)", &way, &count)) {
		enum reception reception;

		if (!reception_find(way, &reception) || reception == RECEPTION_NOMAIL)
			return FALSE;
		post->ways[reception] = count;
	}
	return TRUE;
}

/* All is done but what Postfix may have: whoever looks after the list is asked to look. The author has heard nothing, and need not. */
static struct verdict hold_ambiguous(struct post *post)
{
	static const char *const quiet[] = {"quiet", NULL};
	const struct rules_decision decision = {.reason = "held-ambiguous", .modifiers = quiet};

	return post_hold(post, POST_HOLD_AMBIGUOUS, &decision);
}

struct verdict post_fan_out(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GVariant) ways = post_roster(post, &verdict);

	post->handed = g_get_monotonic_time();
	if (!ways)
		return verdict;
	if (!read_ways(post, ways))
		return verdict_deferred("4.3.0", "internal trouble (roster)");
	for (guint i = 0; i < RECEPTION_VARIANTS; i++) {
		if (post->ways[i] == 0 || reception_is_digest((enum reception)i))
			continue;
		verdict = send_variant(post, (enum reception)i);
		/* SENT is what each variant becomes, now or before; HELD is for the end. */
		if (verdict.class != VERDICT_SENT && verdict.class != VERDICT_HELD)
			return verdict;
	}
	verdict = post_finish(post, post_digest_members(post) > 0);
	return verdict.class == VERDICT_HELD ? hold_ambiguous(post) : verdict;
}
