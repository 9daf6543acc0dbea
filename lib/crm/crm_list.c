/*
 * Lists as the view has them. A list exists when the view has a row for it. Its column may say
 * "choir", "Choir" or "choir@lists.example.org"; which of them it is does not matter, but two of
 * them at once is nobody's list: "the first" would send one list's posts to the other's members
 * (HOSTILE D17).
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_private.h"
#include "lib/list/address.h"

char **crm_list_spellings(const struct crm *crm, const char *name, const char *domain)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *address = g_strdup_printf("%s@%s", name, domain);
	g_auto(GStrv) spellings = address_spellings(address);

	if (g_strcmp0(settings_default_domain(crm->settings), domain) == 0)
		g_strv_builder_add(builder, name);
	g_strv_builder_add(builder, address);
	/* The last one has the domain in Unicode, where that is another spelling. */
	const char *last = spellings[g_strv_length(spellings) - 1];
	if (g_ascii_strcasecmp(last, address) != 0)
		g_strv_builder_add(builder, last);
	return g_strv_builder_end(builder);
}

char **crm_list_spellings_of(const struct crm *crm, const char *list)
{
	const char *at = strrchr(list, '@');

	if (!at)
		log_panic("crm_list_spellings_of: no address");
	g_autofree char *name = g_strndup(list, (gsize)(at - list));
	return crm_list_spellings(crm, name, at + 1);
}

gboolean crm_list_is(const struct crm *crm, const struct crm_cell *value, const char *list)
{
	if (value->null || value->truncated)
		return FALSE;
	g_autofree char *address = list_address_from_column(crm->settings, value->data, value->length);
	return g_strcmp0(address, list) == 0;
}

static gboolean fail_ambiguous(struct crm *crm, const char *list, const char *first, const struct crm_cell *second)
{
	g_autofree char *other = g_strndup(second->data, second->length);

	/* Both are spellings of a list's address, so no member's data. */
	return crm_fail(crm, CRM_TROUBLE_AMBIGUOUS, "the view has '%s' and '%s' for %s", first, other, list);
}

/* ---- does it exist ---- */

struct find {
	const char *list;
	char **spellings;
	char *found;
};

static gboolean find_work(struct crm *crm, void *context)
{
	struct find *find = context;
	const struct crm_values values = {.names = (const char *const *)find->spellings};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_SPELLINGS, &values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	g_clear_pointer(&find->found, g_free);
	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		if (!crm_list_is(crm, &cells[0], find->list))
			continue;
		if (find->found)
			return fail_ambiguous(crm, find->list, find->found, &cells[0]);
		find->found = g_strndup(cells[0].data, cells[0].length);
	}
	return step == CRM_END;
}

enum crm_result crm_find_list(struct crm *crm, const char *name, const char *domain, struct verdict *verdict)
{
	g_autofree char *list = g_strdup_printf("%s@%s", name, domain);
	g_auto(GStrv) spellings = crm_list_spellings(crm, name, domain);
	struct find find = {.list = list, .spellings = spellings};
	gboolean done = crm_ask(crm, find_work, &find, list, verdict);
	gboolean found = find.found != NULL;

	g_free(find.found);
	if (!done)
		return CRM_TROUBLE;
	return found ? CRM_FOUND : CRM_NOT_FOUND;
}

/* ---- how many rows ---- */

static gboolean read_count(struct crm *crm, const struct crm_cell *cell, guint *rows)
{
	guint64 number = 0;

	if (!text_parse_number(cell->data, cell->length, 0, G_MAXUINT64, &number))
		return crm_fail(crm, CRM_TROUBLE_OTHER, "a count is no number");
	if (number > CRM_ROWS_LIMIT)
		return crm_fail(crm, CRM_TROUBLE_OTHER, "more than %d rows in one list", CRM_ROWS_LIMIT);
	*rows = (guint)number;
	return TRUE;
}

gboolean crm_list_take_count(struct crm *crm, const char *list, const struct crm_cell *value, const struct crm_cell *number,
	struct crm_count *count)
{
	if (!crm_list_is(crm, value, list))
		return TRUE;
	if (count->spelling)
		return fail_ambiguous(crm, list, count->spelling, value);
	count->spelling = g_strndup(value->data, value->length);
	return read_count(crm, number, &count->rows);
}

gboolean crm_list_count(struct crm *crm, const char *list, char **spelling, guint *rows)
{
	g_auto(GStrv) spellings = crm_list_spellings_of(crm, list);
	const struct crm_values values = {.names = (const char *const *)spellings};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_COUNT, &values);
	struct crm_count count = {0};
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		if (!crm_list_take_count(crm, list, &cells[0], &cells[1], &count)) {
			g_free(count.spelling);
			return FALSE;
		}
	*spelling = count.spelling;
	*rows = count.rows;
	return step == CRM_END;
}

/* ---- all of them ---- */

void crm_list_clear(struct crm_list *list)
{
	g_clear_pointer(&list->value, g_free);
	g_clear_pointer(&list->address, g_free);
}

struct lists {
	GArray *all;
	GHashTable *places; /* value to place in `all` plus one */
};

static struct crm_list *find_value(struct crm *crm, struct lists *lists, const struct crm_cell *cell)
{
	g_autofree char *value =
		cell->null ? g_strdup("NULL") : text_printable_dup(cell->data, cell->length, CRM_TEXT_LIMIT);
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(lists->places, value));

	if (place == 0) {
		struct crm_list new = {.value = g_strdup(value)};

		if (!cell->null && !cell->truncated)
			new.address = list_address_from_column(crm->settings, cell->data, cell->length);
		g_array_append_val(lists->all, new);
		place = lists->all->len;
		g_hash_table_insert(lists->places, g_steal_pointer(&value), GUINT_TO_POINTER(place));
	}
	return &g_array_index(lists->all, struct crm_list, place - 1);
}

/* Rows come grouped by list, owner and moderator, in no order. */
static gboolean lists_work(struct crm *crm, void *context)
{
	struct lists *lists = context;
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_LISTS, NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		struct crm_list *list = find_value(crm, lists, &cells[0]);
		guint rows = 0;

		if (!read_count(crm, &cells[3], &rows))
			return FALSE;
		list->members += rows;
		list->owners += crm_rows_truth(&cells[1]) == CRM_TRUE ? rows : 0;
		list->moderators += crm_rows_truth(&cells[2]) == CRM_TRUE ? rows : 0;
	}
	return step == CRM_END;
}

static void mark_ambiguous(GArray *lists)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < lists->len; i++) {
		struct crm_list *list = &g_array_index(lists, struct crm_list, i);
		struct crm_list *other = list->address ? g_hash_table_lookup(seen, list->address) : NULL;

		if (other)
			other->ambiguous = list->ambiguous = TRUE;
		else if (list->address)
			g_hash_table_insert(seen, list->address, list);
	}
}

static gint compare_lists(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct crm_list *)a)->value, ((const struct crm_list *)b)->value);
}

enum crm_result crm_lists(struct crm *crm, GArray **lists, struct verdict *verdict)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct crm_list));
	g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct lists context = {.all = found, .places = places};

	g_array_set_clear_func(found, (GDestroyNotify)crm_list_clear);
	if (!crm_run(crm, lists_work, &context, NULL, verdict))
		return CRM_TROUBLE;
	g_array_sort(found, compare_lists);
	mark_ambiguous(found);
	*lists = g_steal_pointer(&found);
	return CRM_FOUND;
}
