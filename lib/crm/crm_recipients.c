/*
 * Everybody who gets a copy, read live. Promise: the whole list or nothing. The rows are counted
 * and read in one snapshot; the count must agree, the server must have said that this was the
 * end, and only then is anything handed on.
 *
 * Members: each row that wants mail is one; an address on several rows gets mail when any of them
 * wants it. Duplicates are exact after normalising, so a local part in other capitals is another
 * recipient (only its host knows better). Local parts beyond ASCII are skipped: one such
 * recipient would turn the whole queue file into SMTPUTF8 mail, which then bounces at every host
 * that lacks it.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/crm/crm_private.h"
#include "lib/wire/wire.h"

enum {
	WORDS_LOGGED = 5,
	REASONS = ADDRESS_ENCODING + 2, /* those of enum address_result, the last one out of its row */
	ROLE_LIMIT = 50,                /* copies of one mail to owners or moderators */
};

struct fan {
	const char *list;
	enum list_role role;
	char *spelling; /* the list's, as the view has it */
	struct recipients *recipients;
	GPtrArray *suspects; /* addresses in our own domains */
	GPtrArray *words;    /* reception modes that nobody knows, for the log */
	GString *normal;
	guint seen;
	guint reasons[REASONS]; /* why rows were skipped */
	struct crm_reading *reading;
};

static void wipe_and_free(void *text)
{
	explicit_bzero(text, strlen(text));
	g_free(text);
}

static guint reason_place(enum address_result result)
{
	return result == ADDRESS_NEEDS_UTF8 ? REASONS - 1 : (guint)result;
}

static enum address_result place_reason(guint place)
{
	return place == REASONS - 1 ? ADDRESS_NEEDS_UTF8 : (enum address_result)place;
}

/* Which rows were skipped is nobody's business but the CRM's; how many and why is the admin's. */
static void log_skipped(const struct fan *fan)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < REASONS; i++)
		if (fan->reasons[i] > 0)
			g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", fan->reasons[i],
				address_word(place_reason(i)));
	if (text->len)
		log_warning("crm: list %s: %u of %u rows have no address we can send to: %s", fan->list,
			fan->reading->skipped, fan->reading->rows, text->str);
}

static void log_words(const struct fan *fan)
{
	for (guint i = 0; i < MIN(fan->words->len, WORDS_LOGGED); i++)
		log_warning("crm: list %s: reception mode %s means nothing, taken as mail", fan->list,
			(const char *)fan->words->pdata[i]);
	if (fan->words->len > WORDS_LOGGED)
		log_warning("crm: list %s: and further reception modes that mean nothing", fan->list);
}

static void note_word(struct fan *fan, const struct crm_cell *cell)
{
	g_autofree char *word = NULL;

	/* Enough is known; a column full of nonsense must not cost memory. */
	if (fan->words->len > WORDS_LOGGED)
		return;
	word = crm_rows_word(cell);
	if (!g_ptr_array_find_with_equal_func(fan->words, word, g_str_equal, NULL))
		g_ptr_array_add(fan->words, g_steal_pointer(&word));
}

static gboolean wants_mail(struct fan *fan, const struct crm_cell *cell)
{
	switch (crm_rows_mode(cell)) {
	case CRM_MODE_NOMAIL:
		return FALSE;
	case CRM_MODE_UNCLEAR:
		note_word(fan, cell);
		return TRUE;
	case CRM_MODE_MAIL:
		return TRUE;
	}
	log_panic("wants_mail");
}

static void add(struct crm *crm, struct fan *fan, const char *address)
{
	if (crm_loop_suspects(crm, address))
		g_ptr_array_add(fan->suspects, g_strdup(address));
	else if (!recipients_add(fan->recipients, address))
		fan->reading->duplicates++;
}

/* The address of a row into fan->normal; FALSE when it is none, which is counted. */
static gboolean take_address(struct fan *fan, const struct crm_cell *cell)
{
	enum address_result result = crm_rows_address(cell, FALSE, fan->normal);

	if (result == ADDRESS_OK)
		return TRUE;
	fan->reasons[reason_place(result)]++;
	fan->reading->skipped++;
	return FALSE;
}

static gboolean read_members(struct crm *crm, struct fan *fan)
{
	const char *const name[] = {fan->spelling, NULL};
	const struct crm_values values = {.names = name};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_MEMBERS, &values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		fan->seen++;
		if (take_address(fan, &cells[0]) && wants_mail(fan, &cells[1]))
			add(crm, fan, fan->normal->str);
	}
	if (step != CRM_END)
		return FALSE;
	if (fan->seen != fan->reading->rows)
		return crm_fail(crm, CRM_TROUBLE_INCOMPLETE, "%u rows counted, %u read", fan->reading->rows,
			fan->seen);
	return TRUE;
}

/* Suspects that are no address of ours after all are members like any other. */
static gboolean settle_suspects(struct crm *crm, struct fan *fan)
{
	guint looping = 0;

	if (fan->suspects->len == 0)
		return TRUE;
	if (!crm_loop_remove(crm, fan->suspects, &looping))
		return FALSE;
	fan->reading->looping += looping;
	for (guint i = 0; i < fan->suspects->len; i++)
		if (!recipients_add(fan->recipients, fan->suspects->pdata[i]))
			fan->reading->duplicates++;
	g_ptr_array_set_size(fan->suspects, 0);
	return TRUE;
}

static gboolean read_candidates(struct crm *crm, struct fan *fan, enum crm_query query, GPtrArray *candidates)
{
	const char *const name[] = {fan->spelling, NULL};
	const struct crm_values values = {.names = name};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, query, &values);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;
	guint count = 0;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW) {
		if (crm_rows_truth(&cells[1]) != CRM_TRUE || !take_address(fan, &cells[0]))
			continue;
		if (++count <= ROLE_LIMIT)
			g_ptr_array_add(candidates, g_strdup(fan->normal->str));
	}
	if (count > ROLE_LIMIT)
		log_warning("crm: alarm: list %s: %u rows say '%s', which cannot be meant; only %d get this mail",
			fan->list, count, list_role_word(fan->role), ROLE_LIMIT);
	return step == CRM_END;
}

/* Those whose every row gives them the role: a row read alone does not tell (HOSTILE D9). */
static gboolean read_role(struct crm *crm, struct fan *fan, enum crm_query query, guint standing_bit)
{
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(wipe_and_free);

	if (!read_candidates(crm, fan, query, candidates))
		return FALSE;
	for (guint i = 0; i < candidates->len; i++) {
		guint standing = 0;

		if (!crm_person_look(crm, fan->list, candidates->pdata[i], &standing))
			return FALSE;
		if (standing & standing_bit)
			add(crm, fan, candidates->pdata[i]);
	}
	return settle_suspects(crm, fan);
}

/* Not a single address in a list with rows is a view gone wrong, not an empty list. */
static gboolean read_post(struct crm *crm, struct fan *fan)
{
	if (!read_members(crm, fan))
		return FALSE;
	log_words(fan);
	if (fan->reading->skipped == fan->reading->rows)
		return crm_fail(crm, CRM_TROUBLE_SCHEMA, "no row of column '%s' is an address",
			crm_sql_column(crm, CRM_COLUMN_ADDRESS));
	return settle_suspects(crm, fan);
}

static gboolean read_editors(struct crm *crm, struct fan *fan)
{
	if (!read_role(crm, fan, CRM_SQL_MODERATORS, STANDING_MODERATOR))
		return FALSE;
	return recipients_count(fan->recipients) > 0 || read_role(crm, fan, CRM_SQL_OWNERS, STANDING_OWNER);
}

static gboolean read_by_role(struct crm *crm, struct fan *fan)
{
	switch (fan->role) {
	case LIST_ROLE_POST:
		return read_post(crm, fan);
	case LIST_ROLE_EDITOR:
		return read_editors(crm, fan);
	case LIST_ROLE_OWNER:
	case LIST_ROLE_REQUEST:
	case LIST_ROLE_SUBSCRIBE:
	case LIST_ROLE_UNSUBSCRIBE:
		return read_role(crm, fan, CRM_SQL_OWNERS, STANDING_OWNER);
	case LIST_ROLE_BOUNCES:
	case LIST_ROLE_CONFIRM:
		break;
	}
	/* No panic: the role came over the wire, from a room that may be owned. */
	return crm_fail(crm, CRM_TROUBLE_OTHER, "nobody receives mail for this role");
}

static gboolean fan_work(struct crm *crm, void *context)
{
	struct fan *fan = context;

	if (!crm_list_count(crm, fan->list, &fan->spelling, &fan->reading->rows))
		return FALSE;
	if (!fan->spelling)
		return TRUE;
	gboolean done = read_by_role(crm, fan);
	log_skipped(fan);
	return done;
}

enum crm_result crm_recipients(struct crm *crm, const char *list, enum list_role role,
	struct recipients **recipients, struct crm_reading *reading, struct verdict *verdict)
{
	recipients_auto struct recipients *all = recipients_new();
	g_autoptr(GPtrArray) suspects = g_ptr_array_new_with_free_func(wipe_and_free);
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) normal = g_string_sized_new(CRM_CELL_SIZE);
	struct fan fan = {.list = list, .role = role, .recipients = all, .suspects = suspects, .words = words,
		.normal = normal, .reading = reading};

	*recipients = NULL;
	*reading = (struct crm_reading){0};
	gboolean done = crm_run(crm, fan_work, &fan, list, verdict);
	gboolean found = fan.spelling != NULL;
	g_free(fan.spelling);
	explicit_bzero(normal->str, normal->allocated_len);
	if (!done)
		return CRM_TROUBLE;
	if (!found)
		return CRM_NOT_FOUND;
	recipients_seal(all);
	*recipients = g_steal_pointer(&all);
	return CRM_FOUND;
}
