/*
 * Recipients that are addresses of ours: a list on a list, its roles, the site's postmaster. Mail
 * to them would come back and go round (HOSTILE D6). A member may well live in the domain of the
 * lists (jan@example.org on choir@example.org), so the domain alone is only a suspicion; what the
 * view knows as a list decides.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/crm/crm_private.h"

enum { PORTION = 100 /* names of lists */ };

static const char *const site_locals[] = {"postmaster", "mailer-daemon", NULL};

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

static gboolean is_list_domain(const struct crm *crm, const char *domain)
{
	return g_strv_contains(settings_domains(crm->settings), domain);
}

static gboolean is_sites(const char *address)
{
	gsize length = strlen(address) - strlen(domain_of(address)) - 1;

	for (const char *const *local = site_locals; *local; local++)
		if (strlen(*local) == length && g_ascii_strncasecmp(address, *local, length) == 0)
			return TRUE;
	return FALSE;
}

gboolean crm_loop_suspects(const struct crm *crm, const char *address)
{
	const char *domain = domain_of(address);

	return is_list_domain(crm, domain) ||
		(is_sites(address) && g_ascii_strcasecmp(domain, process_hostname(crm->settings)) == 0);
}

/* The addresses of all lists that any of the suspects could be, or be a role of. */
static GHashTable *possible_lists(const struct crm *crm, const GPtrArray *suspects)
{
	GHashTable *lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < suspects->len; i++) {
		g_autoptr(GArray) readings = list_readings(crm->settings, suspects->pdata[i]);

		for (guint k = 0; k < readings->len; k++) {
			const struct list_reading *reading = &g_array_index(readings, struct list_reading, k);

			g_hash_table_add(lists, g_strdup_printf("%s@%s", reading->name, reading->domain));
		}
	}
	return lists;
}

/* Asks which of the spellings the view has; the addresses they stand for are added to `known`. */
static gboolean ask(struct crm *crm, const char *const *spellings, GHashTable *known)
{
	const struct crm_values values = {.names = spellings};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_KNOWN_LISTS, &values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		if (cells[0].null || cells[0].truncated)
			continue;
		char *address = list_address_from_column(crm->settings, cells[0].data, cells[0].length);
		if (address)
			g_hash_table_add(known, address);
	}
	return step == CRM_END;
}

/* In portions, so that no question gets too long. */
static gboolean ask_all(struct crm *crm, GHashTable *possible, GHashTable *known)
{
	g_autoptr(GPtrArray) portion = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *list;

	g_hash_table_iter_init(&iter, possible);
	while (g_hash_table_iter_next(&iter, &list, NULL)) {
		g_auto(GStrv) spellings = crm_list_spellings_of(crm, list);

		for (guint i = 0; spellings[i]; i++)
			g_ptr_array_add(portion, g_strdup(spellings[i]));
		if (portion->len < PORTION)
			continue;
		g_ptr_array_add(portion, NULL);
		if (!ask(crm, (const char *const *)portion->pdata, known))
			return FALSE;
		g_ptr_array_set_size(portion, 0);
	}
	if (portion->len == 0)
		return TRUE;
	g_ptr_array_add(portion, NULL);
	return ask(crm, (const char *const *)portion->pdata, known);
}

static gboolean is_ours(const struct crm *crm, const char *address, GHashTable *known)
{
	if (is_sites(address))
		return TRUE;
	g_autoptr(GArray) readings = list_readings(crm->settings, address);
	for (guint k = 0; k < readings->len; k++) {
		const struct list_reading *reading = &g_array_index(readings, struct list_reading, k);
		g_autofree char *list = g_strdup_printf("%s@%s", reading->name, reading->domain);

		if (g_hash_table_contains(known, list))
			return TRUE;
	}
	return FALSE;
}

gboolean crm_loop_remove(struct crm *crm, GPtrArray *suspects, guint *looping)
{
	g_autoptr(GHashTable) possible = possible_lists(crm, suspects);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	*looping = 0;
	if (!ask_all(crm, possible, known))
		return FALSE;
	for (guint i = suspects->len; i-- > 0;)
		if (is_ours(crm, suspects->pdata[i], known)) {
			/* An address of ours is no member's, so the log may name it. */
			log_warning("crm: alarm: %s is a recipient: skipped, or mail would loop",
				(const char *)suspects->pdata[i]);
			g_ptr_array_remove_index_fast(suspects, i);
			(*looping)++;
		}
	return TRUE;
}
