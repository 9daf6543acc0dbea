/*
 * The idempotency key K = SHA-256(list address, NUL, role, NUL, envelope sender, NUL, raw DATA bytes). It is the same on each
 * of Postfix's retries, so a post that is in the queue already is answered 250 and not sent again.
 * The role stands in it because the owners' copy and the list's copy of one mail are two deliveries.
 */
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

static gboolean hash(struct post *post)
{
	const struct io_mapping *raw = &post->message->raw;
	/* A released post is another delivery than the one that was held: its own K, the same on each attempt. */
	g_autofree char *role = post->held ? g_strdup_printf("held %" G_GINT64_FORMAT, post->held)
									   : g_strdup(list_role_word(post->role));
	const char *const words[] = {post->list, role, post->envelope->sender, NULL};

	return post_key_make(words, raw->data, raw->length, post->key);
}

struct verdict post_claim(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;

	if (!post->keyed && !hash(post))
		return verdict_deferred("4.3.0", "cannot hash the message");
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_CLAIM, g_variant_new("(s@ay)", post->list, key), -1, &verdict);
	return verdict;
}
