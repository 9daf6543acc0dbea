/*
 * Everybody who gets a copy, read live. Promise: the whole list or nothing. The rows are counted
 * and read in one statement (crm_members.c); the count must agree, the server must have said that
 * this was the end, and only then is anything handed on. Mail for a role is a few questions about a
 * few people, in one snapshot.
 *
 * Members: each row that wants the list in some way is one; an address on several rows gets it once, in the most
 * direct way (roster.h). Duplicates are exact after normalising, so a local part in other capitals is another
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
	TOLD_MOST = 10000,              /* lists and words that are remembered as told */
};
#define TOLD_TIME (86400 * (gint64)G_USEC_PER_SEC)

struct fan {
	const struct crm_wish *wish;
	struct crm_count count;
	struct roster *roster;
	GPtrArray *suspects[RECEPTION_VARIANTS]; /* addresses in our own domains; NULL while there is none */
	GPtrArray *words;    /* reception modes that nobody knows, for the log */
	GString *normal;
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
		log_warning("crm: list %s: %u of %u rows have no address we can send to: %s", fan->wish->list,
			fan->reading->skipped, fan->reading->rows, text->str);
}

/* Once a day is enough of what stands in the CRM all the time; each post would say it. */
static gboolean is_news(struct crm *crm, const char *list, const char *word)
{
	gint64 now = g_get_monotonic_time();

	if (now - crm->told_since > TOLD_TIME || g_hash_table_size(crm->told) >= TOLD_MOST) {
		g_hash_table_remove_all(crm->told);
		crm->told_since = now;
	}
	return g_hash_table_add(crm->told, g_strdup_printf("%s %s", list, word));
}

static void log_words(struct crm *crm, const struct fan *fan)
{
	const char *list = fan->wish->list;

	for (guint i = 0; i < MIN(fan->words->len, WORDS_LOGGED); i++)
		if (is_news(crm, list, fan->words->pdata[i]))
			log_warning("crm: list %s: reception mode %s means nothing, taken as mail", list, (const char *)fan->words->pdata[i]);
	if (fan->words->len > WORDS_LOGGED && is_news(crm, list, ""))
		log_warning("crm: list %s: and further reception modes that mean nothing", list);
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

/* Whoever has a copy already, or wants none of his own. */
static gboolean is_left_out(const struct fan *fan, const char *address, gboolean not_me)
{
	const struct crm_wish *wish = fan->wish;

	if (not_me && wish->author && address_same(wish->author, address))
		return TRUE;
	if (wish->besides && roster_has(wish->besides, address))
		return TRUE;
	if (!wish->addressed)
		return FALSE;
	g_autofree char *key = address_key(address);
	return g_hash_table_contains(wish->addressed, key);
}

static void add(struct crm *crm, struct fan *fan, enum reception reception, const char *address)
{
	if (crm_loop_suspects(crm, address)) {
		if (!fan->suspects[reception])
			fan->suspects[reception] = g_ptr_array_new_with_free_func(wipe_and_free);
		g_ptr_array_add(fan->suspects[reception], g_strdup(address));
	} else if (!roster_add(fan->roster, reception, address)) {
		fan->reading->duplicates++;
	}
}

static void add_member(struct crm *crm, struct fan *fan, const struct crm_cell *mode)
{
	enum reception reception;
	gboolean not_me;

	if (!crm_rows_reception(mode, &reception, &not_me))
		note_word(fan, mode);
	if (reception == RECEPTION_NOMAIL)
		return;
	if (is_left_out(fan, fan->normal->str, not_me))
		fan->reading->left_out++;
	else
		add(crm, fan, reception, fan->normal->str);
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

static void take_member(struct crm *crm, const struct crm_cell *cells, void *context)
{
	struct fan *fan = context;

	if (take_address(fan, &cells[0]))
		add_member(crm, fan, &cells[1]);
}

/* Suspects that are no address of ours after all are members like any other. */
static gboolean settle(struct crm *crm, struct fan *fan, enum reception reception)
{
	GPtrArray *suspects = fan->suspects[reception];
	guint looping = 0;

	if (!suspects || suspects->len == 0)
		return TRUE;
	if (!crm_loop_remove(crm, suspects, &looping))
		return FALSE;
	fan->reading->looping += looping;
	for (guint i = 0; i < suspects->len; i++)
		if (!roster_add(fan->roster, reception, suspects->pdata[i]))
			fan->reading->duplicates++;
	g_ptr_array_set_size(suspects, 0);
	return TRUE;
}

static gboolean settle_suspects(struct crm *crm, struct fan *fan)
{
	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if (!settle(crm, fan, (enum reception)i))
			return FALSE;
	return TRUE;
}

static void fan_clear(struct fan *fan)
{
	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if (fan->suspects[i])
			g_ptr_array_unref(fan->suspects[i]);
	g_ptr_array_unref(fan->words);
	explicit_bzero(fan->normal->str, fan->normal->allocated_len);
	g_string_free(fan->normal, TRUE);
	g_free(fan->count.spelling);
}

static gboolean read_candidates(struct crm *crm, struct fan *fan, enum crm_query query, GPtrArray *candidates)
{
	const char *const name[] = {fan->count.spelling, NULL};
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
			fan->wish->list, count, list_role_word(fan->wish->role), ROLE_LIMIT);
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

		if (!crm_person_look(crm, fan->wish->list, candidates->pdata[i], &standing))
			return FALSE;
		if (standing & standing_bit)
			add(crm, fan, RECEPTION_MAIL, candidates->pdata[i]);
	}
	return settle_suspects(crm, fan);
}

/* Not a single address in a list with rows is a view gone wrong, not an empty list. */
static gboolean judge_members(struct crm *crm, struct fan *fan)
{
	log_words(crm, fan);
	if (fan->reading->skipped == fan->reading->rows)
		return crm_fail(crm, CRM_TROUBLE_SCHEMA, "no row of column '%s' is an address",
			crm_sql_column(crm, CRM_COLUMN_ADDRESS));
	return settle_suspects(crm, fan);
}

static gboolean read_editors(struct crm *crm, struct fan *fan)
{
	if (!read_role(crm, fan, CRM_SQL_MODERATORS, STANDING_MODERATOR))
		return FALSE;
	return roster_count(fan->roster, RECEPTION_MAIL) > 0 || read_role(crm, fan, CRM_SQL_OWNERS, STANDING_OWNER);
}

static gboolean read_by_role(struct crm *crm, struct fan *fan)
{
	switch (fan->wish->role) {
	case LIST_ROLE_EDITOR:
		return read_editors(crm, fan);
	case LIST_ROLE_OWNER:
	case LIST_ROLE_REQUEST:
	case LIST_ROLE_SUBSCRIBE:
	case LIST_ROLE_UNSUBSCRIBE:
		return read_role(crm, fan, CRM_SQL_OWNERS, STANDING_OWNER);
	case LIST_ROLE_POST:
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
	const char *list = fan->wish->list;
	gboolean post = fan->wish->role == LIST_ROLE_POST;

	if (!(post ? crm_members_read(crm, list, take_member, fan, &fan->count) : crm_list_count(crm, list, &fan->count.spelling, &fan->count.rows)))
		return FALSE;
	fan->reading->rows = fan->count.rows;
	if (!fan->count.spelling)
		return TRUE;
	gboolean done = (post ? judge_members : read_by_role)(crm, fan);
	log_skipped(fan);
	return done;
}

enum crm_result crm_roster(struct crm *crm, const struct crm_wish *wish, struct roster **roster, struct crm_reading *reading,
	struct verdict *verdict)
{
	roster_auto struct roster *all = roster_new();
	struct fan fan = {.wish = wish, .roster = all, .words = g_ptr_array_new_with_free_func(g_free),
		.normal = g_string_sized_new(CRM_CELL_SIZE), .reading = reading};

	*roster = NULL;
	*reading = (struct crm_reading){0};
	/* The members are one statement, which is of one moment by itself. */
	gboolean done = (wish->role == LIST_ROLE_POST ? crm_ask : crm_run)(crm, fan_work, &fan, wish->list, verdict);
	gboolean found = fan.count.spelling != NULL;
	fan_clear(&fan);
	if (!done)
		return CRM_TROUBLE;
	if (!found)
		return CRM_NOT_FOUND;
	*roster = g_steal_pointer(&all);
	return CRM_FOUND;
}
