/*
 * DMARC: a post whose author's domain wants mail refused that neither its signature nor its servers vouch for, and whose signature breaks here, would be
 * refused by members' servers, and their refusals would count against the members. So then the mail is the list's own (RFC 7489 section 8, RFC 7960).
 *
 * "If needed" is the default: it changes nothing for a list that changes nothing, nor for a domain that asks for nothing; for the rest, the choice is
 * between this and posts that do not arrive. SPF is of no help: it is asked about the list's own envelope sender, which is no author's.
 */
#include <string.h>

#include "lib/mail/author.h"
#include "lib/mail/author_intact.h"
#include "lib/mail/munge.h"
#include "lmtpd/intake/post.h"

/* A signature of the author's own domain that passed, and will pass at the members' servers. */
static gboolean is_vouched_for(const struct post *post)
{
	const struct message *message = post->message;
	const GPtrArray *signatures = message->authentication.dkim;
	/* A text or a notice has another body, which is put in later. */
	gboolean same_body = !post->body && post->reception == RECEPTION_MAIL;

	for (guint i = 0; signatures && same_body && i < signatures->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(signatures, i);

		if (dkim->aligned && strcmp(dkim->result, "pass") == 0 && author_intact(&message->header, &post->header, i))
			return TRUE;
	}
	return FALSE;
}

/* Our own signature is the author's domain's, then. */
static gboolean is_own_domain(const struct post *post)
{
	const char *domain = strrchr(post->list, '@') + 1;
	const char *at = post->message->author ? strrchr(post->message->author, '@') : NULL;

	return at && strcmp(at + 1, domain) == 0 && *settings_strings(post->setup->knowledge->settings, SET_dkim_keys, domain);
}

static gboolean is_needed(const struct post *post)
{
	const char *policy = post->message->authentication.dmarc.policy;

	if (g_strcmp0(policy, "quarantine") != 0 && g_strcmp0(policy, "reject") != 0)
		return FALSE;
	return !is_own_domain(post) && !is_vouched_for(post);
}

static struct verdict wrap_up(struct post *post, const struct munge *munge)
{
	size_t length;
	GString *body = NULL;
	const char *data = post_body(post, &length);
	const struct wrap wrap = {
		.munge = *munge,
		.came = &post->message->header,
		.body = data,
		.length = length,
		.smtputf8 = post->smtputf8,
	};
	struct verdict verdict = munge_wrap(&wrap, &post->header, &body);

	if (verdict_is_final(&verdict))
		return verdict;
	if (post->body)
		g_string_free(post->body, TRUE);
	post->body = body;
	post_note_change(post, "wrapped in a mail from the list");
	return VERDICT_UNDECIDED;
}

struct verdict post_mitigate(struct post *post)
{
	const struct settings *settings = post->setup->knowledge->settings;
	const char *wish = settings_text(settings, SET_dmarc_mitigation, post->list);
	gboolean always = strcmp(wish, "munge") == 0 || strcmp(wish, "wrap") == 0;
	struct author author = {0};

	if (strcmp(wish, "none") == 0 || (!always && !is_needed(post)))
		return VERDICT_UNDECIDED;
	/* A variant comes when others have the post already: then there is no refusing. */
	if (strcmp(wish, "reject") == 0 && post->reception == RECEPTION_MAIL)
		return verdict_refused("5.7.1", "the domain in From asks that nobody else sends its mail (DMARC), and this list changes what it sends");
	/* Who has no clear author has passed a moderator, and has no name here. */
	struct verdict unclear = author_read(&post->message->header, TRUE, &author);
	const struct munge munge = {
		.list = post->list,
		.author = verdict_is_final(&unclear) ? NULL : author.address,
		.name = author.name,
		.reply_to = settings_text(settings, SET_reply_to, post->list),
	};
	struct verdict verdict = VERDICT_UNDECIDED;
	if (g_str_has_prefix(wish, "wrap")) {
		verdict = wrap_up(post, &munge);
	} else {
		munge_from(&munge, &post->header);
		post_note_change(post, "From is the list");
	}
	author_clear(&author);
	return verdict;
}
