/* The keys' public side, and signatures over digests. The private halves never leave this process. */
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"

static GVariant *bytes_variant(GBytes *bytes)
{
	return g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

GVariant *answer_keys(struct phase *phase, GVariant *arguments, int fd)
{
	const char *domain;
	GVariantBuilder builder;

	g_variant_get(arguments, "(&s)", &domain);
	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ssay)"));
	g_autoptr(GPtrArray) keys = keys_for_domain(phase->worker->keys, domain);
	for (guint i = 0; i < keys->len; i++) {
		const struct keys_public *key = g_ptr_array_index(keys, i);

		g_variant_builder_add(
			&builder, "(ss@ay)", key->selector, key->algorithm, bytes_variant(key->public_der));
	}
	return g_variant_new("(@(uuss)a(ssay))", wire_verdict(&VERDICT_UNDECIDED), &builder);
}

GVariant *answer_sign(struct phase *phase, GVariant *arguments, int fd)
{
	const char *domain, *selector;
	gsize length;
	g_autoptr(GVariant) digest = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) signature = NULL;
	struct verdict verdict = VERDICT_UNDECIDED;

	g_variant_get(arguments, "(&s&s@ay)", &domain, &selector, &digest);
	const guint8 *data = g_variant_get_fixed_array(digest, &length, 1);
	signature = keys_sign(phase->worker->keys, domain, selector, data, length, &error);
	if (!signature) {
		g_autofree char *clean = text_printable_dup(domain, strlen(domain), LIMIT_ADDRESS);

		log_warning("cannot sign for %s: %s", clean, error->message);
		verdict = verdict_deferred("4.7.5", "cannot sign the post, try again later");
		signature = g_bytes_new(NULL, 0);
	}
	return g_variant_new("(@(uuss)@ay)", wire_verdict(&verdict), bytes_variant(signature));
}
