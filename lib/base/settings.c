/* The configuration as a whole; see settings.h. */
#include "lib/base/settings.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/settings_lines.h"
#include "lib/base/settings_value.h"

G_DEFINE_QUARK(rollcall-settings-error-quark, settings_error)

/*
 * Values are kept by "SECTION-KIND:WHERE" and setting: one table for each section. Defaults live in a
 * table of their own, so that a look-up is at most three steps: list, domain, default.
 */
struct settings {
	struct setting_value *defaults[SETTING_COUNT];
	GHashTable *sections; /* "rollcall", "crm", "domain x", "list y@x" to struct setting_value *[SETTING_COUNT] */
	GPtrArray *domains;
	GPtrArray *lists;
};

struct reading {
	struct settings *settings;
	GKeyFile *file;
	GHashTable *lines;
	const char *name;
};

static void values_free(void *data)
{
	struct setting_value **values = data;

	for (int i = 0; i < SETTING_COUNT; i++)
		setting_value_free(values[i]);
	g_free(values);
}

static struct settings *settings_new(void)
{
	struct settings *settings = g_new0(struct settings, 1);

	settings->sections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, values_free);
	settings->domains = g_ptr_array_new_with_free_func(g_free);
	settings->lists = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < SETTING_COUNT; i++) {
		g_autoptr(GError) error = NULL;
		const struct setting_row *row = settings_row((enum setting)i);

		settings->defaults[i] = setting_value_parse(row, row->value, &error);
		if (!settings->defaults[i])
			log_panic("default of setting %s: %s", row->name, error->message);
	}
	return settings;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (int i = 0; i < SETTING_COUNT; i++)
		setting_value_free(settings->defaults[i]);
	g_hash_table_unref(settings->sections);
	g_ptr_array_unref(settings->domains);
	g_ptr_array_unref(settings->lists);
	g_free(settings);
}

/* Levenshtein distance, for "did you mean"; names are short, so the plain table does. */
static guint distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	g_autofree guint *row = g_new(guint, m + 1);

	for (size_t j = 0; j <= m; j++)
		row[j] = (guint)j;
	for (size_t i = 1; i <= n; i++) {
		guint diagonal = row[0];

		row[0] = (guint)i;
		for (size_t j = 1; j <= m; j++) {
			guint above = row[j];
			guint change = diagonal + (a[i - 1] != b[j - 1]);

			row[j] = MIN(MIN(above + 1, row[j - 1] + 1), change);
			diagonal = above;
		}
	}
	return row[m];
}

/* Whether a setting of `scope` may stand in a section of `kind`. */
static gboolean may_stand(enum setting_scope scope, enum setting_scope kind)
{
	if (scope == SCOPE_SITE)
		return kind == SCOPE_ROLLCALL || kind == SCOPE_DOMAIN;
	return scope == kind || (scope == SCOPE_LIST && kind == SCOPE_DOMAIN);
}

static int find_setting(const char *name, enum setting_scope kind, const char **nearest)
{
	guint best = G_MAXUINT;

	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row = settings_row((enum setting)i);

		if (!may_stand(row->scope, kind))
			continue;
		if (strcmp(row->name, name) == 0)
			return i;
		guint far = distance(row->name, name);
		if (far < best) {
			best = far;
			*nearest = row->name;
		}
	}
	return -1;
}

static gboolean fail_at(struct reading *reading, const char *section, const char *key, GError **error,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

static gboolean fail_at(struct reading *reading, const char *section, const char *key, GError **error,
	const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "%s:%u: %s", reading->name,
		settings_lines_find(reading->lines, section, key), text);
	return FALSE;
}

static gboolean read_setting(struct reading *reading, const char *section, const char *key,
	enum setting_scope kind, struct setting_value **values, GError **error)
{
	const char *nearest = NULL;
	int setting = find_setting(key, kind, &nearest);

	if (setting < 0)
		return fail_at(reading, section, key, error, "unknown setting \"%s\" in [%s]; the nearest is \"%s\"",
			key, section, nearest);
	g_autoptr(GError) wrong = NULL;
	g_autofree char *text = g_key_file_get_string(reading->file, section, key, &wrong);
	if (!text)
		return fail_at(reading, section, key, error, "%s: %s", key, wrong->message);
	values[setting] = setting_value_parse(settings_row((enum setting)setting), g_strstrip(text), &wrong);
	if (!values[setting])
		return fail_at(reading, section, key, error, "%s: %s", key, wrong->message);
	values[setting]->line = settings_lines_find(reading->lines, section, key);
	return TRUE;
}

/* A domain name or list address in a section's name: checked loosely here, lib/list knows the rest. */
static char *section_place(const char *text, gboolean address)
{
	g_autofree char *place = g_ascii_strdown(text, -1);
	const char *at = strrchr(place, '@');
	const char *domain = address ? (at ? at + 1 : "") : place;

	g_strstrip(place);
	if (*domain == '\0' || strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(domain))
		return NULL;
	if (address && (at == place || strpbrk(place, " \t<>\"(),:;")))
		return NULL;
	return g_steal_pointer(&place);
}

/* Which kind of section it is, and where its values go ("domain x"); FALSE when it is none. */
static gboolean section_kind(struct reading *reading, const char *section, enum setting_scope *kind,
	char **place, GError **error)
{
	*place = NULL;
	if (strcmp(section, "rollcall") == 0 || strcmp(section, "crm") == 0) {
		*kind = section[0] == 'r' ? SCOPE_ROLLCALL : SCOPE_CRM;
		*place = g_strdup(section);
		return TRUE;
	}
	gboolean is_list = g_str_has_prefix(section, "list ");
	if (is_list || g_str_has_prefix(section, "domain ")) {
		g_autofree char *name = section_place(strchr(section, ' ') + 1, is_list);

		*kind = is_list ? SCOPE_LIST : SCOPE_DOMAIN;
		if (!name)
			return fail_at(reading, section, "", error, "expected [%s], found [%s]",
				is_list ? "list NAME@DOMAIN" : "domain NAME", section);
		*place = g_strdup_printf("%s %s", is_list ? "list" : "domain", name);
		g_ptr_array_add(is_list ? reading->settings->lists : reading->settings->domains,
			g_steal_pointer(&name));
		return TRUE;
	}
	return fail_at(reading, section, "", error,
		"unknown section [%s]; expected [rollcall], [crm], [domain NAME] or [list NAME@DOMAIN]", section);
}

static gboolean read_section(struct reading *reading, const char *section, GError **error)
{
	enum setting_scope kind = SCOPE_ROLLCALL;
	g_autofree char *place = NULL;

	if (!section_kind(reading, section, &kind, &place, error))
		return FALSE;
	struct setting_value **values = g_new0(struct setting_value *, SETTING_COUNT);
	if (!g_hash_table_insert(reading->settings->sections, g_strdup(place), values))
		return fail_at(reading, section, "", error, "[%s] stands twice, differing only in case", section);
	g_auto(GStrv) keys = g_key_file_get_keys(reading->file, section, NULL, error);
	for (char **key = keys; key && *key; key++)
		if (!read_setting(reading, section, *key, kind, values, error))
			return FALSE;
	return keys != NULL;
}

/* A list whose domain has no section would never be reached: most likely a typing error. */
static gboolean check_lists(struct reading *reading, GError **error)
{
	const struct settings *settings = reading->settings;

	for (guint i = 0; i < settings->lists->len; i++) {
		const char *list = g_ptr_array_index(settings->lists, i);
		const char *domain = strrchr(list, '@') + 1;

		if (!g_ptr_array_find_with_equal_func(settings->domains, domain, g_str_equal, NULL)) {
			g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE,
				"%s: [list %s] needs a section [domain %s]", reading->name, list, domain);
			return FALSE;
		}
	}
	const char *domain = settings_text(settings, SET_default_domain, NULL);
	if (*domain && !g_ptr_array_find_with_equal_func(settings->domains, domain, g_str_equal, NULL))
		return fail_at(reading, "rollcall", "default_domain", error,
			"default_domain needs a section [domain %s]", domain);
	return TRUE;
}

struct settings *settings_parse(const char *data, size_t length, const char *name, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GHashTable) lines = NULL;
	g_autoptr(GError) wrong = NULL;
	settings_auto struct settings *settings = settings_new();
	struct reading reading = {.settings = settings, .file = file, .name = name};

	lines = settings_lines_index(data, length, name, error);
	if (!lines)
		return NULL;
	reading.lines = lines;
	if (!g_key_file_load_from_data(file, length ? data : "\n", length ? length : 1, G_KEY_FILE_NONE, &wrong)) {
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_SYNTAX, "%s: %s", name, wrong->message);
		return NULL;
	}
	g_auto(GStrv) sections = g_key_file_get_groups(file, NULL);
	for (char **section = sections; *section; section++)
		if (!read_section(&reading, *section, error))
			return NULL;
	if (!check_lists(&reading, error))
		return NULL;
	g_ptr_array_add(settings->domains, NULL);
	g_ptr_array_add(settings->lists, NULL);
	return g_steal_pointer(&settings);
}

static const struct setting_value *in_section(const struct settings *settings, const char *kind,
	const char *where, enum setting setting)
{
	g_autofree char *place = where ? g_strdup_printf("%s %s", kind, where) : g_strdup(kind);
	struct setting_value **values = g_hash_table_lookup(settings->sections, place);

	return values ? values[setting] : NULL;
}

static const struct setting_value *in_domain(const struct settings *settings, const char *where, enum setting setting)
{
	const char *at = strrchr(where, '@');

	return in_section(settings, "domain", at ? at + 1 : where, setting);
}

static const struct setting_value *find_value(const struct settings *settings, enum setting setting,
	const char *where)
{
	const struct setting_row *row = settings_row(setting);
	const struct setting_value *value = NULL;

	if (row->scope != SCOPE_SITE && (where == NULL) != (row->scope == SCOPE_ROLLCALL || row->scope == SCOPE_CRM))
		log_panic("setting %s asked for in the wrong place", row->name);
	switch (row->scope) {
	case SCOPE_ROLLCALL:
		value = in_section(settings, "rollcall", NULL, setting);
		break;
	case SCOPE_CRM:
		value = in_section(settings, "crm", NULL, setting);
		break;
	case SCOPE_LIST:
		if (strchr(where, '@'))
			value = in_section(settings, "list", where, setting);
		G_GNUC_FALLTHROUGH;
	case SCOPE_DOMAIN:
		value = value ? value : in_domain(settings, where, setting);
		break;
	case SCOPE_SITE:
		value = where ? in_domain(settings, where, setting) : NULL;
		value = value ? value : in_section(settings, "rollcall", NULL, setting);
		break;
	}
	return value ? value : settings->defaults[setting];
}

const char *settings_text(const struct settings *settings, enum setting setting, const char *where)
{
	return find_value(settings, setting, where)->text;
}

const char *const *settings_strings(const struct settings *settings, enum setting setting, const char *where)
{
	const struct setting_value *value = find_value(settings, setting, where);

	if (!value->strings)
		log_panic("setting %s is no list", settings_row(setting)->name);
	return (const char *const *)value->strings;
}

gint64 settings_number(const struct settings *settings, enum setting setting, const char *where)
{
	return find_value(settings, setting, where)->number;
}

gboolean settings_boolean(const struct settings *settings, enum setting setting, const char *where)
{
	return find_value(settings, setting, where)->number != 0;
}

gboolean settings_is(const struct settings *settings, enum setting setting, const char *where,
	const char *word)
{
	return strcmp(find_value(settings, setting, where)->text, word) == 0;
}

const char *const *settings_domains(const struct settings *settings)
{
	return (const char *const *)settings->domains->pdata;
}

const char *const *settings_lists(const struct settings *settings)
{
	return (const char *const *)settings->lists->pdata;
}

const char *settings_default_domain(const struct settings *settings)
{
	const char *domain = settings_text(settings, SET_default_domain, NULL);

	return *domain ? domain : settings_domains(settings)[0];
}

guint settings_line(const struct settings *settings, enum setting setting, const char *where)
{
	return find_value(settings, setting, where)->line;
}
