/*
 * May this post go out? First cut of the rules: subscribers, moderators and owners may post, others not, asked of the CRM now.
 * A question that the CRM does not answer is 451, never a refusal.
 */
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

struct verdict post_authorise(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint standing;
	g_autoptr(GVariant) answer = post_ask(post, WIRE_STANDING,
		g_variant_new("(ss)", post->list, post->message->author), -1, &verdict);

	post->decided = g_get_monotonic_time();
	if (!answer)
		return verdict;
	g_variant_get(answer, "(@(uuss)u)", NULL, &standing);
	if (standing & (STANDING_SUBSCRIBER | STANDING_MODERATOR | STANDING_OWNER))
		return VERDICT_UNDECIDED;
	g_autofree char *owner = list_role_address(post->list, "owner");
	return verdict_refused(
		"5.7.1", "only members may post to this list, and the From address is none of theirs; ask %s", owner);
}
