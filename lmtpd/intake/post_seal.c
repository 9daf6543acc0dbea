/*
 * Our link of the ARC chain (RFC 8617): what we found when the post came, signed over what leaves. The digests are made in lib/mail, dispatch signs them.
 * What other servers find in it is theirs to believe: it helps an author whose own signature a list has to break.
 *
 * The state of the chain that came is that of its arrival. Only where nobody looked then (a held post that goes out now, or `authenticate` is off), it is
 * found here. Knowingly not done: the link is not verified once more before it leaves, as our DKIM signatures are; dispatch has held each signature
 * against its key, and the digests are made by the code that validates.
 */
#include "lmtpd/intake/post_seal.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/mail/arc_seal.h"
#include "lib/mail/arc_verify.h"
#include "lib/mail/authres_write.h"
#include "lmtpd/intake/dns_door.h"

static const char *domain_of(const struct post *post)
{
	return strrchr(post->list, '@') + 1;
}

/* The setting's, or the first RSA key: RFC 8617 knows no other algorithm. */
static const struct dkim_sign_key *find_key(const struct post *post, const struct dkim_sign_key *keys, guint count)
{
	const char *wanted = settings_text(post->setup->knowledge->settings, SET_arc_key, domain_of(post));

	for (guint i = 0; i < count; i++)
		if (*wanted ? strcmp(keys[i].selector, wanted) == 0 : strcmp(keys[i].algorithm, "rsa-sha256") == 0)
			return &keys[i];
	return NULL;
}

static gboolean has_chain(const struct header *header)
{
	return header_count(header, ARC_SEAL) > 0 || header_count(header, ARC_SIGNATURE) > 0 || header_count(header, ARC_RESULTS) > 0;
}

static struct verdict find_state(struct post *post)
{
	struct message *message = post->message;
	struct authentication_arc *arc = &message->authentication.arc;
	struct verdict trouble = VERDICT_UNDECIDED;

	if (strcmp(arc->cv, "none") == 0 && has_chain(&message->header)) {
		const struct dkim_verify_message came = {
			.header = &message->header,
			.body = message->raw.data + message->body,
			.length = message->raw.length - message->body,
			.now = g_get_real_time() / G_USEC_PER_SEC,
		};
		struct dns_door dns;

		dns_door_open(&dns, post);
		arc_verify_message(&came, &dns.door, arc);
		trouble = dns.verdict;
		dns_door_close(&dns);
	}
	if (verdict_is_final(&trouble) || strcmp(arc->cv, "temperror") != 0)
		return trouble;
	return verdict_deferred("4.4.3", "the DNS of a server that passed the post on does not answer, so nobody knows the state of its ARC chain");
}

static void put_results(struct post *post, guint instance)
{
	const struct settings *settings = post->setup->knowledge->settings;
	const char *id = settings_text(settings, SET_authserv_id, domain_of(post));
	const char *at = post->message->author ? strrchr(post->message->author, '@') : NULL;
	g_autofree char *results =
		authres_write(*id ? id : process_hostname(settings), &post->message->authentication, at ? at + 1 : NULL);

	arc_seal_results(&post->header, instance, results);
}

static struct verdict add_link(struct post *post, const struct dkim_sign_message *message, const struct arc_seal_link *link)
{
	struct dkim_sign_draft draft;
	g_autoptr(GError) error = NULL;

	put_results(post, link->instance);
	if (!arc_seal_draft_signature(message, link, &draft, &error))
		return verdict_refused("5.6.0", "the message cannot be sealed: %s", error->message);
	struct verdict verdict = post_sign_draft(post, link->key, ARC_SIGNATURE, &draft);
	dkim_sign_clear(&draft);
	if (verdict_is_final(&verdict))
		return verdict;
	arc_seal_draft_seal(message, link, &draft);
	verdict = post_sign_draft(post, link->key, ARC_SEAL, &draft);
	dkim_sign_clear(&draft);
	return verdict;
}

struct verdict post_seal(struct post *post, const struct dkim_sign_message *message, const struct dkim_sign_key *keys, guint count)
{
	struct arc_seal_link link = {.key = find_key(post, keys, count)};

	/* A notice of our own came from nowhere: it continues no chain. */
	if (!link.key || post->message->raw.length == 0 || !settings_boolean(post->setup->knowledge->settings, SET_arc, domain_of(post)))
		return VERDICT_UNDECIDED;
	struct verdict verdict = find_state(post);
	if (verdict_is_final(&verdict))
		return verdict;
	link.cv = post->message->authentication.arc.cv;
	link.instance = arc_seal_instance(&post->header, link.cv);
	return link.instance ? add_link(post, message, &link) : VERDICT_UNDECIDED;
}
