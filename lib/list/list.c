/* Lists and their role addresses; see list.h. */
#include "lib/list/list.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/list/address.h"

struct suffix {
	const char *text;
	enum list_role role;
	gboolean extended; /* may have "+something" behind it */
};

static const struct suffix suffixes[] = {
	{"-owner", LIST_ROLE_OWNER, FALSE},
	{"-editor", LIST_ROLE_EDITOR, FALSE},
	{"-request", LIST_ROLE_REQUEST, FALSE},
	{"-bounces", LIST_ROLE_BOUNCES, TRUE},
	{"-confirm", LIST_ROLE_CONFIRM, TRUE},
	{"-subscribe", LIST_ROLE_SUBSCRIBE, FALSE},
	{"-unsubscribe", LIST_ROLE_UNSUBSCRIBE, FALSE},
};

const char *list_role_word(enum list_role role)
{
	switch (role) {
	case LIST_ROLE_POST:
		return "post";
	case LIST_ROLE_OWNER:
		return "owner";
	case LIST_ROLE_EDITOR:
		return "editor";
	case LIST_ROLE_REQUEST:
		return "request";
	case LIST_ROLE_BOUNCES:
		return "bounces";
	case LIST_ROLE_CONFIRM:
		return "confirm";
	case LIST_ROLE_SUBSCRIBE:
		return "subscribe";
	case LIST_ROLE_UNSUBSCRIBE:
		return "unsubscribe";
	}
	log_panic("list_role_word: role %d", (int)role);
}

void list_reading_clear(struct list_reading *reading)
{
	g_clear_pointer(&reading->name, g_free);
	g_clear_pointer(&reading->domain, g_free);
	g_clear_pointer(&reading->extension, g_free);
}

gboolean list_name_is_valid(const char *name, size_t length)
{
	if (length == 0 || length > LIMIT_LIST_NAME || !g_ascii_isalnum(name[0]))
		return FALSE;
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isalnum(name[i]) && !strchr("._-+", name[i]))
			return FALSE;
		if (name[i] == '\0' || (name[i] == '.' && (i + 1 == length || name[i + 1] == '.')))
			return FALSE;
	}
	return TRUE;
}

static const char *our_domain(const struct settings *settings, const char *domain)
{
	const char *const *domains = settings_domains(settings);

	for (; *domains; domains++)
		if (strcmp(*domains, domain) == 0)
			return *domains;
	return NULL;
}

static void add_reading(GArray *readings, enum list_role role, const char *local, size_t length,
	const char *domain, const char *extension)
{
	if (!list_name_is_valid(local, length))
		return;
	g_autofree char *name = g_strndup(local, length);
	struct list_reading reading = {
		.role = role,
		.name = g_ascii_strdown(name, -1),
		.domain = g_strdup(domain),
		.extension = g_strdup(extension),
	};

	g_array_append_val(readings, reading);
}

/*
 * The suffix is looked for before the first '+' behind it, so that VERP's "-bounces+user-owner=d" is a
 * bounce and not an owner's address.
 */
static void add_role(GArray *readings, const char *local, const char *domain, const struct suffix *suffix)
{
	g_autofree char *lower = g_ascii_strdown(local, -1);
	size_t length = strlen(suffix->text);

	if (suffix->extended) {
		g_autofree char *mark = g_strconcat(suffix->text, "+", NULL);
		const char *place = strstr(lower, mark);

		if (place && place > lower) {
			const char *extension = local + (place - lower) + length + 1;

			add_reading(readings, suffix->role, local, (size_t)(place - lower), domain, extension);
			return;
		}
	}
	if (g_str_has_suffix(lower, suffix->text))
		add_reading(readings, suffix->role, local, strlen(local) - length, domain, NULL);
}

GArray *list_readings(const struct settings *settings, const char *address)
{
	GArray *readings = g_array_new(FALSE, FALSE, sizeof(struct list_reading));
	const char *at = strrchr(address, '@');
	const char *domain = at ? our_domain(settings, at + 1) : NULL;

	g_array_set_clear_func(readings, (GDestroyNotify)list_reading_clear);
	if (!domain)
		return readings;
	g_autofree char *local = g_strndup(address, (gsize)(at - address));
	add_reading(readings, LIST_ROLE_POST, local, strlen(local), domain, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
		add_role(readings, local, domain, &suffixes[i]);
	return readings;
}

char *list_address_from_column(const struct settings *settings, const char *value, size_t length)
{
	const char *at = memchr(value, '@', length);
	size_t name_length = at ? (size_t)(at - value) : length;

	if (!list_name_is_valid(value, name_length))
		return NULL;
	g_autofree char *name = g_strndup(value, name_length);
	g_autofree char *lower = g_ascii_strdown(name, -1);
	if (!at) {
		const char *domain = settings_default_domain(settings);

		return domain ? g_strdup_printf("%s@%s", lower, domain) : NULL;
	}
	g_autoptr(GString) domain = g_string_new(NULL);
	if (!address_domain(at + 1, length - name_length - 1, domain) || !our_domain(settings, domain->str))
		return NULL;
	return g_strdup_printf("%s@%s", lower, domain->str);
}

char *list_role_address(const char *list, const char *suffix)
{
	const char *at = strrchr(list, '@');

	return g_strdup_printf("%.*s-%s%s", (int)(at - list), list, suffix, at);
}
