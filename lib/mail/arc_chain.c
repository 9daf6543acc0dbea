/* Sets of a chain; see arc_chain.h. */
#include "lib/mail/arc_chain.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

/* ---- instance numbers ---- */

static gboolean read_number(const char *data, size_t length, guint *instance)
{
	guint64 number;

	if (length > 2 || !text_parse_number(data, length, 1, LIMIT_ARC_SETS, &number))
		return FALSE;
	*instance = (guint)number;
	return TRUE;
}

/* ARC-Authentication-Results is no tag list: only its beginning, "i=1;", looks like one. */
static gboolean read_results_number(const char *data, size_t length, guint *instance)
{
	const char *semicolon = memchr(data, ';', length);
	struct tag_list tags;

	return semicolon && tag_list_parse(data, (size_t)(semicolon - data), &tags) && tag_list_find(&tags, "i") == tags.tags &&
	       tags.count == 1 && read_number(tags.tags[0].value, tags.tags[0].length, instance);
}

static gboolean read_instance(const struct header_field *field, gboolean results, guint *instance)
{
	const char *value = field->data + field->name_length + 1;
	size_t length = field->length - 2 - field->name_length - 1;
	struct tag_list tags;

	if (results)
		return read_results_number(value, length, instance);
	const struct tag *tag = tag_list_parse(value, length, &tags) ? tag_list_find(&tags, "i") : NULL;
	return tag && read_number(tag->value, tag->length, instance);
}

/* ---- sets ---- */

static void add(struct arc_chain *chain, const struct header_field *field, gsize offset)
{
	guint instance;

	if (!read_instance(field, offset == offsetof(struct arc_set, results), &instance)) {
		chain->flaw = "a field's instance (i=) is none";
		chain->limit = TRUE;
		return;
	}
	const struct header_field **place = G_STRUCT_MEMBER_P(&chain->sets[instance - 1], offset);
	if (*place)
		chain->flaw = "an instance has a field twice";
	*place = field;
	chain->count = MAX(chain->count, instance);
}

void arc_chain_collect(const struct header *header, struct arc_chain *chain)
{
	static const struct {
		const char *name;
		gsize offset;
	} kinds[] = {
		{ARC_RESULTS, offsetof(struct arc_set, results)},
		{ARC_SIGNATURE, offsetof(struct arc_set, signature)},
		{ARC_SEAL, offsetof(struct arc_set, seal)},
	};

	*chain = (struct arc_chain){0};
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct header_field *field;

		if (header_count(header, kinds[i].name) > LIMIT_ARC_SETS) {
			*chain = (struct arc_chain){.count = LIMIT_ARC_SETS + 1, .flaw = "there are more than 50 sets", .limit = TRUE};
			return;
		}
		for (guint place = 0; (field = header_find(header, kinds[i].name, place)); place++)
			add(chain, field, kinds[i].offset);
	}
	for (guint i = 0; i < chain->count && !chain->flaw; i++)
		if (!chain->sets[i].results || !chain->sets[i].signature || !chain->sets[i].seal)
			chain->flaw = "a field of a set is missing";
}

const char *arc_chain_cv(const struct tag_list *tags)
{
	static const char *const words[] = {"none", "pass", "fail"};

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (tag_list_is(tags, "cv", words[i], TRUE))
			return words[i];
	return NULL;
}

/* ---- digests ---- */

void arc_chain_blank(const struct header_field *field, const struct tag_list *tags, enum canonical_form form, GString *out)
{
	const struct tag *tag = tag_list_find(tags, "b");
	g_autoptr(GString) blank = g_string_new_len(field->data, (gssize)field->length);

	if (tag)
		g_string_erase(blank, tag->start - field->data, (gssize)tag->whole);
	canonical_field(blank->str, blank->len, form, out);
}

static void hash_name(const struct header *header, char **names, guint place, enum canonical_form form, GString *out)
{
	guint before = 0, there = header_count(header, names[place]);

	for (guint i = 0; i < place; i++)
		before += g_ascii_strcasecmp(names[i], names[place]) == 0;
	if (before >= there)
		return;
	const struct header_field *field = header_find(header, names[place], there - 1 - before);
	canonical_field(field->data, field->length, form, out);
	g_string_append(out, "\r\n");
}

void arc_chain_message_digest(const struct header *header, const struct header_field *field, const struct dkim_read *read,
	guint8 digest[CANONICAL_DIGEST])
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; read->names[i]; i++)
		hash_name(header, read->names, i, read->header, text);
	arc_chain_blank(field, &read->tags, read->header, text);
	if (EVP_Digest(text->str, text->len, digest, NULL, EVP_sha256(), NULL) != 1)
		log_panic("arc_chain: there is no SHA-256");
}
