/* Held posts in words; see held_text.h. */
#include "cli/held_text.h"

#include "cli/json.h"
#include "lib/mail/clean.h"

enum {
	SUBJECT = 78,  /* bytes in a table's line */
	VALUE = 2000,  /* bytes of a value on a line of its own: more than any fact has */
	WIDEST = 40,   /* characters of a column; what is longer stands out and is not cut, because it is an address */
};

char *held_text_time(gint64 at, gboolean brief)
{
	g_autoptr(GDateTime) time = at == 0 ? NULL : g_date_time_new_from_unix_local(at);

	return time ? g_date_time_format(time, brief ? "%Y-%m-%d %H:%M" : "%Y-%m-%d %H:%M:%S %z") : g_strdup("-");
}

const char *held_text_kind(enum store_held_kind kind)
{
	switch (kind) {
	case STORE_HELD_MODERATION:
		return "moderation";
	case STORE_HELD_CONFIRMATION:
		return "confirmation";
	case STORE_HELD_UNPARSED:
		return "unparsed";
	case STORE_HELD_AMBIGUOUS:
		return "ambiguous";
	}
	return "unknown";
}

const char *held_text_by(const struct store_decision *decision)
{
	switch (decision->state) {
	case STORE_HELD_WAITING:
		return NULL;
	case STORE_HELD_EXPIRED:
		return "the clock";
	case STORE_HELD_WITHDRAWN:
	case STORE_HELD_CONFIRMED:
		return "its author";
	case STORE_HELD_ACCEPTED:
	case STORE_HELD_REJECTED:
	case STORE_HELD_DISCARDED:
		return decision->by_person ? "a moderator" : "the console";
	}
	return NULL;
}

const char *held_text_fact(const struct store_held *held, const char *name)
{
	const char *value = "";

	g_variant_lookup(held->facts, name, "&s", &value);
	return value;
}

/* A tombstone has no words of the post's any more. */
static char *shown(const char *text, size_t limit)
{
	g_autofree char *clean = clean_text(text, limit);

	return g_strdup(*clean ? clean : "-");
}

/* ---- the table ---- */

static guint width_of(const char *text)
{
	return (guint)MIN(g_utf8_strlen(text, -1), WIDEST);
}

/* printf() would count bytes. */
static void append_padded(GString *out, const char *text, guint width)
{
	g_string_append(out, text);
	for (guint i = (guint)g_utf8_strlen(text, -1); i < width; i++)
		g_string_append_c(out, ' ');
	g_string_append(out, "  ");
}

static void append_row(GString *out, const struct store_held *held, guint list_width, guint author_width)
{
	g_autofree char *list = shown(held->list, VALUE);
	g_autofree char *author = shown(held->author, VALUE);
	g_autofree char *subject = shown(held_text_fact(held, "subject"), SUBJECT);
	g_autofree char *since = held_text_time(held->held_at, TRUE);
	g_autofree char *until = held_text_time(held->expires_at, TRUE);

	g_string_append_printf(out, "%6" G_GINT64_FORMAT "  ", held->id);
	append_padded(out, list, list_width);
	g_string_append_printf(out, "%-12s  %-9s  %9" G_GUINT64_FORMAT "  %-16s  %-16s  ", held_text_kind(held->kind),
		store_held_word(held->decision.state), held->message_size, since, until);
	append_padded(out, author, author_width);
	g_string_append_printf(out, "%s\n", subject);
}

char *held_text_table(const GPtrArray *posts)
{
	GString *out = g_string_new(NULL);
	guint list_width = width_of("LIST"), author_width = width_of("AUTHOR");

	for (guint i = 0; i < posts->len; i++) {
		const struct store_held *held = g_ptr_array_index(posts, i);
		g_autofree char *list = shown(held->list, VALUE);
		g_autofree char *author = shown(held->author, VALUE);

		list_width = MAX(list_width, width_of(list));
		author_width = MAX(author_width, width_of(author));
	}
	g_string_append_printf(out, "%6s  ", "NUMBER");
	append_padded(out, "LIST", list_width);
	g_string_append_printf(out, "%-12s  %-9s  %9s  %-16s  %-16s  ", "KIND", "STATE", "SIZE", "HELD SINCE", "EXPIRES");
	append_padded(out, "AUTHOR", author_width);
	g_string_append(out, "SUBJECT\n");
	for (guint i = 0; i < posts->len; i++)
		append_row(out, g_ptr_array_index(posts, i), list_width, author_width);
	return g_string_free(out, FALSE);
}

/* ---- one post ---- */

static void append_line(GString *out, const char *name, const char *value)
{
	g_autofree char *clean = shown(value, VALUE);

	g_string_append_printf(out, "%-16s %s\n", name, clean);
}

static void append_time(GString *out, const char *name, gint64 at)
{
	g_autofree char *text = held_text_time(at, FALSE);

	append_line(out, name, text);
}

char *held_text_whole(const struct store_held *held)
{
	GString *out = g_string_new(NULL);
	GVariantIter facts;
	const char *name, *value;

	g_string_append_printf(out, "%-16s %" G_GINT64_FORMAT "\n", "number", held->id);
	append_line(out, "list", held->list);
	append_line(out, "kind", held_text_kind(held->kind));
	append_line(out, "state", store_held_word(held->decision.state));
	if (held->decision.state != STORE_HELD_WAITING) {
		append_line(out, "decided by", held_text_by(&held->decision));
		append_time(out, "decided at", held->decision.at);
	}
	append_time(out, "held since", held->held_at);
	append_time(out, "expires", held->expires_at);
	g_string_append_printf(out, "%-16s %" G_GUINT64_FORMAT " bytes\n", "message", held->message_size);
	if (held->message_size == 0)
		return g_string_free(out, FALSE);
	append_line(out, "author", held->author);
	append_line(out, "envelope sender", *held->sender ? held->sender : "<>");
	append_line(out, "reason", held->reason);
	g_variant_iter_init(&facts, held->facts);
	while (g_variant_iter_next(&facts, "{&s&s}", &name, &value)) {
		g_autofree char *clean = shown(name, WIDEST);

		append_line(out, clean, value);
	}
	return g_string_free(out, FALSE);
}

/* ---- JSON ---- */

static void append_facts(GString *out, const struct store_held *held)
{
	GVariantIter facts;
	const char *name, *value;

	g_variant_iter_init(&facts, held->facts);
	while (g_variant_iter_next(&facts, "{&s&s}", &name, &value)) {
		g_autofree char *member = g_strconcat("fact-", name, NULL);

		json_text(out, member, value);
	}
}

/* What a tombstone does not know any more is null. */
static const char *kept(const struct store_held *held, const char *value)
{
	return held->message_size > 0 ? value : NULL;
}

char *held_text_json(const GPtrArray *posts, gboolean facts)
{
	GString *out = g_string_new(NULL);

	json_begin(out);
	for (guint i = 0; i < posts->len; i++) {
		const struct store_held *held = g_ptr_array_index(posts, i);

		json_object(out);
		json_number(out, "number", held->id);
		json_text(out, "list", held->list);
		json_text(out, "kind", held_text_kind(held->kind));
		json_text(out, "state", store_held_word(held->decision.state));
		json_text(out, "author", kept(held, held->author));
		json_text(out, "sender", kept(held, held->sender));
		json_text(out, "subject", kept(held, held_text_fact(held, "subject")));
		json_text(out, "reason", kept(held, held->reason));
		json_number(out, "size", (gint64)held->message_size);
		json_number(out, "held_at", held->held_at);
		json_number(out, "expires_at", held->expires_at);
		json_number(out, "decided_at", held->decision.at);
		json_text(out, "decided_by", held_text_by(&held->decision));
		if (facts)
			append_facts(out, held);
	}
	json_end(out);
	return g_string_free(out, FALSE);
}
