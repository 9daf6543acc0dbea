/*
 * The same post by another path: its K is another one, since the envelope or the trace fields differ, but its author has written it once. Asked
 * before anything is decided about it, because who has it already has it by right. lib/mail/content_hash.h says what counts as the same.
 */
#include "lib/mail/content_hash.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

/* The list stands in it, so that nobody can tell from the store that one post went to two lists. */
static gboolean hash(const struct post *post, guint8 key[POST_KEY_SIZE])
{
	const struct message *message = post->message;
	const char *const words[] = {post->list, NULL};
	guint8 content[CONTENT_HASH_SIZE];

	return content_hash(&message->header, message->raw.data + message->body, message->raw.length - message->body, content) &&
		post_key_make(words, (const char *)content, sizeof(content), key);
}

struct verdict post_duplicate(struct post *post)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint8 key[POST_KEY_SIZE];

	/* Without a name of its own no post is another one's copy. */
	if (settings_number(post->setup->knowledge->settings, SET_duplicates, post->list) == 0 || !hash(post, key))
		return VERDICT_UNDECIDED;
	GVariant *bytes = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_DUPLICATE, g_variant_new("(s@ay)", post->list, bytes), -1, &verdict);
	return verdict;
}
