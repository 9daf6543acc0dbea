/* DNS by the wire; see dns_door.h. */
#include "lmtpd/intake/dns_door.h"

#include "lib/wire/wire.h"

struct known {
	enum txt_result result;
	GPtrArray *texts;
};

static void known_free(void *data)
{
	struct known *known = data;

	g_ptr_array_unref(known->texts);
	g_free(known);
}

static void read_answer(GVariant *answer, struct known *known)
{
	guint result;
	g_autofree const char **records = NULL;

	g_variant_get(answer, "(@(uuss)u^a&ay)", NULL, &result, &records);
	if (result > TXT_TROUBLE)
		return;
	known->result = (enum txt_result)result;
	for (const char **record = records; *record; record++)
		g_ptr_array_add(known->texts, g_strdup(*record));
}

static struct known *ask_dispatch(struct dns_door *dns, const char *name)
{
	struct known *known = g_new0(struct known, 1);

	known->result = TXT_TROUBLE;
	known->texts = g_ptr_array_new_with_free_func(g_free);
	/* A worker that could not be reached once is not asked for each further name; nor does a post keep one busy with slow servers. */
	if (!verdict_is_final(&dns->verdict) && dns->spent < DNS_DOOR_SECONDS * G_USEC_PER_SEC) {
		gint64 start = g_get_monotonic_time();
		g_autoptr(GVariant) answer = post_ask(dns->post, WIRE_TXT, g_variant_new("(s)", name), -1, &dns->verdict);

		if (answer)
			read_answer(answer, known);
		dns->spent += g_get_monotonic_time() - start;
	}
	g_hash_table_insert(dns->known, g_strdup(name), known);
	return known;
}

static enum txt_result ask(gpointer context, const char *name, GPtrArray *texts)
{
	struct dns_door *dns = context;
	/* A name from a signature may be any bytes, and only text can travel; upper and lower case are one name. */
	g_autofree char *lower = g_utf8_validate(name, -1, NULL) ? g_ascii_strdown(name, -1) : NULL;

	if (!lower)
		return TXT_NO_NAME;
	const struct known *known = g_hash_table_lookup(dns->known, lower);
	if (!known)
		known = ask_dispatch(dns, lower);
	if (known->result == TXT_FOUND)
		for (guint i = 0; i < known->texts->len; i++)
			g_ptr_array_add(texts, g_strdup(g_ptr_array_index(known->texts, i)));
	return known->result;
}

void dns_door_open(struct dns_door *dns, struct post *post)
{
	*dns = (struct dns_door){
		.door = {.ask = ask, .context = dns},
		.post = post,
		.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free),
		.verdict = VERDICT_UNDECIDED,
	};
}

void dns_door_close(struct dns_door *dns)
{
	g_clear_pointer(&dns->known, g_hash_table_unref);
}
