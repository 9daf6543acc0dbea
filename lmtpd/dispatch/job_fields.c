/* The fields of a JOB answer; see job_fields.h. */
#include "lmtpd/dispatch/job_fields.h"

#include <string.h>

static void add(GVariantBuilder *builder, const char *name, const char *value)
{
	if (value && *value)
		g_variant_builder_add(builder, "{ss}", name, value);
}

static void add_number(GVariantBuilder *builder, const char *name, gint64 value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);

	g_variant_builder_add(builder, "{ss}", name, text);
}

/* Hashes stay here. */
static void add_own(GVariantBuilder *builder, GVariant *fields)
{
	GVariantIter iterator;
	const char *name, *value;

	g_variant_iter_init(&iterator, fields);
	while (g_variant_iter_next(&iterator, "{&s&s}", &name, &value))
		if (strcmp(name, "by") != 0 && strcmp(name, "to-person") != 0)
			add(builder, name, value);
}

static void add_facts(GVariantBuilder *builder, GVariant *facts)
{
	GVariantIter iterator;
	const char *name, *value;

	g_variant_iter_init(&iterator, facts);
	while (g_variant_iter_next(&iterator, "{&s&s}", &name, &value)) {
		g_autofree char *prefixed = g_strconcat("fact-", name, NULL);

		add(builder, prefixed, value);
	}
}

static void add_post(GVariantBuilder *builder, const struct store_held *held)
{
	add(builder, "held-author", held->author);
	add(builder, "held-sender", held->sender);
	add(builder, "held-reason", held->reason);
	add_number(builder, "held-at", held->held_at);
	add_number(builder, "held-until", held->expires_at);
	add_number(builder, "held-kind", held->kind);
	add(builder, "held-state", store_held_word(held->decision.state));
	if (held->decision.state != STORE_HELD_WAITING)
		add_number(builder, "held-decided-at", held->decision.at);
	add_facts(builder, held->facts);
}

GVariant *job_fields_make(const struct store_job *job, const struct store_held *held, const char *by)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	add_own(&builder, job->fields);
	add(&builder, "by", by);
	if (held)
		add_post(&builder, held);
	return g_variant_builder_end(&builder);
}

char *job_fields_id(gint64 job, const guint8 person[STORE_PERSON_SIZE])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guint8 *)&job, sizeof(job));
	g_checksum_update(sum, person, STORE_PERSON_SIZE);
	return g_strdup(g_checksum_get_string(sum));
}
