/* Our link of a chain; see arc_seal.h. */
#include "lib/mail/arc_seal.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"

static void sha256(const GString *text, guint8 digest[DKIM_SIGN_DIGEST])
{
	if (EVP_Digest(text->str, text->len, digest, NULL, EVP_sha256(), NULL) != 1)
		log_panic("arc_seal: there is no SHA-256");
}

static gboolean is_over(const struct arc_set *newest)
{
	const struct header_field *seal = newest->seal;
	struct tag_list tags;

	return seal && tag_list_parse(seal->data + seal->name_length + 1, seal->length - 2 - seal->name_length - 1, &tags) &&
	       g_strcmp0(arc_chain_cv(&tags), "fail") == 0;
}

guint arc_seal_instance(const struct header *header, const char *cv)
{
	struct arc_chain chain;

	arc_chain_collect(header, &chain);
	if (chain.limit || chain.count >= LIMIT_ARC_SETS || (chain.count > 0 && is_over(&chain.sets[chain.count - 1])))
		return 0;
	/* What validation saw is not what leaves: something took a field of the chain off, or put one on. */
	if ((chain.count == 0) != (strcmp(cv, "none") == 0) || (chain.flaw && strcmp(cv, "fail") != 0))
		return 0;
	return chain.count + 1;
}

void arc_seal_results(struct header *header, guint instance, const char *results)
{
	g_autofree char *value = g_strdup_printf("i=%u; %s", instance, results);

	header_prepend(header, ARC_RESULTS, value);
}

/* ":DKIM-Signature" for each that stands there; not once more, since the next server may add its own. */
static void name_signatures(const struct header *header, GString *value)
{
	for (guint i = header_count(header, "DKIM-Signature"); i > 0; i--)
		g_string_append(value, ":\r\n\t DKIM-Signature");
}

/* The draft has no b= value yet, so it is what a verifier sees when it has taken the value out. */
static void hash_signature(const struct dkim_sign_message *message, struct dkim_sign_draft *draft)
{
	g_autofree char *text = g_strdup_printf(ARC_SIGNATURE ": %s\r\n", draft->value);
	struct header_field field = {.data = text, .length = strlen(text), .name_length = strlen(ARC_SIGNATURE)};
	struct dkim_read read = {.header = CANONICAL_RELAXED};

	if (!tag_list_parse(text + field.name_length + 1, field.length - 2 - field.name_length - 1, &read.tags))
		log_panic("arc_seal: a signature of our own is no tag list");
	g_autofree char *names = tag_list_text(&read.tags, "h");
	read.names = g_strsplit(names, ":", -1);
	arc_chain_message_digest(message->header, &field, &read, draft->digest);
	dkim_read_clear(&read);
}

gboolean arc_seal_draft_signature(const struct dkim_sign_message *message, const struct arc_seal_link *link, struct dkim_sign_draft *draft,
	GError **error)
{
	const struct dkim_sign_key *key = link->key;
	guint8 digest[CANONICAL_DIGEST];
	g_autofree char *names = dkim_sign_names(message->header, error);

	*draft = (struct dkim_sign_draft){0};
	if (!names)
		return FALSE;
	(void)canonical_body(message->body, message->length, CANONICAL_RELAXED, digest);
	g_autofree char *hash = g_base64_encode(digest, sizeof digest);
	g_autoptr(GString) value = g_string_new(NULL);
	g_string_append_printf(value, "i=%u; a=%s; c=relaxed/relaxed;\r\n\td=%s; s=%s; t=%" G_GINT64_FORMAT ";\r\n\t%s", link->instance,
		key->algorithm, key->domain, key->selector, message->now, names);
	name_signatures(message->header, value);
	g_string_append_printf(value, ";\r\n\tbh=%s;\r\n\tb=", hash);
	draft->value = g_strdup(value->str);
	hash_signature(message, draft);
	return TRUE;
}

static void append_line(const struct header_field *field, GString *out)
{
	canonical_field(field->data, field->length, CANONICAL_RELAXED, out);
	g_string_append(out, "\r\n");
}

void arc_seal_draft_seal(const struct dkim_sign_message *message, const struct arc_seal_link *link, struct dkim_sign_draft *draft)
{
	const struct dkim_sign_key *key = link->key;
	gboolean alone = strcmp(link->cv, "fail") == 0;
	g_autoptr(GString) text = g_string_new(NULL);
	struct arc_chain chain;

	arc_chain_collect(message->header, &chain);
	if (chain.count != link->instance)
		log_panic("arc_seal: the set to be sealed is not there");
	for (guint i = alone ? chain.count - 1 : 0; i < chain.count; i++) {
		const struct arc_set *set = &chain.sets[i];

		if (!set->results || !set->signature || (!set->seal && i + 1 < chain.count))
			log_panic("arc_seal: a field to be sealed is not there");
		append_line(set->results, text);
		append_line(set->signature, text);
		if (i + 1 < chain.count)
			append_line(set->seal, text);
	}
	*draft = (struct dkim_sign_draft){0};
	draft->value = g_strdup_printf("i=%u; a=%s; t=%" G_GINT64_FORMAT "; cv=%s;\r\n\td=%s; s=%s;\r\n\tb=", link->instance, key->algorithm,
		message->now, link->cv, key->domain, key->selector);
	g_autofree char *field = g_strdup_printf(ARC_SEAL ": %s", draft->value);
	canonical_field(field, strlen(field), CANONICAL_RELAXED, text);
	sha256(text, draft->digest);
}
