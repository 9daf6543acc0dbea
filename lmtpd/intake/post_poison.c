/*
 * A message that has killed three children: nothing of it is read any more. Its bytes are held for the owners, who are told what is known without
 * reading: list, envelope sender, size. Nobody else hears of it, since who its author is stands in the message. See poison.h.
 */
#include "lib/mail/describe.h"
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
	struct verdict verdict = post_claim(post);

	if (verdict_is_final(&verdict))
		return verdict;
	verdict = post_hold_ask(post, POST_HOLD_UNPARSED, "", "held-unparsed", collect_facts(post));
	return verdict.class == VERDICT_HELD ? verdict_held("%s, unread: it has ended %d processes that read it", verdict.text, POISON_DEATHS)
					     : verdict;
}
