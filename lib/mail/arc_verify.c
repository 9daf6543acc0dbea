/* Validation of a chain; see arc_verify.h. */
#include "lib/mail/arc_verify.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/mail/arc_chain.h"
#include "lib/mail/canonical.h"
#include "lib/mail/dkim_key.h"
#include "lib/mail/dkim_read.h"

struct validation {
	const struct dkim_verify_message *message;
	struct dkim_key_door door;
	struct arc_chain chain;
	struct dkim_read *seals; /* LIMIT_ARC_SETS of them, made when there is a chain: 100 kB that most messages need not touch */
	guint8 digests[LIMIT_ARC_SETS][CANONICAL_DIGEST]; /* of the seals */
	struct authentication_arc *arc;
};

/* The first flaw counts. FALSE for the caller to return. */
static gboolean fail(struct validation *validation, const char *cv, const char *what, guint instance)
{
	validation->arc->cv = cv;
	validation->arc->reason = instance ? g_strdup_printf("%s (i=%u)", what, instance) : g_strdup(what);
	return FALSE;
}

static gboolean check_key(struct validation *validation, const struct dkim_read *read, const guint8 *digest, guint instance)
{
	const struct dkim_key_signature question = {
		.domain = read->domain,
		.selector = read->selector,
		.ed25519 = read->ed25519,
		.digest = digest,
		.signature = read->signature,
	};
	struct dkim_key_answer answer = dkim_key_verify(&validation->door, &question);

	if (strcmp(answer.result, "pass") == 0)
		return TRUE;
	return fail(validation, strcmp(answer.result, "temperror") == 0 ? "temperror" : "fail", answer.reason, instance);
}

/* The newest set may say itself that the chain ends with it; what stands below does not matter then. */
static gboolean is_marked_failed(const struct arc_chain *chain)
{
	const struct header_field *seal = chain->limit || chain->count == 0 ? NULL : chain->sets[chain->count - 1].seal;
	struct tag_list tags;

	return seal && tag_list_parse(seal->data + seal->name_length + 1, seal->length - 2 - seal->name_length - 1, &tags) &&
	       g_strcmp0(arc_chain_cv(&tags), "fail") == 0;
}

static gboolean read_seals(struct validation *validation)
{
	for (guint i = 0; i < validation->chain.count; i++) {
		struct dkim_read *seal = &validation->seals[i];
		struct dkim_read_flaw flaw =
			dkim_read_field(validation->chain.sets[i].seal, DKIM_READ_ARC_SEAL, validation->message->now, seal);

		if (flaw.result)
			return fail(validation, "fail", flaw.reason, i + 1);
		g_ptr_array_add(validation->arc->sealers, g_strdup(seal->domain));
	}
	for (guint i = 0; i < validation->chain.count; i++)
		if (g_strcmp0(arc_chain_cv(&validation->seals[i].tags), i == 0 ? "none" : "pass") != 0)
			return fail(validation, "fail", "the chain's state (cv=) is wrong", i + 1);
	return TRUE;
}

static gboolean check_message(struct validation *validation, const struct header_field *field, struct dkim_read *read)
{
	const struct dkim_verify_message *message = validation->message;
	guint instance = validation->chain.count;
	guint8 digest[CANONICAL_DIGEST];
	struct dkim_read_flaw flaw = dkim_read_field(field, DKIM_READ_ARC_MESSAGE, message->now, read);
	gint64 limit;

	if (flaw.result)
		return fail(validation, "fail", flaw.reason, instance);
	if (dkim_read_covers(read, ARC_SEAL, strlen(ARC_SEAL)))
		return fail(validation, "fail", "a message signature covers a seal", instance);
	guint64 length = canonical_body(message->body, message->length, read->body, digest);
	if (tag_list_find(&read->tags, "l") && (!tag_list_number(&read->tags, "l", &limit) || (guint64)limit != length))
		return fail(validation, "fail", "only a part of the body is signed (l=)", instance);
	if (memcmp(digest, g_bytes_get_data(read->body_hash, NULL), CANONICAL_DIGEST) != 0)
		return fail(validation, "fail", "the body was changed (bh=)", instance);
	arc_chain_message_digest(message->header, field, read, digest);
	return check_key(validation, read, digest, instance);
}

static void update(EVP_MD_CTX *context, const GString *text)
{
	if (EVP_DigestUpdate(context, text->str, text->len) != 1)
		log_panic("arc_verify: SHA-256 does not go on");
}

static void append_line(const struct header_field *field, GString *out)
{
	canonical_field(field->data, field->length, CANONICAL_RELAXED, out);
	g_string_append(out, "\r\n");
}

/* Each seal covers all sets before it, its own set, and itself without b=: one pass over all of them, with a copy at each seal. */
static void hash_seals(struct validation *validation)
{
	EVP_MD_CTX *all = EVP_MD_CTX_new(), *one = EVP_MD_CTX_new();
	g_autoptr(GString) text = g_string_new(NULL);

	if (!all || !one || EVP_DigestInit_ex(all, EVP_sha256(), NULL) != 1)
		log_panic("arc_verify: there is no SHA-256");
	for (guint i = 0; i < validation->chain.count; i++) {
		const struct arc_set *set = &validation->chain.sets[i];

		g_string_truncate(text, 0);
		append_line(set->results, text);
		append_line(set->signature, text);
		update(all, text);
		g_string_truncate(text, 0);
		arc_chain_blank(set->seal, &validation->seals[i].tags, CANONICAL_RELAXED, text);
		if (EVP_MD_CTX_copy_ex(one, all) != 1)
			log_panic("arc_verify: SHA-256 does not go on");
		update(one, text);
		if (EVP_DigestFinal_ex(one, validation->digests[i], NULL) != 1)
			log_panic("arc_verify: SHA-256 does not end");
		g_string_truncate(text, 0);
		append_line(set->seal, text);
		update(all, text);
	}
	EVP_MD_CTX_free(all);
	EVP_MD_CTX_free(one);
}

static gboolean check_seals(struct validation *validation)
{
	hash_seals(validation);
	for (guint i = validation->chain.count; i-- > 0;)
		if (!check_key(validation, &validation->seals[i], validation->digests[i], i + 1))
			return FALSE;
	return TRUE;
}

static gboolean validate(struct validation *validation)
{
	const struct arc_chain *chain = &validation->chain;
	struct dkim_read read = {.tags.count = 0};

	if (is_marked_failed(chain))
		return fail(validation, "fail", "it is marked as broken (cv=fail)", chain->count);
	if (chain->flaw)
		return fail(validation, "fail", chain->flaw, 0);
	gboolean good = read_seals(validation) && check_message(validation, chain->sets[chain->count - 1].signature, &read) &&
			check_seals(validation);
	dkim_read_clear(&read);
	return good;
}

void arc_verify_message(const struct dkim_verify_message *message, const struct txt_door *door, struct authentication_arc *arc)
{
	struct validation *validation = g_new0(struct validation, 1);

	validation->message = message;
	validation->door.txt = door;
	validation->arc = arc;
	arc_chain_collect(message->header, &validation->chain);
	arc->instances = MIN(validation->chain.count, LIMIT_ARC_SETS);
	if (validation->chain.count > 0 || validation->chain.flaw) {
		validation->seals = g_new0(struct dkim_read, LIMIT_ARC_SETS);
		arc->sealers = g_ptr_array_new_with_free_func(g_free);
		if (validate(validation))
			arc->cv = "pass";
		if (arc->sealers->len == 0)
			g_clear_pointer(&arc->sealers, g_ptr_array_unref);
	}
	for (guint i = 0; validation->seals && i < LIMIT_ARC_SETS; i++)
		dkim_read_clear(&validation->seals[i]);
	g_free(validation->seals);
	g_free(validation);
}
