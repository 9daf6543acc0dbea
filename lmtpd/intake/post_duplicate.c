/*
 * The same post by another path: its K is another one, since the envelope or the trace fields differ, but its author has written it once. Asked
 * before anything is decided about it, because who has it already has it by right. lib/mail/content_hash.h says what counts as the same.
 */
#include <openssl/evp.h>
#include <string.h>

#include "lib/mail/content_hash.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

G_STATIC_ASSERT((int)CONTENT_HASH_SIZE == (int)POST_KEY_SIZE);

/* The list stands in it, so that nobody can tell from the store that one post went to two lists. */
static gboolean hash(const struct post *post, guint8 key[POST_KEY_SIZE])
{
	const struct message *message = post->message;
	guint8 content[CONTENT_HASH_SIZE];
	EVP_MD_CTX *context;
	gboolean done;

	if (!content_hash(&message->header, message->raw.data + message->body, message->raw.length - message->body, content))
		return FALSE;
	context = EVP_MD_CTX_new();
	done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(context, post->list, strlen(post->list) + 1) == 1 &&
		EVP_DigestUpdate(context, content, sizeof(content)) == 1 && EVP_DigestFinal_ex(context, key, NULL) == 1;
	EVP_MD_CTX_free(context);
	return done;
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
