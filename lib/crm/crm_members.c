/*
 * The rows of one list, all or none. Their number comes in the same statement as they do: so both are of one moment, in one trip to the server, and a result
 * that was cut anywhere does not agree with it. That number is of each spelling of the list's name, the rows are of one, which
 * MySQL finds by its index and compares once for the list and not for each row. It is guessed: what the view had last, for this list or
 * another one. A wrong guess has no rows and costs a second statement.
 */
#include <string.h>

#include "lib/crm/crm_private.h"

enum { VALUE, NUMBER, MEMBER }; /* columns of CRM_SQL_MEMBERS: those of the number, then those of a row */

/* All spellings, `first` before the others. Strings are not copied. */
static GPtrArray *put_first(const char *first, char **spellings)
{
	GPtrArray *names = g_ptr_array_new();

	g_ptr_array_add(names, (char *)first);
	for (; *spellings; spellings++)
		if (strcmp(*spellings, first) != 0)
			g_ptr_array_add(names, *spellings);
	g_ptr_array_add(names, NULL);
	return names;
}

struct members {
	const char *list;
	crm_member take;
	void *context;
	guint seen;
};

static gboolean read_rows(struct crm *crm, const struct crm_values *values, struct members *members, struct crm_count *count)
{
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_MEMBERS, values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	members->seen = 0;
	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		if (!cells[NUMBER].null) {
			if (!crm_list_take_count(crm, members->list, &cells[VALUE], &cells[NUMBER], count))
				return FALSE;
			continue;
		}
		/* Counted below the limit, it cannot come to so many: but the order of a union's parts is the server's to choose. */
		if (++members->seen > CRM_ROWS_LIMIT)
			return crm_fail(crm, CRM_TROUBLE_OTHER, "more than %d rows in one list", CRM_ROWS_LIMIT);
		members->take(crm, &cells[MEMBER], members->context);
	}
	return step == CRM_END;
}

static void remember(struct crm *crm, char **spellings, const char *found)
{
	for (guint i = 0; spellings[i]; i++)
		if (strcmp(spellings[i], found) == 0)
			crm->spelling = i;
}

gboolean crm_members_read(struct crm *crm, const char *list, crm_member take, void *context, struct crm_count *count)
{
	g_auto(GStrv) spellings = crm_list_spellings_of(crm, list);
	g_autofree char *guess = g_strdup(spellings[MIN(crm->spelling, g_strv_length(spellings) - 1)]);
	struct members members = {.list = list, .take = take, .context = context};

	for (;;) {
		g_autoptr(GPtrArray) names = put_first(guess, spellings);
		const struct crm_values values = {.names = (const char *const *)names->pdata};

		g_clear_pointer(&count->spelling, g_free);
		count->rows = 0;
		if (!read_rows(crm, &values, &members, count))
			return FALSE;
		if (members.seen > 0 || !count->spelling || strcmp(count->spelling, guess) == 0)
			break;
		g_free(guess);
		guess = g_strdup(count->spelling);
	}
	if (members.seen != count->rows)
		return crm_fail(crm, CRM_TROUBLE_INCOMPLETE, "%u rows counted, %u read", count->rows, members.seen);
	if (count->spelling)
		remember(crm, spellings, count->spelling);
	return TRUE;
}
