/* struct authentication to GVariant and back; see authentication_variant.h. */
#include "lib/mail/authentication_variant.h"

#include <string.h>

#include "lib/base/limits.h"

enum { TEXT = 1000 }; /* bytes of one text */

/* Foreign bytes (a d=, a signer's address) may be anything; a GVariant's string is UTF-8. */
static GVariant *string(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), (gsize)TEXT));

	return g_variant_new_string(valid);
}

static void put(GVariantBuilder *builder, const char *key, const char *text)
{
	if (!text)
		return;
	g_variant_builder_add(builder, "{sv}", key, string(text));
}

static void put_boolean(GVariantBuilder *builder, const char *key, gboolean value)
{
	g_variant_builder_add(builder, "{sv}", key, g_variant_new_boolean(value));
}

static GVariant *one_dkim(const struct authentication_dkim *dkim)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "domain", dkim->domain);
	put(&builder, "selector", dkim->selector);
	put(&builder, "algorithm", dkim->algorithm);
	put(&builder, "result", dkim->result);
	put_boolean(&builder, "aligned", dkim->aligned);
	put(&builder, "reason", dkim->reason);
	return g_variant_builder_end(&builder);
}

static GVariant *all_dkim(const GPtrArray *signatures, guint count)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("av"));
	for (guint i = 0; i < count; i++)
		g_variant_builder_add(&builder, "v", one_dkim(g_ptr_array_index(signatures, i)));
	return g_variant_builder_end(&builder);
}

static GVariant *spf(const struct authentication_spf *found)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "result", found->result);
	put(&builder, "domain", found->domain);
	put_boolean(&builder, "aligned", found->aligned);
	return g_variant_builder_end(&builder);
}

static GVariant *dmarc(const struct authentication_dmarc *found)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "result", found->result);
	put(&builder, "policy", found->policy);
	put(&builder, "domain", found->domain);
	put(&builder, "organisational_domain", found->organisation);
	put_boolean(&builder, "testing", found->testing);
	return g_variant_builder_end(&builder);
}

static GVariant *arc(const struct authentication_arc *found)
{
	GVariantBuilder builder, sealers;

	g_variant_builder_init(&sealers, G_VARIANT_TYPE("av"));
	for (guint i = 0; found->sealers && i < found->sealers->len; i++)
		g_variant_builder_add(&sealers, "v", string(g_ptr_array_index(found->sealers, i)));
	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "cv", found->cv);
	g_variant_builder_add(&builder, "{sv}", "instances", g_variant_new_int64(found->instances));
	g_variant_builder_add(&builder, "{sv}", "sealers", g_variant_builder_end(&sealers));
	put(&builder, "reason", found->reason);
	return g_variant_builder_end(&builder);
}

static GVariant *smime(const struct authentication_smime *found)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "result", found->result);
	put(&builder, "signer", found->signer);
	put(&builder, "reason", found->reason);
	return g_variant_builder_end(&builder);
}

static GVariant *sasl(const struct authentication_sasl *found)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	put(&builder, "login", found->login);
	put_boolean(&builder, "matches", found->matches);
	return g_variant_builder_end(&builder);
}

static GVariant *to_variant(const struct authentication *found, const char *method, guint signatures)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&builder, "{sv}", "dkim", all_dkim(found->dkim, signatures));
	g_variant_builder_add(&builder, "{sv}", "spf", spf(&found->spf));
	g_variant_builder_add(&builder, "{sv}", "dmarc", dmarc(&found->dmarc));
	g_variant_builder_add(&builder, "{sv}", "arc", arc(&found->arc));
	g_variant_builder_add(&builder, "{sv}", "smime", smime(&found->smime));
	g_variant_builder_add(&builder, "{sv}", "sasl", sasl(&found->sasl));
	put(&builder, "method", method);
	return g_variant_builder_end(&builder);
}

GVariant *authentication_to_variant(const struct authentication *authentication, const char *method)
{
	return to_variant(authentication, method, authentication->dkim ? authentication->dkim->len : 0);
}

char *authentication_to_text(const struct authentication *authentication, gsize limit)
{
	for (guint count = authentication->dkim ? authentication->dkim->len : 0;; count--) {
		g_autoptr(GVariant) variant = g_variant_ref_sink(to_variant(authentication, NULL, count));
		g_autofree char *text = g_variant_print(variant, TRUE);

		if (strlen(text) <= limit)
			return g_steal_pointer(&text);
		if (count == 0)
			return NULL;
	}
}

/* ---- and back ---- */

/* Results are static words in the struct. */
static void read_word(GVariant *dict, const char *key, const char **word)
{
	static const char *const words[] = {"none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror", "quarantine",
		"reject", ""};
	const char *text;

	if (!g_variant_lookup(dict, key, "&s", &text))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i], text) == 0)
			*word = words[i];
}

static void read_text(GVariant *dict, const char *key, char **text)
{
	g_autofree char *found = NULL;

	if (!g_variant_lookup(dict, key, "s", &found))
		return;
	g_free(*text);
	*text = g_steal_pointer(&found);
}

static void read_dkim(GVariant *array, struct authentication *found)
{
	for (gsize i = 0; i < MIN(g_variant_n_children(array), (gsize)LIMIT_SIGNATURES); i++) {
		g_autoptr(GVariant) dict = NULL;

		g_variant_get_child(array, i, "v", &dict);
		if (!g_variant_is_of_type(dict, G_VARIANT_TYPE_VARDICT))
			continue;
		struct authentication_dkim *dkim = authentication_add_dkim(found);

		read_text(dict, "domain", &dkim->domain);
		read_text(dict, "selector", &dkim->selector);
		read_text(dict, "algorithm", &dkim->algorithm);
		read_word(dict, "result", &dkim->result);
		(void)g_variant_lookup(dict, "aligned", "b", &dkim->aligned);
		read_text(dict, "reason", &dkim->reason);
	}
}

static void read_arc(GVariant *dict, struct authentication_arc *found)
{
	g_autoptr(GVariant) sealers = g_variant_lookup_value(dict, "sealers", G_VARIANT_TYPE("av"));
	gint64 instances = 0;

	read_word(dict, "cv", &found->cv);
	(void)g_variant_lookup(dict, "instances", "x", &instances);
	found->instances = (guint)CLAMP(instances, 0, LIMIT_ARC_SETS);
	read_text(dict, "reason", &found->reason);
	for (gsize i = 0; sealers && i < MIN(g_variant_n_children(sealers), (gsize)LIMIT_ARC_SETS); i++) {
		g_autoptr(GVariant) sealer = NULL;

		g_variant_get_child(sealers, i, "v", &sealer);
		if (!g_variant_is_of_type(sealer, G_VARIANT_TYPE_STRING))
			continue;
		if (!found->sealers)
			found->sealers = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(found->sealers, g_variant_dup_string(sealer, NULL));
	}
}

static GVariant *part(GVariant *whole, const char *key)
{
	GVariant *dict = g_variant_lookup_value(whole, key, G_VARIANT_TYPE_VARDICT);

	return dict ? dict : g_variant_ref_sink(g_variant_new("a{sv}", NULL));
}

static void read_policy(GVariant *dict, struct authentication_dmarc *found)
{
	read_word(dict, "result", &found->result);
	read_word(dict, "policy", &found->policy);
	read_text(dict, "domain", &found->domain);
	read_text(dict, "organisational_domain", &found->organisation);
	(void)g_variant_lookup(dict, "testing", "b", &found->testing);
}

void authentication_from_text(const char *text, struct authentication *authentication)
{
	g_autoptr(GVariant) whole = text ? g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL) : NULL;

	if (!whole)
		return;
	g_autoptr(GVariant) signatures = g_variant_lookup_value(whole, "dkim", G_VARIANT_TYPE("av"));
	g_autoptr(GVariant) of_spf = part(whole, "spf");
	g_autoptr(GVariant) of_dmarc = part(whole, "dmarc");
	g_autoptr(GVariant) of_arc = part(whole, "arc");
	g_autoptr(GVariant) of_smime = part(whole, "smime");
	g_autoptr(GVariant) of_sasl = part(whole, "sasl");

	if (signatures)
		read_dkim(signatures, authentication);
	read_word(of_spf, "result", &authentication->spf.result);
	read_text(of_spf, "domain", &authentication->spf.domain);
	(void)g_variant_lookup(of_spf, "aligned", "b", &authentication->spf.aligned);
	read_policy(of_dmarc, &authentication->dmarc);
	read_arc(of_arc, &authentication->arc);
	read_word(of_smime, "result", &authentication->smime.result);
	read_text(of_smime, "signer", &authentication->smime.signer);
	read_text(of_smime, "reason", &authentication->smime.reason);
	read_text(of_sasl, "login", &authentication->sasl.login);
	(void)g_variant_lookup(of_sasl, "matches", "b", &authentication->sasl.matches);
}
