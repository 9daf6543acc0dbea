/*
 * What one person is on one list. The server narrows down with its own idea of equality
 * (collations), this file decides with ours (address_key), so both sides of mail agree on who
 * somebody is (HOSTILE M5).
 *
 * The spellings asked for: those of address_spellings(), each also in NFD, with the local part
 * quoted, and with one blank on either side, since the rows' reader drops those. Knowingly not
 * found: an address with more blanks or a tab around it in the CRM; its owner gets mail but is a
 * stranger when posting.
 *
 * Roles: a person may stand on several rows. They have a role when every one of them says so:
 * where rows disagree or cannot be read, the least privilege wins (HOSTILE D9).
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/crm/crm_private.h"
#include "lib/list/address.h"
#include "lib/wire/wire.h"

/* The local part in quotes, or NULL when it has them already. */
static char *quoted_local(const char *address)
{
	const char *at = strrchr(address, '@');

	if (!at || *address == '"')
		return NULL;
	return g_strdup_printf("\"%.*s\"%s", (int)(at - address), address, at);
}

static void add_with_blanks(GPtrArray *out, char *spelling)
{
	static const char *const forms[] = {"%s ", " %s", " %s "};

	if (!spelling)
		return;
	g_ptr_array_add(out, spelling);
	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_auto(GStrv) halves = g_strsplit(forms[i], "%s", 2);

		g_ptr_array_add(out, g_strconcat(halves[0], spelling, halves[1], NULL));
	}
}

/* Every spelling plain, decomposed and quoted, each with and without blanks: a few dozen at most. */
GPtrArray *crm_person_spellings(const char *person)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) spellings = address_spellings(person);

	for (char **spelling = spellings; *spelling; spelling++) {
		g_autofree char *decomposed = g_utf8_normalize(*spelling, -1, G_NORMALIZE_NFD);

		add_with_blanks(out, g_strdup(*spelling));
		if (g_strcmp0(decomposed, *spelling) != 0)
			add_with_blanks(out, g_steal_pointer(&decomposed));
		add_with_blanks(out, quoted_local(*spelling));
	}
	g_ptr_array_add(out, NULL);
	return out;
}

/* What has been seen of one role in a person's rows. */
struct role {
	guint yes, no, unclear;
};

static void count_role(struct role *role, const struct crm_cell *cell)
{
	switch (crm_rows_truth(cell)) {
	case CRM_TRUE:
		role->yes++;
		break;
	case CRM_FALSE:
		role->no++;
		break;
	case CRM_UNCLEAR:
		role->unclear++;
		break;
	}
}

static gboolean has_role(const struct role *role, const char *list, const char *word)
{
	if (role->unclear > 0)
		log_warning("crm: list %s: column '%s' of a person is neither yes nor no: taken as no", list, word);
	else if (role->yes > 0 && role->no > 0)
		log_warning("crm: list %s: rows of one person disagree about '%s': taken as no", list, word);
	return role->yes > 0 && role->no == 0 && role->unclear == 0;
}

struct person {
	const char *list, *key;
	char *spelling; /* the list's, as the rows have it */
	guint rows;
	struct role owner, moderator;
};

gboolean crm_person_is(const struct crm_cell *cell, const char *key, GString *normal)
{
	if (crm_rows_address(cell, TRUE, normal) != ADDRESS_OK)
		return FALSE;
	g_autofree char *other = address_key(normal->str);
	return strcmp(other, key) == 0;
}

static gboolean take_row(struct crm *crm, struct person *person, const struct crm_cell *cells, GString *normal)
{
	if (!crm_list_is(crm, &cells[0], person->list) || !crm_person_is(&cells[1], person->key, normal))
		return TRUE;
	if (!person->spelling)
		person->spelling = g_strndup(cells[0].data, cells[0].length);
	else if (strlen(person->spelling) != cells[0].length ||
		memcmp(person->spelling, cells[0].data, cells[0].length) != 0)
		return crm_fail(crm, CRM_TROUBLE_AMBIGUOUS, "the view spells %s in two ways", person->list);
	person->rows++;
	count_role(&person->owner, &cells[2]);
	count_role(&person->moderator, &cells[3]);
	return TRUE;
}

static gboolean read_person(struct crm *crm, struct person *person, const char *const *addresses)
{
	g_auto(GStrv) names = crm_list_spellings_of(crm, person->list);
	const struct crm_values values = {.names = (const char *const *)names, .addresses = addresses};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_PERSON, &values);
	g_autoptr(GString) normal = g_string_new(NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		if (!take_row(crm, person, cells, normal))
			return FALSE;
	return step == CRM_END;
}

gboolean crm_person_look(struct crm *crm, const char *list, const char *person, guint *standing)
{
	g_autoptr(GPtrArray) addresses = crm_person_spellings(person);
	g_autofree char *key = address_key(person);
	struct person found = {.list = list, .key = key};
	gboolean done = read_person(crm, &found, (const char *const *)addresses->pdata);

	g_free(found.spelling);
	*standing = 0;
	if (!done || found.rows == 0)
		return done;
	*standing = STANDING_SUBSCRIBER;
	if (has_role(&found.owner, list, crm_sql_column(crm, CRM_COLUMN_OWNER)))
		*standing |= STANDING_OWNER;
	if (has_role(&found.moderator, list, crm_sql_column(crm, CRM_COLUMN_MODERATOR)))
		*standing |= STANDING_MODERATOR;
	return TRUE;
}

/*
 * Addresses of rows that look like a moderator's; they are read to the end before anything else
 * is asked.
 */
static gboolean read_candidates(struct crm *crm, const char *list, GPtrArray *candidates)
{
	g_auto(GStrv) names = crm_list_spellings_of(crm, list);
	const struct crm_values values = {.names = (const char *const *)names};
	crm_auto_statement struct crm_statement *statement = crm_statement_open(crm, CRM_SQL_HAS_MODERATOR, &values);
	g_autoptr(GString) normal = g_string_new(NULL);
	const struct crm_cell *cells;
	enum crm_step step = CRM_BROKEN;

	while (statement && (step = crm_statement_next(statement, &cells)) == CRM_ROW)
		if (crm_list_is(crm, &cells[0], list) && crm_rows_truth(&cells[2]) == CRM_TRUE &&
			crm_rows_address(&cells[1], TRUE, normal) == ADDRESS_OK)
			g_ptr_array_add(candidates, g_strdup(normal->str));
	return step == CRM_END;
}

/*
 * Whether the list has a moderator at all: the first candidate whose rows agree settles it. Where
 * there is none, the server has looked through the whole list.
 */
static gboolean look_for_moderator(struct crm *crm, const char *list, gboolean *found)
{
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(g_free);

	*found = FALSE;
	if (!read_candidates(crm, list, candidates))
		return FALSE;
	for (guint i = 0; i < candidates->len && !*found; i++) {
		guint standing = 0;

		if (!crm_person_look(crm, list, candidates->pdata[i], &standing))
			return FALSE;
		*found = (standing & STANDING_MODERATOR) != 0;
	}
	return TRUE;
}

struct standing {
	const char *list, *person;
	guint bits;
};

static gboolean standing_work(struct crm *crm, void *context)
{
	struct standing *standing = context;
	gboolean moderated = FALSE;

	standing->bits = 0;
	if (!crm_person_look(crm, standing->list, standing->person, &standing->bits))
		return FALSE;
	/* Owners stand in where there is no moderator; to nobody else does it matter. */
	if (standing->bits & STANDING_MODERATOR)
		moderated = TRUE;
	else if ((standing->bits & STANDING_OWNER) && !look_for_moderator(crm, standing->list, &moderated))
		return FALSE;
	if (moderated)
		standing->bits |= STANDING_LIST_HAS_MODERATOR;
	return TRUE;
}

enum crm_result crm_standing(struct crm *crm, const char *list, const char *person, guint *standing,
	struct verdict *verdict)
{
	struct standing context = {.list = list, .person = person};

	*standing = 0;
	/* Whether the list has a moderator as well may be of a later moment: what somebody is does not hang on it. */
	if (!crm_ask(crm, standing_work, &context, list, verdict))
		return CRM_TROUBLE;
	*standing = context.bits;
	return CRM_FOUND;
}
