/*
 * The line that a post leaves in the log:
 * 4bT2xk1Zz: list=<choir@example.org>, role=post, msgid=<…>, size=1234, members=412, digest=12, delay=0.31,
 * delays=0.01/0.02/0.05/0.23, stage=fan-out, rule=send.private:5, auth=dkim, dmarc=pass, dsn=2.0.0, status=sent (queued as 308625300ED)
 * Members are those who get it now, digest those who get it later, at the modes of this moment. The first word is Postfix's own queue id where XFORWARD told it. The four delays: understanding and authorising, cooking and
 * signing, recipients and hand-over, Postfix's answer. auth and dmarc are "-" where nobody asked, and auth where a moderator decided. The sender stands in Postfix's log under the same queue id and not here.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lmtpd/intake/post.h"

static double seconds(gint64 from, gint64 to)
{
	return from > 0 && to > from ? (double)(to - from) / G_USEC_PER_SEC : 0;
}

void post_log(const struct post *post, const struct verdict *verdict)
{
	gint64 now = g_get_monotonic_time();
	/* A stage that was not reached took no time. */
	gint64 decided = post->decided ? post->decided : now;
	gint64 cooked = post->cooked ? post->cooked : MAX(decided, post->started);
	gint64 handed = post->handed ? post->handed : cooked;
	const char *id = post->message->says.message_id ? post->message->says.message_id : "<>";
	gboolean authenticated = post->message->authenticated;
	g_autofree char *message_id = text_printable_dup(id, strlen(id), 200);

	log_info("%s: list=<%s>, role=%s, msgid=%s, size=%zu, members=%u, digest=%u, delay=%.2f, delays=%.2f/%.2f/%.2f/%.2f, "
			 "stage=%s, rule=%s, auth=%s, dmarc=%s, dsn=%s, status=%s (%s)",
		post->envelope->queue_id ? post->envelope->queue_id : "-", post->list, list_role_word(post->role),
		message_id, post->message->raw.length, post_members(post), post_digest_members(post),
		seconds(post->started, now), seconds(post->started, decided), seconds(decided, cooked), seconds(cooked, handed),
		post->handed ? seconds(post->handed, now) : 0, post->stage, post->rule ? post->rule : "-",
		authenticated && post->method ? post->method : "-",
		authenticated ? post->message->authentication.dmarc.result : "-", verdict->status,
		verdict_word(verdict->class), verdict->text);
}
