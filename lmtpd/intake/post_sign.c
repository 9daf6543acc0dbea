/*
 * Our DKIM signatures: here the fields and digests are made, dispatch signs the digests, and here the finished message is verified against the
 * public halves before it may leave. The ARC seal comes last (post_seal.c). Then it becomes the sealed memory file that dispatch hands to Postfix.
 * A domain without keys is not signed: `rollcall check` says so, and each start.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/mail/dkim_check.h"
#include "lib/mail/dkim_sign.h"
#include "lib/mail/outgoing.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post_seal.h"

struct signing {
	struct dkim_sign_message message;
	struct dkim_sign_key keys[LIMIT_SIGNATURES];
	guint count;
	GVariant *answer; /* holds what `keys` point into */
};

static const char *domain_of(const struct post *post)
{
	return strrchr(post->list, '@') + 1;
}

static struct verdict get_keys(struct post *post, struct signing *signing)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	const char *selector, *algorithm;
	GVariant *public_half;
	GVariantIter iterator;

	signing->answer = post_ask(post, WIRE_KEYS, g_variant_new("(s)", domain_of(post)), -1, &verdict);
	if (!signing->answer)
		return verdict;
	g_autoptr(GVariant) keys = g_variant_get_child_value(signing->answer, 1);
	g_variant_iter_init(&iterator, keys);
	while (g_variant_iter_next(&iterator, "(&s&s@ay)", &selector, &algorithm, &public_half)) {
		gsize length;
		const guint8 *der = g_variant_get_fixed_array(public_half, &length, 1);

		/* The bytes live in the answer, which outlives this child value. */
		g_variant_unref(public_half);
		if (signing->count == LIMIT_SIGNATURES)
			return verdict_deferred("4.3.5", "too many DKIM keys for one domain");
		signing->keys[signing->count++] = (struct dkim_sign_key){
			.domain = domain_of(post),
			.selector = selector,
			.algorithm = algorithm,
			.public_der = der,
			.public_length = length,
		};
	}
	return VERDICT_UNDECIDED;
}

static struct verdict trouble(const struct post *post, const GError *error)
{
	if (g_error_matches(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_MESSAGE))
		return verdict_refused("5.6.0", "the message cannot be signed: %s", error->message);
	log_warning("list=<%s>: DKIM: %s", post->list, error->message);
	return verdict_deferred("4.7.5", "cannot sign the post, try again later");
}

struct verdict post_sign_draft(struct post *post, const struct dkim_sign_key *key, const char *name, const struct dkim_sign_draft *draft)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	gsize length;
	GVariant *digest = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, draft->digest, DKIM_SIGN_DIGEST, 1);
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_SIGN, g_variant_new("(ss@ay)", key->domain, key->selector, digest), -1, &verdict);

	if (!answer)
		return verdict;
	g_autoptr(GVariant) signature = g_variant_get_child_value(answer, 1);
	const guint8 *data = g_variant_get_fixed_array(signature, &length, 1);
	g_autoptr(GBytes) bytes = g_bytes_new(data, length);
	dkim_sign_finish_as(&post->header, name, draft, bytes);
	return VERDICT_UNDECIDED;
}

static struct verdict sign_all(struct post *post, struct signing *signing)
{
	struct dkim_sign_draft drafts[LIMIT_SIGNATURES] = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;

	if (!dkim_sign_drafts(&signing->message, signing->keys, signing->count, drafts, &error))
		return trouble(post, error);
	/* Backwards, since each goes on top: the first key of the setting ends up first. */
	for (guint i = signing->count; i-- > 0 && !verdict_is_final(&verdict);)
		verdict = post_sign_draft(post, &signing->keys[i], "DKIM-Signature", &drafts[i]);
	for (guint i = 0; i < signing->count; i++)
		dkim_sign_clear(&drafts[i]);
	if (verdict_is_final(&verdict))
		return verdict;
	return dkim_check(&signing->message, signing->keys, signing->count, &error) ? VERDICT_UNDECIDED
																				 : trouble(post, error);
}

static struct verdict sign(struct post *post)
{
	struct signing signing = {
		.message = {
			.header = &post->header,
			.now = g_get_real_time() / G_USEC_PER_SEC,
			.expire = settings_number(post->setup->knowledge->settings, SET_dkim_expire, domain_of(post)),
		},
	};
	signing.message.body = post_body(post, &signing.message.length);
	struct verdict verdict = get_keys(post, &signing);

	if (!verdict_is_final(&verdict) && signing.count > 0)
		verdict = sign_all(post, &signing);
	if (!verdict_is_final(&verdict))
		verdict = post_seal(post, &signing.message, signing.keys, signing.count);
	g_clear_pointer(&signing.answer, g_variant_unref);
	return verdict;
}

struct verdict post_sign(struct post *post)
{
	size_t length;
	struct io_mapping outgoing;
	struct verdict verdict = post->role == LIST_ROLE_POST ? sign(post) : VERDICT_UNDECIDED;

	if (verdict_is_final(&verdict))
		return verdict;
	const char *body = post_body(post, &length);
	post->outgoing = outgoing_write(&post->header, body, length);
	post->cooked = g_get_monotonic_time();
	if (post->outgoing < 0 || !io_map(post->outgoing, TRUE, &outgoing))
		return verdict_deferred("4.3.1", "cannot make the outgoing message: %s", g_strerror(errno));
	const char *flaw = outgoing_lint(outgoing.data, outgoing.length);
	io_unmap(&outgoing);
	/* What Postfix would mend after us would break the signature; nothing that passed the cook stage should get here. */
	if (flaw)
		return verdict_refused("5.6.0", "the message cannot be passed on unchanged: %s", flaw);
	return VERDICT_UNDECIDED;
}
