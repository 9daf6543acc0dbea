/* Parts of an explanation; see explain_facts.h. */
#include "lmtpd/intake/explain_facts.h"

#include <string.h>

#include "lib/base/explain_letter.h"

enum { MOST_ITEMS = 1000 }; /* of one list; each is a text of EXPLAIN_TEXT bytes at most */

static GVariant *text_value(const char *text, gsize length)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(length, (gsize)EXPLAIN_TEXT));

	return g_variant_new_string(valid);
}

void explain_put(GVariantBuilder *dict, const char *name, GVariant *value)
{
	g_variant_builder_add(dict, "{sv}", name, value);
}

void explain_put_text(GVariantBuilder *dict, const char *name, const char *text)
{
	if (text)
		explain_put(dict, name, text_value(text, strlen(text)));
}

void explain_put_flag(GVariantBuilder *dict, const char *name, gboolean flag)
{
	explain_put(dict, name, g_variant_new_boolean(flag != FALSE));
}

void explain_put_number(GVariantBuilder *dict, const char *name, gint64 number)
{
	explain_put(dict, name, g_variant_new_int64(number));
}

/* ---- rules ---- */

static const char *truth_word(enum rules_truth truth)
{
	switch (truth) {
	case RULES_FALSE:
		return "false";
	case RULES_TRUE:
		return "true";
	case RULES_TRUTH_TROUBLE:
		return "trouble";
	}
	g_assert_not_reached();
}

static GVariant *conditions_value(const GPtrArray *saws)
{
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE("av"));
	for (guint i = 0; i < MIN(saws->len, MOST_ITEMS); i++) {
		const struct rules_saw *saw = g_ptr_array_index(saws, i);
		GVariantBuilder one;

		g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
		explain_put_text(&one, "text", saw->text);
		explain_put_text(&one, "values", saw->values);
		explain_put_text(&one, "truth", truth_word(saw->truth));
		g_variant_builder_add(&all, "v", g_variant_builder_end(&one));
	}
	return g_variant_builder_end(&all);
}

GVariant *explain_rules_value(const GPtrArray *trace)
{
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE("av"));
	for (guint i = 0; i < MIN(trace->len, MOST_ITEMS); i++) {
		const struct rules_step *step = g_ptr_array_index(trace, i);
		GVariantBuilder one;

		g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
		explain_put_text(&one, "file", step->rule->file);
		explain_put_number(&one, "line", step->rule->line);
		explain_put_text(&one, "text", step->rule->text);
		explain_put_flag(&one, "for_method", step->method);
		explain_put_text(&one, "truth", truth_word(step->truth));
		explain_put(&one, "conditions", conditions_value(step->saw));
		g_variant_builder_add(&all, "v", g_variant_builder_end(&one));
	}
	return g_variant_builder_end(&all);
}

/* ---- header fields ---- */

static gboolean is_same(const struct header_field *a, const struct header_field *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static GVariant *field_value(const struct header_field *field)
{
	g_autofree char *value = header_field_value(field);
	g_autofree char *name = g_strndup(field->data, field->name_length);
	g_autofree char *line = g_strdup_printf("%s: %s", name, value);

	return text_value(line, strlen(line));
}

/* The place of the first field in `fields` that is not `taken` and is the same, or has the same name; -1: there is none. */
static int find_field(const GArray *fields, const gboolean *taken, const struct header_field *wanted, gboolean name_only)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct header_field *field = &g_array_index(fields, struct header_field, i);

		if (taken[i])
			continue;
		if (name_only ? field->name_length == wanted->name_length && g_ascii_strncasecmp(field->data, wanted->data, wanted->name_length) == 0
					  : is_same(field, wanted))
			return (int)i;
	}
	return -1;
}

struct fates {
	GVariantBuilder removed, changed, added;
};

/* First what left as it came is paired, then what has a new value in the place of an old one. */
static void pair_fields(const struct header *came, const struct header *goes, struct fates *fates)
{
	g_autofree gboolean *old = g_new0(gboolean, came->fields->len + 1);
	g_autofree gboolean *new = g_new0(gboolean, goes->fields->len + 1);

	for (int name_only = FALSE; name_only <= TRUE; name_only++)
		for (guint i = 0; i < goes->fields->len; i++) {
			const struct header_field *field = &g_array_index(goes->fields, struct header_field, i);
			int place = new[i] ? -1 : find_field(came->fields, old, field, name_only);

			if (place < 0)
				continue;
			new[i] = old[place] = TRUE;
			if (name_only)
				g_variant_builder_add(&fates->changed, "v", field_value(field));
		}
	for (guint i = 0; i < goes->fields->len; i++)
		if (!new[i])
			g_variant_builder_add(&fates->added, "v", field_value(&g_array_index(goes->fields, struct header_field, i)));
	for (guint i = 0; i < came->fields->len; i++)
		if (!old[i])
			g_variant_builder_add(&fates->removed, "v", field_value(&g_array_index(came->fields, struct header_field, i)));
}

GVariant *explain_changes(const struct header *came, const struct header *goes, gboolean body, const GPtrArray *done)
{
	GVariantBuilder dict, words;
	struct fates fates;

	g_variant_builder_init(&fates.removed, G_VARIANT_TYPE("av"));
	g_variant_builder_init(&fates.changed, G_VARIANT_TYPE("av"));
	g_variant_builder_init(&fates.added, G_VARIANT_TYPE("av"));
	pair_fields(came, goes, &fates);
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	explain_put(&dict, "removed", g_variant_builder_end(&fates.removed));
	explain_put(&dict, "changed", g_variant_builder_end(&fates.changed));
	explain_put(&dict, "added", g_variant_builder_end(&fates.added));
	explain_put_text(&dict, "body", body ? "rewritten" : "as it came");
	g_variant_builder_init(&words, G_VARIANT_TYPE("av"));
	for (guint i = 0; done && i < done->len; i++)
		g_variant_builder_add(&words, "v", text_value(g_ptr_array_index(done, i), strlen(g_ptr_array_index(done, i))));
	explain_put(&dict, "done", g_variant_builder_end(&words));
	return g_variant_builder_end(&dict);
}
