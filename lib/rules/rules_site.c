/* A site's configuration as rules see it; see rules_site.h. */
#include "lib/rules/rules_site.h"

#include <string.h>

#include "lib/list/address.h"

/* ---- its files ---- */

/* Directories below `parent` whose names are a scope: a domain of ours, or a list's address. */
static void add_places(GArray *places, GPtrArray *texts, const char *root, const char *parent, gboolean lists)
{
	g_autofree char *path = g_build_filename(root, parent, NULL);
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		if ((strchr(name, '@') != NULL) != lists || name[0] == '.')
			continue;
		struct rules_place place = {.scope = g_ascii_strdown(name, -1), .directory = g_build_filename(path, name, NULL)};

		g_ptr_array_add(texts, (char *)place.scope);
		g_ptr_array_add(texts, (char *)place.directory);
		g_array_append_val(places, place);
	}
}

/* Sympa's names for what our settings say under another. */
static const struct {
	const char *name;
	enum setting setting;
} aliases[] = {
	{"subject", SET_description},
	{"lang", SET_language},
	{"custom_subject", SET_subject_tag},
	{"send", SET_scenario},
}, site_aliases[] = {
	{"listmaster", SET_listmasters},
	{"max_size", SET_message_size_limit},
	{"email_host", SET_hostname},
};

const char *const *rules_site_parameters(void)
{
	static const char *names[SETTING_COUNT + 1];
	guint count = 0;

	for (int i = 0; i < SETTING_COUNT; i++)
		if (settings_row((enum setting)i)->scope == SCOPE_LIST)
			names[count++] = settings_row((enum setting)i)->name;
	return names;
}

struct rules_set *rules_site_load_behind(const char *before, const char *root, GPtrArray *problems)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct rules_place));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	struct rules_place first = {.scope = "", .directory = before}, site = {.scope = "", .directory = root};

	if (before)
		g_array_append_val(places, first);
	add_places(places, texts, root, "lists", TRUE);
	add_places(places, texts, root, "domains", FALSE);
	g_array_append_val(places, site);
	return rules_set_load((const struct rules_place *)(void *)places->data, places->len, rules_site_parameters(), problems);
}

struct rules_set *rules_site_load(const char *root, GPtrArray *problems)
{
	return rules_site_load_behind(NULL, root, problems);
}

/* ---- its settings ---- */

static void put(GHashTable *table, const char *name, const char *value)
{
	g_hash_table_insert(table, (gpointer)name, (gpointer)value);
}

static GHashTable *tell(const struct settings *settings, enum setting_scope scope, const char *where)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row = settings_row((enum setting)i);

		if (row->scope == scope)
			put(table, row->name, settings_text(settings, (enum setting)i, where));
	}
	return table;
}

static enum rules_action action_of(const struct settings *settings, enum setting setting, const char *list)
{
	if (settings_is(settings, setting, list, "hold"))
		return RULES_EDITORKEY;
	if (settings_is(settings, setting, list, "reject"))
		return RULES_REJECT;
	return settings_is(settings, setting, list, "discard") ? RULES_DISCARD : RULES_DO_IT;
}

static void tell_checks(const struct settings *settings, const char *list, struct rules_checks *checks)
{
	static const enum setting actions[RULES_CHECK_COUNT] = {
		[RULES_CHECK_BANNED] = SET_banned_action,
		[RULES_CHECK_ADMINISTRIVIA] = SET_administrivia,
		[RULES_CHECK_DESTINATION] = SET_require_explicit_destination,
		[RULES_CHECK_RECIPIENTS] = SET_max_recipients_action,
		[RULES_CHECK_SIZE] = SET_max_size_action,
		[RULES_CHECK_SUBJECT] = SET_no_subject,
		[RULES_CHECK_DIGEST] = SET_digest_reply,
	};

	*checks = (struct rules_checks){
		.banned = settings_strings(settings, SET_banned, list),
		.aliases = settings_strings(settings, SET_acceptable_aliases, list),
		.recipients = settings_number(settings, SET_max_recipients, list),
		.size = settings_number(settings, SET_max_size, list),
	};
	for (guint i = 0; i < RULES_CHECK_COUNT; i++)
		if (i != RULES_CHECK_EMERGENCY)
			checks->does[i] = action_of(settings, actions[i], list);
	if (settings_boolean(settings, SET_emergency, list))
		checks->does[RULES_CHECK_EMERGENCY] = RULES_EDITORKEY;
}

void rules_site_facts(const struct settings *settings, const char *list, struct rules_site_facts *facts)
{
	*facts = (struct rules_site_facts){
		.parameters = tell(settings, SCOPE_LIST, list),
		.conf = tell(settings, SCOPE_ROLLCALL, NULL),
		.columns = g_hash_table_new(g_str_hash, g_str_equal),
	};
	put(facts->parameters, "host", strrchr(list, '@') + 1);
	for (gsize i = 0; i < G_N_ELEMENTS(aliases); i++)
		put(facts->parameters, aliases[i].name, settings_text(settings, aliases[i].setting, list));
	for (gsize i = 0; i < G_N_ELEMENTS(site_aliases); i++)
		put(facts->conf, site_aliases[i].name, settings_text(settings, site_aliases[i].setting, NULL));
	put(facts->conf, "listmasters", settings_text(settings, SET_listmasters, NULL));
	put(facts->columns, "email", settings_text(settings, SET_column_address, NULL));
	put(facts->columns, "gecos", settings_text(settings, SET_column_name, NULL));
	put(facts->columns, "reception", settings_text(settings, SET_column_mode, NULL));
	tell_checks(settings, list, &facts->checks);
}

void rules_site_clear(struct rules_site_facts *facts)
{
	g_clear_pointer(&facts->parameters, g_hash_table_unref);
	g_clear_pointer(&facts->conf, g_hash_table_unref);
	g_clear_pointer(&facts->columns, g_hash_table_unref);
}

static gboolean is_one_of(const char *const *addresses, const char *address)
{
	g_autofree char *key = address_key(address);

	for (; *addresses; addresses++) {
		g_autoptr(GString) normal = g_string_new(NULL);

		if (address_normalise(*addresses, strlen(*addresses), TRUE, normal) != ADDRESS_OK)
			continue;
		g_autofree char *other = address_key(normal->str);
		if (strcmp(other, key) == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean rules_site_is_listmaster(const struct settings *settings, const char *list, const char *address)
{
	return is_one_of(settings_strings(settings, SET_listmasters, NULL), address) ||
		is_one_of(settings_strings(settings, SET_listmasters, strrchr(list, '@') + 1), address);
}
