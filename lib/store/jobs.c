/* Kinds of job and their fields; see jobs.h. */
#include "lib/store/jobs.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

static const struct jobs_row rows[JOBS_COUNT] = {
#define X(name, word, whom, waiting) [JOBS_##name] = {word, whom, waiting},
	JOBS_KINDS(X)
#undef X
};

const struct jobs_row *jobs_row(enum jobs_kind kind)
{
	return &rows[kind];
}

gboolean jobs_find(const char *word, enum jobs_kind *kind)
{
	for (guint i = 0; i < JOBS_COUNT; i++)
		if (strcmp(rows[i].word, word) == 0) {
			*kind = (enum jobs_kind)i;
			return TRUE;
		}
	return FALSE;
}

char *jobs_hex(const guint8 person[STORE_PERSON_SIZE])
{
	return text_write_hex(person, STORE_PERSON_SIZE);
}

const char *jobs_field(GVariant *fields, const char *name)
{
	const char *value = "";

	g_variant_lookup(fields, name, "&s", &value);
	return value;
}

GVariant *jobs_fields(const struct jobs_pair *pairs)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	for (; pairs->name; pairs++)
		if (pairs->value && *pairs->value)
			g_variant_builder_add(&builder, "{ss}", pairs->name, pairs->value);
	return g_variant_builder_end(&builder);
}

GVariant *jobs_fields_set(GVariant *fields, const char *name, const char *value)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(fields);
	GVariantBuilder builder;
	GVariantIter iterator;
	const char *other, *kept;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&builder, "{ss}", name, value);
	g_variant_iter_init(&iterator, owned);
	while (g_variant_iter_next(&iterator, "{&s&s}", &other, &kept))
		if (strcmp(other, name) != 0)
			g_variant_builder_add(&builder, "{ss}", other, kept);
	return g_variant_builder_end(&builder);
}

void jobs_plan_add(struct jobs_plan *plan, enum jobs_kind kind, GVariant *fields)
{
	if (plan->count == G_N_ELEMENTS(plan->jobs))
		log_panic("jobs_plan_add: more than %u jobs at once", (guint)G_N_ELEMENTS(plan->jobs));
	plan->jobs[plan->count++] = (struct store_job_plan){
		.kind = rows[kind].word,
		.fields = fields ? g_variant_ref_sink(fields) : NULL,
	};
}

void jobs_plan_clear(struct jobs_plan *plan)
{
	for (gsize i = 0; i < plan->count; i++)
		g_clear_pointer(&plan->jobs[i].fields, g_variant_unref);
	plan->count = 0;
}

gboolean jobs_plan_decided(struct jobs_plan *plan, const struct store_held *held, const struct jobs_decided *decided)
{
	enum store_held_state state = decided->state;
	g_autofree char *by = decided->person ? jobs_hex(decided->person) : NULL;
	g_autofree char *at = g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
	const char *text = state == STORE_HELD_REJECTED ? decided->text : NULL;
	gboolean told = state == STORE_HELD_REJECTED && held->kind != STORE_HELD_AMBIGUOUS && *held->author && !g_str_equal(jobs_field(held->facts, "answerable"), "no");

	gboolean wish = *jobs_field(held->facts, "wish") != '\0';

	if (state == STORE_HELD_ACCEPTED || state == STORE_HELD_CONFIRMED)
		jobs_plan_add(plan, wish ? JOBS_WISH : JOBS_RELEASE,
			jobs_fields((struct jobs_pair[]){{"state", store_held_word(state)}, {"by", by}, {NULL, NULL}}));
	if (told)
		jobs_plan_add(plan, JOBS_REJECTED, jobs_fields((struct jobs_pair[]){{"text", text}, {NULL, NULL}}));
	if (held->kind == STORE_HELD_MODERATION || held->kind == STORE_HELD_AMBIGUOUS)
		jobs_plan_add(plan, JOBS_DECIDED,
			jobs_fields((struct jobs_pair[]){
				{"word", decided->word}, {"at", at}, {"by", by}, {"text", text}, {NULL, NULL}}));
	return told;
}
