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
#include "lmtpd/intake/dns_door.h"

/* In the order of their strength. */
static const char *const methods[] = {"smtp", "dkim", "md5", "smime"};

static gsize strength(const char *method)
{
	for (gsize i = G_N_ELEMENTS(methods) - 1; i > 0; i--)
		if (strcmp(methods[i], method) == 0)
			return i;
	return 0;
}

/* Relaxed alignment is not enough where the domain wants the strict one and so disowns the message. */
static gboolean is_signed_by_domain(const struct authentication *authentication)
{
	if (strcmp(authentication->dmarc.result, "fail") == 0)
		return FALSE;
	for (guint i = 0; authentication->dkim && i < authentication->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(authentication->dkim, i);

		if (dkim->aligned && strcmp(dkim->result, "pass") == 0)
			return TRUE;
	}
	return FALSE;
}

static const char *find_method(const struct authentication *authentication)
{
	if (strcmp(authentication->smime.result, "pass") == 0)
		return "smime";
	return is_signed_by_domain(authentication) ? "dkim" : "smtp";
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
	if (post->method) {
		const char *method = find_method(&message->authentication);

		if (strength(method) > strength(post->method))
			post->method = method;
	}
	return message->authenticate;
}
