/*
 * To everybody at once: dispatch gets the recipients and hands all but the last byte to Postfix; then we look whether our client
 * still waits for the answer; then the last byte goes.
 */
#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

enum { DEADLINE_NEAR = 15 }; /* seconds; less than that and Postfix might give up before our 250 reaches it */

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

struct verdict post_fan_out(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint role = (guint)recipients_role(post->role);
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) prepared = post_ask(
		post, WIRE_PREPARE, g_variant_new("(su@ay)", post->list, role, key), post->outgoing, &verdict);

	post->handed = g_get_monotonic_time();
	if (!prepared)
		return verdict;
	g_variant_get(prepared, "(@(uuss)u)", NULL, &post->members);
	verdict = client_waits(post);
	if (verdict_is_final(&verdict))
		return verdict;
	/* From here on only the answer counts, however late it is: see answer_fanout.c. */
	post->deadline = deadline_in(630);
	g_autoptr(GVariant) answer = post_ask(post, WIRE_COMMIT, g_variant_new("()"), -1, &verdict);
	return verdict;
}
