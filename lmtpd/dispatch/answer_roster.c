/*
 * Who gets a post: read live, whole and counted, once for all its variants, so that a member who changes his mind meanwhile is in one of
 * them and not in two. The answer tells how many want it in which way, and nobody's address.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/address.h"
#include "lib/store/store_distributed.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/owner_note.h"
#include "lmtpd/dispatch/shrink_guard.h"

enum { OTHERS = 20 }; /* lists beside this one that are looked at: each costs a reading */

/* Nobody is an answer, too; which one depends on why. (Rows that are no address are nobody; a list of such alone is trouble: crm_roster().) */
static struct verdict nobody(const struct crm_wish *wish, const struct crm_reading *reading)
{
	if (wish->role != LIST_ROLE_POST) {
		log_warning("ALARM list=<%s>: nobody in the CRM is its owner: mail for the %s waits", wish->list,
			list_role_word(wish->role));
		return verdict_deferred("4.2.1", "the list has no owner right now");
	}
	return verdict_discarded(reading->left_out > 0 ? "every member has a copy already" : "no member wants mail");
}

/* What the log says of each reading (lib/crm), the owners hear once a day: the addresses are theirs to mend. */
static void tell_unusable(const struct worker *worker, const struct crm_wish *wish, const struct crm_reading *reading)
{
	if (reading->skipped == 0 || wish->role != LIST_ROLE_POST || worker->dry)
		return;
	g_autofree char *count = g_strdup_printf("%u", reading->skipped);
	g_autofree char *members = g_strdup_printf("%u", reading->rows);
	owner_note(worker->store, wish->list, "note-unusable", (struct jobs_pair[]){{"count", count}, {"members", members}, {NULL, NULL}});
}

static struct verdict read_roster(struct phase *phase, const struct crm_wish *wish)
{
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	struct worker *worker = phase->worker;
	enum crm_result found = crm_roster(worker->crm, wish, &phase->fanout.roster, &reading, &verdict);

	if (found == CRM_TROUBLE)
		return verdict;
	if (wish->role == LIST_ROLE_POST) {
		verdict = shrink_guard_check(worker->settings, worker->store, wish->list, reading.rows);
		if (verdict_is_final(&verdict))
			return verdict;
	}
	/* The list was there at RCPT: a view that lost it in between is not the author's fault. */
	if (found == CRM_NOT_FOUND)
		return verdict_deferred("4.3.0", "the list is gone from the member directory");
	tell_unusable(worker, wish, &reading);
	roster_settle(phase->fanout.roster);
	return roster_total(phase->fanout.roster) > 0 ? VERDICT_UNDECIDED : nobody(wish, &reading);
}

/* Adds everybody whom another list has sent this message. Whom it will reach only in a digest has none yet. */
static struct verdict add_others(struct phase *phase, const char *list, struct roster *besides)
{
	const struct crm_wish wish = {.list = list, .role = LIST_ROLE_POST};
	roster_auto struct roster *other = NULL;
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;

	if (!answer_list_is_ours(phase->worker->settings, list))
		return verdict_deferred("4.3.0", "internal trouble (roster)");
	if (crm_roster(phase->worker->crm, &wish, &other, &reading, &verdict) == CRM_TROUBLE)
		return verdict;
	for (guint i = 0; other && i < RECEPTION_DIGEST; i++)
		for (guint k = 0; k < roster_count(other, (enum reception)i); k++)
			roster_add(besides, (enum reception)i, recipients_get(other->of[i], k));
	return VERDICT_UNDECIDED;
}

static struct verdict make_roster(struct phase *phase, struct crm_wish *wish, GVariant *others)
{
	roster_auto struct roster *besides = NULL;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (g_variant_n_children(others) > OTHERS)
		return verdict_deferred("4.3.0", "internal trouble (roster)");
	for (gsize i = 0; i < g_variant_n_children(others) && !verdict_is_final(&verdict); i++) {
		const char *list;

		if (!besides)
			besides = roster_new();
		g_variant_get_child(others, i, "&s", &list);
		verdict = add_others(phase, list, besides);
	}
	wish->besides = besides;
	return verdict_is_final(&verdict) ? verdict : read_roster(phase, wish);
}

/* The addresses of a message's own header, as keys. */
static GHashTable *read_addresses(GVariant *addresses)
{
	GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GVariantIter iterator;
	const char *address;

	g_variant_iter_init(&iterator, addresses);
	while (g_variant_iter_next(&iterator, "&s", &address))
		g_hash_table_add(keys, address_key(address));
	return keys;
}

static GVariant *ways(const struct roster *roster)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(su)"));
	for (guint i = 0; roster && i < RECEPTION_VARIANTS; i++)
		if (roster_count(roster, (enum reception)i) > 0)
			g_variant_builder_add(&builder, "(su)", reception_word(i), roster_count(roster, (enum reception)i));
	return g_variant_builder_end(&builder);
}

GVariant *answer_roster(struct phase *phase, GVariant *arguments, int fd)
{
	struct fanout *fanout = &phase->fanout;
	g_autoptr(GVariant) bytes = NULL, addresses = NULL, others = NULL;
	struct crm_wish wish = {0};
	guint8 key[STORE_KEY_SIZE];
	struct verdict verdict;
	guint role;

	g_variant_get(arguments, "(&su@ay&s@as@as)", &wish.list, &role, &bytes, &wish.author, &addresses, &others);
	fanout_clear(fanout);
	if (role >= LIST_ROLE_COUNT || !answer_read_key(bytes, key) || !phase->claimed ||
		!answer_list_is_ours(phase->worker->settings, wish.list) || memcmp(key, phase->key, sizeof(key)) != 0) {
		verdict = verdict_deferred("4.3.0", "internal trouble (roster)");
	} else {
		g_autoptr(GHashTable) addressed = read_addresses(addresses);

		wish.role = (enum list_role)role;
		wish.addressed = addressed;
		verdict = make_roster(phase, &wish, others);
		fanout->list = g_strdup(wish.list);
		fanout->role = wish.role;
		/* An editor's forward, or mail for the owners: the list has not got it. */
		if (wish.role != LIST_ROLE_POST)
			store_distributed_drop(phase->worker->store);
		fanout->sender = list_role_address(wish.list, "bounces");
		/* The role addresses' mail has no VERP: who the owners are is nobody's business. */
		fanout->verp = wish.role == LIST_ROLE_POST && settings_boolean(phase->worker->settings, SET_verp, wish.list);
		fanout->queue_ids = g_string_new(NULL);
	}
	GVariant *answer = g_variant_new("(@(uuss)@a(su))", wire_verdict(&verdict), ways(verdict_is_final(&verdict) ? NULL : fanout->roster));
	if (verdict_is_final(&verdict))
		fanout_clear(fanout);
	return answer;
}
