/* Which parts stay; see filter.h. Taking them out of the bytes is filter_cut.c's. */
#include "lib/mail/filter.h"

#include <string.h>

#include "lib/mail/clean.h"
#include "lib/mail/describe.h"
#include "lib/mail/filter_internal.h"
#include "lib/mail/filter_name.h"

enum { NAME = 80 }; /* bytes of a name or a type that are told */

static gboolean type_matches(const char *type, const char *pattern)
{
	size_t length = strlen(pattern);

	if (g_str_has_suffix(pattern, "/*"))
		length -= 2;
	else if (strchr(pattern, '/'))
		return g_ascii_strcasecmp(type, pattern) == 0;
	return g_ascii_strncasecmp(type, pattern, length) == 0 && type[length] == '/';
}

static gboolean any_matches(const char *type, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (type_matches(type, *patterns))
			return TRUE;
	return FALSE;
}

gboolean filter_is_wanted(const struct filter_rules *rules)
{
	return *rules->pass_types || *rules->remove_types || *rules->extensions || rules->part_size > 0 || rules->collapse ||
		rules->html_to_text;
}

/* ---- one entity by itself ---- */

/* What goes with something that may pass: the signature of a signed text, and all inside of an encrypted one. */
static gboolean is_exempt(const struct walk_entity *entity)
{
	static const char *const signatures[] = {"application/pgp-signature", "application/pkcs7-signature",
		"application/x-pkcs7-signature", NULL};

	return (entity->flags & WALK_IN_ENCRYPTED) ||
		((entity->flags & WALK_IN_SIGNED) && g_strv_contains(signatures, entity->type));
}

static gboolean must_pass(const struct walk_entity *entity)
{
	return !is_exempt(entity) &&
		(!walk_is_multipart(entity) || strcmp(entity->type, "multipart/encrypted") == 0);
}

static size_t decoded_size(const struct walk_entity *entity)
{
	size_t size = entity->end - entity->body;

	/* Four letters for three bytes, and a line end for each 76. */
	return entity->encoding == WALK_BASE64 ? size / 78 * 57 : size;
}

static gboolean is_unwanted(const struct cut *cut, const struct walk_entity *entity)
{
	const struct filter_rules *rules = cut->rules;
	gboolean typed = *rules->pass_types || *rules->remove_types;

	/* A type that is not clear is none that the list wants. */
	if (typed && (entity->flags & WALK_TYPE) && must_pass(entity))
		return TRUE;
	if (any_matches(entity->type, rules->remove_types))
		return TRUE;
	if (*rules->pass_types && must_pass(entity) && !any_matches(entity->type, rules->pass_types))
		return TRUE;
	if (rules->part_size > 0 && !walk_is_multipart(entity) && decoded_size(entity) > rules->part_size)
		return TRUE;
	return filter_name_has(cut->draft->data, entity, rules->extensions);
}

/* ---- all of them ---- */

static gboolean is_sealed(const struct walk_entity *entity)
{
	return strcmp(entity->type, "multipart/signed") == 0 || strcmp(entity->type, "multipart/encrypted") == 0;
}

/* Itself, or the outermost signed or encrypted multipart around it: that goes as a whole. */
static guint unit_of(const struct cut *cut, guint index)
{
	guint unit = index;

	for (int i = walk_entity(cut->walk, index)->parent; i >= 0; i = walk_entity(cut->walk, (guint)i)->parent)
		if (is_sealed(walk_entity(cut->walk, (guint)i)))
			unit = (guint)i;
	return unit;
}

static void judge_each(struct cut *cut)
{
	for (guint i = 0; i < cut->walk->entities->len; i++)
		if (is_unwanted(cut, walk_entity(cut->walk, i)))
			cut->fates[unit_of(cut, i)] = FATE_GOES;
}

/* Whoever holds others and keeps none of them goes too. Children stand behind their parents. */
static void judge_holders(struct cut *cut)
{
	guint count = cut->walk->entities->len;
	g_autofree guint *children = g_new0(guint, count), *staying = g_new0(guint, count);

	for (guint i = count; i-- > 0;) {
		int parent = walk_entity(cut->walk, i)->parent;

		if (children[i] > 0 && staying[i] == 0)
			cut->fates[i] = FATE_GOES;
		if (parent < 0)
			continue;
		children[parent]++;
		staying[parent] += cut->fates[i] != FATE_GOES;
	}
}

static gboolean is_in_alternative(const struct cut *cut, guint index)
{
	int parent = walk_entity(cut->walk, index)->parent;

	return parent >= 0 && strcmp(walk_entity(cut->walk, (guint)parent)->type, "multipart/alternative") == 0;
}

/* A sibling before it that says the same in plain text. */
static gboolean has_plain_sibling(const struct cut *cut, guint index)
{
	int parent = walk_entity(cut->walk, index)->parent;

	for (guint i = (guint)parent + 1; i < index; i++)
		if (walk_entity(cut->walk, i)->parent == parent && cut->fates[i] == FATE_STAYS &&
			strcmp(walk_entity(cut->walk, i)->type, "text/plain") == 0)
			return TRUE;
	return FALSE;
}

/* HTML that somebody attached as a file is a file. */
static void judge_html(struct cut *cut)
{
	for (guint i = 0; cut->rules->html_to_text && i < cut->walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(cut->walk, i);

		if (cut->fates[i] != FATE_STAYS || strcmp(entity->type, "text/html") != 0 || entity->name ||
			(entity->flags & (WALK_IN_SIGNED | WALK_IN_ENCRYPTED)))
			continue;
		if (is_in_alternative(cut, i) && has_plain_sibling(cut, i))
			cut->fates[i] = FATE_SUPERFLUOUS;
		else if (filter_convert(cut, i))
			cut->fates[i] = FATE_TEXT;
		else
			cut->fates[i] = FATE_GOES;
		cut->outcome->converted += cut->fates[i] != FATE_GOES;
	}
}

/* The first alternative that stays, and no other. */
static void judge_alternatives(struct cut *cut)
{
	guint count = cut->walk->entities->len;

	for (guint i = 0; cut->rules->collapse && i < count; i++) {
		const struct walk_entity *entity = walk_entity(cut->walk, i);

		if (cut->fates[i] != FATE_STAYS || strcmp(entity->type, "multipart/alternative") != 0 ||
			(entity->flags & (WALK_IN_SIGNED | WALK_IN_ENCRYPTED | WALK_UNCLOSED | WALK_NO_PARTS)))
			continue;
		for (guint child = i + 1; child < count; child++) {
			if (walk_entity(cut->walk, child)->parent != (int)i || cut->fates[child] == FATE_GOES ||
				cut->fates[child] == FATE_SUPERFLUOUS)
				continue;
			if (cut->chosen[i] == 0)
				cut->chosen[i] = child;
			else
				cut->fates[child] = FATE_SUPERFLUOUS;
		}
		cut->outcome->collapsed += cut->chosen[i] != 0;
	}
}

/* What is inside of something that goes, goes with it. */
static void judge_inside(struct cut *cut)
{
	for (guint i = 1; i < cut->walk->entities->len; i++) {
		enum fate around = cut->fates[walk_entity(cut->walk, i)->parent];

		if (around == FATE_GOES || around == FATE_SUPERFLUOUS)
			cut->fates[i] = around;
	}
}

/* ---- what it comes to ---- */

static gboolean is_leaf(const struct walk_entity *entity)
{
	return !walk_is_multipart(entity) && !walk_is_message(entity);
}

static gboolean says_something(const struct cut *cut, const struct walk_entity *entity)
{
	if (!g_str_has_prefix(entity->type, "text/"))
		return TRUE;
	for (size_t i = entity->body; i < entity->end; i++)
		if (!memchr(" \t\r\n", cut->draft->data[i], 4))
			return TRUE;
	return FALSE;
}

static void name_part(const struct cut *cut, const struct walk_entity *entity)
{
	g_autofree char *type = clean_text(entity->type, NAME), *name = entity->name ? clean_text(entity->name, NAME) : NULL;
	g_autofree char *size = describe_size(decoded_size(entity), cut->language);
	gboolean named = name && *name;

	if (cut->outcome->names->len < FILTER_NAMED)
		g_ptr_array_add(cut->outcome->names, g_strdup_printf("%s%s%s, %s%s", named ? name : "", named ? " (" : "", type,
			size, named ? ")" : ""));
}

static void sum_up(struct cut *cut)
{
	gboolean left = FALSE;

	for (guint i = 0; i < cut->walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(cut->walk, i);

		if (!is_leaf(entity))
			continue;
		if (cut->fates[i] == FATE_GOES) {
			cut->outcome->removed++;
			name_part(cut, entity);
		} else if (cut->fates[i] != FATE_SUPERFLUOUS) {
			left |= says_something(cut, entity);
		}
	}
	cut->outcome->empty = cut->fates[0] == FATE_GOES || (cut->outcome->removed > 0 && !left);
}

static void judge(struct cut *cut)
{
	judge_each(cut);
	judge_holders(cut);
	judge_inside(cut);
	judge_html(cut);
	judge_holders(cut);
	judge_alternatives(cut);
	judge_inside(cut);
	sum_up(cut);
}

gboolean filter_apply(struct draft *draft, const struct filter_rules *rules, const char *language, struct filter_outcome *outcome)
{
	struct walk walk = {0};
	struct cut cut = {.draft = draft, .rules = rules, .language = language, .walk = &walk, .outcome = outcome};
	gboolean clear = walk_message(draft->data, draft->length, &walk) == WALK_OK && !(walk.flags & WALK_AMBIGUOUS);

	*outcome = (struct filter_outcome){.names = g_ptr_array_new_with_free_func(g_free)};
	if (clear) {
		cut.fates = g_new0(enum fate, walk.entities->len);
		cut.chosen = g_new0(guint, walk.entities->len);
		cut.texts = g_ptr_array_new_full(0, NULL);
		g_ptr_array_set_size(cut.texts, (gint)walk.entities->len);
		judge(&cut);
		if (!outcome->empty)
			filter_cut(&cut);
		for (guint i = 0; i < cut.texts->len; i++)
			if (g_ptr_array_index(cut.texts, i))
				g_string_free(g_ptr_array_index(cut.texts, i), TRUE);
		g_ptr_array_unref(cut.texts);
		g_free(cut.fates);
		g_free(cut.chosen);
	}
	walk_clear(&walk);
	return clear;
}

void filter_outcome_clear(struct filter_outcome *outcome)
{
	g_clear_pointer(&outcome->names, g_ptr_array_unref);
}
