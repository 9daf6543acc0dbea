/*
 * A message that has killed three children: nothing of it is read any more. Its bytes are held for the owners, who are told what is known without
 * reading: list, envelope sender, size. Nobody else hears of it, since who its author is stands in the message. See poison.h.
 */
#include <errno.h>

#include "lib/mail/describe.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

static GVariant *collect_facts(const struct post *post)
{
	const char *language = settings_text(post->setup->knowledge->settings, SET_language, post->list);
	g_autofree char *size = describe_size(post->message->raw.length, language);
	GVariantBuilder facts;

	g_variant_builder_init(&facts, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&facts, "{ss}", "size", size);
	g_variant_builder_add(&facts, "{ss}", "role", list_role_word(post->role));
	g_variant_builder_add(&facts, "{ss}", "answerable", "no");
	if (post->smtputf8)
		g_variant_builder_add(&facts, "{ss}", "smtputf8", "yes");
	return g_variant_builder_end(&facts);
}

struct verdict post_poison(struct post *post)
{
	const struct io_mapping *raw = &post->message->raw;
	struct verdict verdict = post_claim(post);

	if (verdict_is_final(&verdict))
		return verdict;
	io_autofd int message = io_memory_file_with("held", raw->data, raw->length);

	if (message < 0)
		return verdict_deferred("4.3.1", "cannot hold the post: %s", g_strerror(errno));
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post->key, POST_KEY_SIZE, 1);
	GVariant *arguments = g_variant_new("(s@ayusss@a{ss})", post->list, key, (guint)POST_HOLD_UNPARSED, "", post->envelope->sender,
		"held-unparsed", collect_facts(post));
	g_autoptr(GVariant) answer = post_ask(post, WIRE_HOLD, arguments, message, &verdict);
	return verdict.class == VERDICT_SENT ? verdict_held("%s, unread: it has ended %d processes that read it", verdict.text, POISON_DEATHS)
					     : verdict;
}
