/*
 * How sure are we of who wrote it? Runs once for a message, whatever the number of its lists: each part looks at the message as it came and
 * fills its own piece of struct authentication; what follows from them (the method of scenarios) is found here, in one place.
 *
 * Only trouble that could change the verdict defers: where one fact settles it, a name server that is down elsewhere costs nothing. A held post
 * is not looked at again when it goes out: a week later the signer's key may be gone, and what counted was its arrival.
 */
#include "lmtpd/intake/post.h"

#include <string.h>

#include "lib/mail/arc_verify.h"
#include "lib/mail/dkim_verify.h"
#include "lib/mail/dmarc.h"
#include "lib/mail/sasl_match.h"
#include "lmtpd/intake/dns_door.h"
#include "lmtpd/intake/post_border.h"

/* In the order of their strength. */
static const char *const methods[] = {"smtp", "dkim", "md5", "smime"};

static gsize strength(const char *method)
{
	for (gsize i = G_N_ELEMENTS(methods) - 1; i > 0; i--)
		if (strcmp(methods[i], method) == 0)
			return i;
	return 0;
}

static const char *stronger(const char *method, const char *other)
{
	return strength(other) > strength(method) ? other : method;
}

/* The strongest of what was found; a login counts as the site says. */
static const char *find_method(const struct post *post)
{
	const struct authentication *found = &post->message->authentication;
	const char *method = authentication_is_signed(found) ? "dkim" : "smtp";

	if (found->sasl.matches)
		method = stronger(method, settings_text(post->setup->knowledge->settings, SET_sasl_method, NULL));
	return strcmp(found->smime.result, "pass") == 0 ? "smime" : method;
}

/* What our own servers told: who logged in, and whether the envelope's domain may send from where it came. Asks nobody. */
static void hear_border(const struct post *post, struct authentication *found)
{
	const struct settings *settings = post->setup->knowledge->settings;
	const struct sasl_match match = {
		.how = settings_text(settings, SET_sasl_match, NULL),
		.domains = settings_strings(settings, SET_sasl_domains, NULL),
	};
	struct post_border border;

	post_border_find(post, &border);
	border_read_spf(&border.setup, &border.border, &post->message->header, &found->spf);
	found->sasl.login = g_strdup(post->envelope->sasl_user ? post->envelope->sasl_user : border.border.login);
	if (found->sasl.login && post->message->author)
		found->sasl.matches = sasl_match(&match, found->sasl.login, post->message->author);
	border_clear(&border.border);
}

static void look_at_signatures(struct message *message, const struct txt_door *door)
{
	const struct dkim_verify_message came = {
		.header = &message->header,
		.body = message->raw.data + message->body,
		.length = message->raw.length - message->body,
		.now = g_get_real_time() / G_USEC_PER_SEC,
	};

	dkim_verify_message(&came, door, &message->authentication);
	arc_verify_message(&came, door, &message->authentication.arc);
}

/* Each part fills its piece; DMARC comes last, since it judges what the others found. */
static struct verdict look(struct post *post)
{
	struct message *message = post->message;
	const char *at = message->author ? strrchr(message->author, '@') : NULL;
	struct dns_door dns;

	hear_border(post, &message->authentication);
	post_smime(post);
	if (!settings_boolean(post->setup->knowledge->settings, SET_authenticate, NULL))
		return VERDICT_UNDECIDED;
	dns_door_open(&dns, post);
	look_at_signatures(message, &dns.door);
	gboolean settled = dmarc_evaluate(at ? at + 1 : NULL, &dns.door, &message->authentication);
	struct verdict trouble = dns.verdict;
	dns_door_close(&dns);
	if (settled)
		return VERDICT_UNDECIDED;
	if (verdict_is_final(&trouble))
		return trouble;
	return verdict_deferred("4.4.3", "the DNS of the author's domain does not answer, so nobody knows whether he wrote it");
}

struct verdict post_authenticate(struct post *post)
{
	struct message *message = post->message;

	if (!message->authenticated) {
		message->authenticated = TRUE;
		message->authenticate = look(post);
	}
	/* A moderator's word stands in for any method. */
	if (post->method)
		post->method = stronger(post->method, find_method(post));
	return message->authenticate;
}
