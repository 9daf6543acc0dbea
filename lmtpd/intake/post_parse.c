/*
 * Understanding: the header, the structure, the one author, loops. What holds for the message is found once; what depends on the list (is it
 * a loop of this list?) is asked for each.
 * Mail to the people behind a role address only has to be a mail and no loop: whoever cannot post may still ask the owners why.
 */
#include "lib/mail/author.h"
#include "lib/mail/automatic.h"
#include "lib/mail/sanity.h"
#include "lib/mail/walk.h"
#include "lmtpd/intake/post.h"

static struct verdict check_structure(const struct message *message, gboolean smtputf8)
{
	struct walk walk = {0};
	struct verdict verdict;

	if (walk_message(message->raw.data, message->raw.length, &walk) == WALK_OK)
		verdict = sanity_check(&message->header, &walk, smtputf8);
	else
		verdict = verdict_refused("5.6.0", "the message has too many or too deeply nested parts");
	walk_clear(&walk);
	return verdict;
}

/* Who wrote it. Also for a mail with other flaws: From the list itself is a loop, whatever else is wrong. */
static struct verdict find_author(struct message *message, gboolean smtputf8)
{
	struct author author = {0};
	struct verdict verdict = author_read(&message->header, smtputf8, &author);

	message->author = g_steal_pointer(&author.address);
	author_clear(&author);
	return verdict;
}

/* What keeps a mail from being a list post, whatever the list, or wants a person to look at it. */
static struct verdict find_doubt(struct message *message, gboolean smtputf8)
{
	struct verdict author = find_author(message, smtputf8);
	struct verdict doubt = verdict_graver(author, check_structure(message, smtputf8));

	if (doubt.class == VERDICT_REFUSED)
		return doubt;
	if (!understand_message(message->raw.data, message->raw.length, &message->header, &message->says))
		return verdict_refused("5.6.0", "the message cannot be read as a mail");
	return doubt;
}

static struct verdict parse_message(struct message *message, gboolean smtputf8)
{
	guint odd;

	/* That names are odd, post_scan() has noted. */
	if (header_parse_odd(message->raw.data, message->raw.length, &message->header, &message->body, &odd) != HEADER_OK)
		return verdict_refused("5.6.0", "the header has a line that is no header field");
	message->doubt = find_doubt(message, smtputf8);
	return VERDICT_UNDECIDED;
}

/* What the list takes from processes. What was held has been taken, whatever the setting says when it goes out. */
static gboolean takes_generated(const struct post *post)
{
	return post->role == LIST_ROLE_POST &&
		(post->held || settings_is(post->setup->knowledge->settings, SET_auto_generated, post->list, "scenario"));
}

/* Before any refusal: what a robot sent is discarded, since a refusal would become a bounce to a robot. */
static struct verdict check_automatic(const struct post *post)
{
	const struct automatic_post question = {
		.header = &post->message->header,
		.list = post->list,
		.sender = post->envelope->sender,
		.author = post->message->author,
		.subject = post->message->says.subject,
		.takes_generated = takes_generated(post),
	};

	return automatic_check(&question);
}

struct verdict post_parse(struct post *post)
{
	struct message *message = post->message;

	if (!message->parsed) {
		message->parsed = TRUE;
		message->parse = parse_message(message, post->envelope->smtputf8);
	}
	if (verdict_is_final(&message->parse))
		return message->parse;
	struct verdict loop = check_automatic(post);
	if (verdict_is_final(&loop) || post->role != LIST_ROLE_POST)
		return loop;
	/* Whether what is unclear is held or not wanted at all, the list's scenario says: see post_unclear(). */
	return message->doubt.class == VERDICT_UNCLEAR ? VERDICT_UNDECIDED : message->doubt;
}
