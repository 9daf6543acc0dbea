/* The tree walk; see dmarc_walk.h. */
#include "lib/mail/dmarc_walk.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/list/address.h"

enum { DOMAIN_BYTES = 253 }; /* RFC 1035 2.3.4, without the last dot */

struct seen {
	gboolean trouble, found;
	struct dmarc_record record;
};

struct dmarc_zone {
	const struct txt_door *door;
	GHashTable *seen; /* domain to struct seen */
	guint questions;
};

struct dmarc_zone *dmarc_zone_new(const struct txt_door *door)
{
	struct dmarc_zone *zone = g_new0(struct dmarc_zone, 1);

	zone->door = door;
	zone->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return zone;
}

void dmarc_zone_free(struct dmarc_zone *zone)
{
	g_hash_table_unref(zone->seen);
	g_free(zone);
}

/* Host names have no underscore, the names in signatures and envelopes do. */
static gboolean is_loose_name(const char *name)
{
	size_t label = 0, length = strlen(name);

	for (const char *c = name; *c; c++) {
		if (*c == '.' && label == 0)
			return FALSE;
		if (*c != '.' && !g_ascii_isalnum(*c) && *c != '-' && *c != '_')
			return FALSE;
		label = *c == '.' ? 0 : label + 1;
		if (label > LIMIT_DOMAIN_LABEL)
			return FALSE;
	}
	return label > 0 && length <= DOMAIN_BYTES;
}

char *dmarc_domain(const char *name)
{
	g_autoptr(GString) normal = g_string_new(NULL);
	size_t length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	g_autofree char *plain = g_strndup(name, length);
	if (address_domain(plain, length, normal))
		return g_strdup(normal->str);
	return is_loose_name(plain) ? g_ascii_strdown(plain, -1) : NULL;
}

/* Several records are no record: which one would be meant? */
static void read_records(const GPtrArray *texts, struct seen *seen)
{
	guint count = 0;

	for (guint i = 0; i < texts->len; i++) {
		const char *text = g_ptr_array_index(texts, i);
		struct dmarc_record record;

		if (dmarc_record_parse(text, strlen(text), &record)) {
			seen->record = record;
			count++;
		}
	}
	seen->found = count == 1;
}

static enum txt_result ask(struct dmarc_zone *zone, const char *name, GPtrArray *texts)
{
	if (strlen(name) > DOMAIN_BYTES)
		return TXT_NO_RECORD;
	if (zone->questions++ >= DMARC_ZONE_QUESTIONS)
		return TXT_TROUBLE;
	return zone->door->ask(zone->door->context, name, texts);
}

static const struct seen *look(struct dmarc_zone *zone, const char *domain)
{
	struct seen *seen = g_hash_table_lookup(zone->seen, domain);

	if (seen)
		return seen;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *name = g_strconcat("_dmarc.", domain, NULL);
	enum txt_result result = ask(zone, name, texts);

	seen = g_new0(struct seen, 1);
	seen->trouble = result == TXT_TROUBLE;
	if (result == TXT_FOUND)
		read_records(texts, seen);
	g_hash_table_insert(zone->seen, g_strdup(domain), seen);
	return seen;
}

enum txt_result dmarc_ask_name(struct dmarc_zone *zone, const char *domain)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	return ask(zone, domain, texts);
}

/* The domain one label up; NULL behind the last. */
static const char *parent(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot ? dot + 1 : NULL;
}

static guint count_labels(const char *domain)
{
	guint labels = 1;

	for (; *domain; domain++)
		labels += *domain == '.';
	return labels;
}

/* Where the walk goes on from its start: one label up, or to where seven are left; NULL behind the last. */
static const char *second(const char *domain)
{
	guint labels = count_labels(domain);
	const char *place = parent(domain);

	for (labels--; place && labels >= DMARC_WALK_QUESTIONS; labels--)
		place = parent(place);
	return place;
}

static void apply(struct dmarc_walk *walk, const struct seen *seen, const char *place)
{
	walk->has_policy = TRUE;
	walk->record = seen->record;
	walk->place = place;
}

/*
 * The record of the domain itself applies; else the organisation's; else that of the public suffix above it, which psd=y marks. Records
 * between the domain and its organisation are nobody's.
 */
void dmarc_walk(struct dmarc_zone *zone, const char *domain, struct dmarc_walk *walk)
{
	const struct seen *seen = look(zone, domain), *last = NULL;
	const char *place = domain, *below = domain, *last_place = NULL;
	gboolean trouble = seen->trouble;

	*walk = (struct dmarc_walk){.policy_trouble = seen->trouble, .organisation = domain};
	if (seen->found) {
		apply(walk, seen, domain);
		last = seen;
		last_place = domain;
	}
	while (!(seen->found && seen->record.psd != DMARC_PSD_UNKNOWN)) {
		const char *next = place == domain ? second(domain) : parent(place);

		if (!next)
			break;
		below = place;
		place = next;
		seen = look(zone, place);
		trouble |= seen->trouble;
		if (seen->found) {
			last = seen;
			last_place = place;
		}
	}
	if (last && last->record.psd == DMARC_PSD_YES && last_place != domain) {
		/* One label below a suffix, which a walk that left labels out may not have asked about. */
		while (parent(below) != last_place)
			below = parent(below);
		walk->organisation = below;
	} else if (last) {
		walk->organisation = last_place;
	}
	if (last && !walk->has_policy) {
		const struct seen *own = g_hash_table_lookup(zone->seen, walk->organisation);

		apply(walk, own && own->found ? own : last, own && own->found ? walk->organisation : last_place);
	}
	if (trouble) {
		/* psd= of any name above could have moved it. */
		walk->organisation = NULL;
		walk->policy_trouble |= !(walk->has_policy && walk->place == domain);
	}
}
