/*
 * The way from Postfix to us: what becomes of mail to each domain, each list and its role addresses, by Postfix's own tables.
 * A table that catches such an address before we do is the commonest way in which a list is silent, and one that sends it to
 * an address which comes back is a loop. Nobody's address is shown: a table's answer may be a person.
 */
#include <string.h>

#include "cli/check_postfix.h"
#include "cli/postfix_text.h"
#include "lib/crm/crm.h"
#include "lib/list/list.h"

static const char *const local_classes[] = {"mydestination", "virtual_alias_domains", "virtual_mailbox_domains"};
static const char *const rewriting_maps[] = {"virtual_alias_maps", "canonical_maps", "recipient_canonical_maps"};

/* What is looked up for a domain: all of it, then each list that the CRM has there with its role addresses. */
static GPtrArray *addresses_of(const struct check *check, const char *domain)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; check->lists && i < check->lists->len; i++) {
		const char *address = g_array_index(check->lists, struct crm_list, i).address;

		if (!address || strcmp(strrchr(address, '@') + 1, domain) != 0)
			continue;
		g_ptr_array_add(keys, g_strdup(address));
		g_ptr_array_add(keys, list_role_address(address, "owner"));
		g_ptr_array_add(keys, list_role_address(address, "bounces"));
	}
	return keys;
}

/* The keys with `first` before and NULL behind them; the texts stay theirs. */
static GPtrArray *with_first(const GPtrArray *keys, const char *first)
{
	GPtrArray *all = g_ptr_array_new();

	g_ptr_array_add(all, (void *)first);
	for (guint i = 0; i < keys->len; i++)
		g_ptr_array_add(all, g_ptr_array_index(keys, i));
	g_ptr_array_add(all, NULL);
	return all;
}

static GHashTable *look_up(struct postfix_check *part, const char *name, const GPtrArray *keys)
{
	return postfix_lookup(part->postfix, name, (const char *const *)keys->pdata);
}

static void check_class(struct postfix_check *part, const char *domain)
{
	struct report *report = part->check->report;
	gboolean relayed = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(local_classes); i++) {
		if (!postfix_lists_domain(part->postfix, local_classes[i], domain))
			continue;
		report_add(report, REPORT_ERROR, "Postfix: %s is in %s: it looks for users there, not lists", domain, local_classes[i]);
		report_todo(report, "take it out of %s, or give the lists a domain of their own", local_classes[i]);
	}
	/* As Postfix by default, a parent's entry is taken for its hosts. */
	for (const char *name = domain; name && !relayed; name = strchr(name, '.'))
		relayed = postfix_lists_domain(part->postfix, "relay_domains", *name == '.' ? ++name : name);
	if (!relayed) {
		report_add(report, REPORT_ERROR, "Postfix: %s is not in relay_domains: mail from outside is refused", domain);
		report_todo(report, "rollcall-postfix --domain %s apply", domain);
	}
}

static void check_rewriting(struct postfix_check *part, const char *domain, const GPtrArray *addresses)
{
	g_autofree char *all = g_strconcat("@", domain, NULL);
	g_autoptr(GPtrArray) keys = with_first(addresses, all);

	for (gsize i = 0; i < G_N_ELEMENTS(rewriting_maps); i++) {
		g_autoptr(GHashTable) answers = look_up(part, rewriting_maps[i], keys);

		for (guint k = 0; k + 1 < keys->len; k++) {
			const char *key = g_ptr_array_index(keys, k);
			const char *answer = g_hash_table_lookup(answers, key);

			if (!answer || postfix_text_has(answer, key))
				continue;
			report_add(part->check->report, REPORT_ERROR, "Postfix: %s sends %s elsewhere, so it never reaches us",
				rewriting_maps[i], key);
			report_todo(part->check->report, "take that entry out");
		}
	}
}

static void check_recipients(struct postfix_check *part, const char *domain, const GPtrArray *addresses)
{
	g_autofree char *all = g_strconcat("@", domain, NULL);
	g_autoptr(GPtrArray) keys = with_first(addresses, all);
	const char *missing = NULL;

	if (!*postfix_setting(part->postfix, "relay_recipient_maps"))
		return;
	g_autoptr(GHashTable) answers = look_up(part, "relay_recipient_maps", keys);
	if (g_hash_table_contains(answers, all))
		return;
	for (guint i = 1; i + 1 < keys->len && !missing; i++)
		if (!g_hash_table_contains(answers, g_ptr_array_index(keys, i)))
			missing = g_ptr_array_index(keys, i);
	report_add(part->check->report, missing ? REPORT_ERROR : REPORT_WARNING,
		"Postfix: relay_recipient_maps does not have %s, so mail to it is refused before it reaches us", missing ? missing : all);
	report_todo(part->check->report, "rollcall-postfix --domain %s apply adds it", domain);
}

/* What Postfix does with `address`: its own entry, its domain's, any, or what relayed mail gets. */
static const char *route_of(struct postfix_check *part, GHashTable *answers, const char *address, const char *domain)
{
	const char *route = g_hash_table_lookup(answers, address);

	if (!route)
		route = g_hash_table_lookup(answers, domain);
	if (!route)
		route = g_hash_table_lookup(answers, "*");
	return route ? route : postfix_setting(part->postfix, "relay_transport");
}

static void check_route(struct postfix_check *part, const char *route, const char *what)
{
	const char *colon = strchr(route, ':');
	g_autofree char *service = g_strdup_printf("%.*s/unix", (int)(colon ? colon - route : (long)strlen(route)), route);

	check_transport(part, service, colon ? colon + 1 : "", what);
}

/* The domain's own route, and that of addresses that go another way. */
static void check_domain_routes(struct postfix_check *part, const char *domain, const GPtrArray *addresses)
{
	g_autoptr(GPtrArray) some = with_first(addresses, domain);
	g_autoptr(GPtrArray) keys = with_first(some, "*");
	g_autoptr(GHashTable) answers = look_up(part, "transport_maps", keys);
	const char *usual = route_of(part, answers, domain, domain);
	check_route(part, usual, domain);
	for (guint i = 0; i < addresses->len; i++) {
		const char *address = g_ptr_array_index(addresses, i);
		const char *route = route_of(part, answers, address, domain);

		if (strcmp(route, usual) != 0)
			check_route(part, route, address);
	}
}

void check_routes(struct postfix_check *part)
{
	for (const char *const *domain = settings_domains(part->check->settings); *domain; domain++) {
		g_autoptr(GPtrArray) addresses = addresses_of(part->check, *domain);

		check_class(part, *domain);
		check_rewriting(part, *domain, addresses);
		check_recipients(part, *domain, addresses);
		check_domain_routes(part, *domain, addresses);
	}
}
