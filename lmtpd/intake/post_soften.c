/*
 * Refusals that would become bounces (HOSTILE rule B). Postfix answers our 5xx with a bounce to the envelope sender, which anybody can write
 * there. So the list's owner says what becomes of a refusal whose envelope sender nothing proves: the setting unauthenticated_refusals.
 *
 * Proved is who is logged in, a sender whose SPF passed at our border, and one of the author's own domain under that domain's signature. A
 * signature alone does not do: its author may have written anybody into the envelope.
 * Of what a process wrote a refusal never goes out at all: a list that takes such mail (auto_generated) tells its log.
 * Knowingly not softened: an address at RCPT that is no list, and a message over the size limit: Postfix itself would say the same.
 */
#include <string.h>

#include "lib/mail/automatic.h"
#include "lmtpd/intake/post.h"

static gboolean is_in_domain(const char *domain, const char *organisation)
{
	size_t length = strlen(domain), size = strlen(organisation);

	return length >= size && g_ascii_strcasecmp(domain + length - size, organisation) == 0 &&
		(length == size || domain[length - size - 1] == '.');
}

/* Whether the envelope sender's domain is the author's, or one of the same organisation. */
static gboolean is_authors_sender(const struct post *post)
{
	const char *at = strrchr(post->envelope->sender, '@');
	const char *organisation = post->message->authentication.dmarc.organisation;

	if (!at || !post->message->author)
		return FALSE;
	return is_in_domain(at + 1, organisation ? organisation : strrchr(post->message->author, '@') + 1);
}

static gboolean is_proved(const struct post *post)
{
	const struct authentication *authentication = &post->message->authentication;

	if (authentication->sasl.login || strcmp(authentication->spf.result, "pass") == 0)
		return TRUE;
	for (guint i = 0; authentication->dkim && i < authentication->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(authentication->dkim, i);

		if (dkim->aligned && strcmp(dkim->result, "pass") == 0)
			return is_authors_sender(post);
	}
	return FALSE;
}

static gboolean is_set_to(const struct post *post, const char *word)
{
	return strcmp(settings_text(post->setup->knowledge->settings, SET_unauthenticated_refusals, post->list), word) == 0;
}

gboolean post_holds_refusals(const struct post *post)
{
	return !post->held && is_set_to(post, "hold") && !is_proved(post);
}

struct verdict post_soften(struct post *post, const struct verdict *refusal)
{
	const struct message *message = post->message;

	/* Let to the rules by auto_generated; a process gets no answer, and a bounce would be one (RFC 3834 section 2). */
	if (message->header.fields && automatic_is_generated(&message->header))
		return verdict_discarded("%s (and a process wrote it, which nobody answers)", refusal->text);
	if (post->role != LIST_ROLE_POST || is_set_to(post, "refuse"))
		return *refusal;
	/* What was refused before anybody asked who its sender is; without a header there is nothing to ask about. */
	if (!message->authenticated && message->parsed && !verdict_is_final(&message->parse)) {
		struct verdict verdict = post_authenticate(post);

		if (verdict_is_final(&verdict))
			return verdict;
	}
	/* "hold" comes here with what can never go out: there is nothing to decide about. */
	return is_proved(post) ? *refusal : verdict_discarded("%s (and its sender proved nothing)", refusal->text);
}
