/* The setting archive, read; see archive_place.h. */
#include "lib/list/archive_place.h"

#include <string.h>

enum { WHERE_LIMIT = 1000 }; /* bytes, filled in */

void archive_place_clear(struct archive_place *place)
{
	g_clear_pointer(&place->where, g_free);
	place->kind = ARCHIVE_NONE;
}

static gboolean refuse(GError **error, const char *what)
{
	g_set_error_literal(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, what);
	return FALSE;
}

/* ---- filling in ---- */

/* NULL when a brace is none of ours. */
static char *fill(const char *template, const char *list)
{
	const char *at = strchr(list, '@');
	g_autofree char *name = at ? g_strndup(list, (gsize)(at - list)) : g_strdup("list");
	g_autoptr(GString) out = g_string_new(NULL);

	while (*template) {
		if (g_str_has_prefix(template, "{list}")) {
			g_string_append(out, name);
			template += strlen("{list}");
		} else if (g_str_has_prefix(template, "{domain}")) {
			g_string_append(out, at ? at + 1 : list);
			template += strlen("{domain}");
		} else if (*template == '{' || *template == '}') {
			return NULL;
		} else {
			g_string_append_c(out, *template++);
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static const char *fault_of_path(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	if (*path != '/' || path[1] == '\0')
		return "expected an absolute path";
	for (char **part = parts + 1; *part; part++)
		if (**part == '\0' || strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0)
			return "its path has an empty part, \".\" or \"..\"";
	return NULL;
}

/* The host's part of what stands behind "//": with its port. */
static gboolean is_this_machine(const char *host, gsize length)
{
	static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		gsize size = strlen(names[i]);

		if (length >= size && memcmp(host, names[i], size) == 0 && (length == size || host[size] == ':'))
			return TRUE;
	}
	return FALSE;
}

static const char *fault_of_url(const char *url)
{
	gboolean safe = g_str_has_prefix(url, "https://");
	const char *host = safe || g_str_has_prefix(url, "http://") ? strstr(url, "//") + 2 : NULL;

	if (!host || *host == '\0' || *host == '/')
		return "expected https://HOST/PATH";
	/* A name before the host would be a password in a file that everybody may read. */
	if (memchr(host, '@', strcspn(host, "/")))
		return "has a user name; the key stands in archive_key_file";
	for (const char *c = url; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("?#\"<>\\^`|%", *c))
			return "has a character that cannot stand in it";
	if (!safe && !is_this_machine(host, strcspn(host, "/")))
		return "http:// sends the key and the posts in the clear: only for this machine (127.0.0.1); expected https://";
	return NULL;
}

gboolean archive_place_read(const struct settings *settings, const char *list, struct archive_place *place, GError **error)
{
	static const struct {
		const char *word;
		enum archive_kind kind;
		const char *(*fault)(const char *where);
	} kinds[] = {
		{"maildir:", ARCHIVE_MAILDIR, fault_of_path},
		{"mbox:", ARCHIVE_MBOX, fault_of_path},
		{"hyperkitty:", ARCHIVE_HYPERKITTY, fault_of_url},
	};
	const char *text = settings_text(settings, SET_archive, list);
	gsize i = 0;

	*place = (struct archive_place){0};
	if (*text == '\0')
		return TRUE;
	while (i < G_N_ELEMENTS(kinds) && !g_str_has_prefix(text, kinds[i].word))
		i++;
	if (i == G_N_ELEMENTS(kinds))
		return refuse(error, "expected maildir:/PATH, mbox:/PATH or hyperkitty:https://HOST/PATH");
	g_autofree char *where = fill(text + strlen(kinds[i].word), list);
	if (!where)
		return refuse(error, "has a brace that is neither {list} nor {domain}");
	if (kinds[i].kind == ARCHIVE_HYPERKITTY && g_str_has_suffix(where, "/"))
		where[strlen(where) - 1] = '\0';
	const char *fault = strlen(where) > WHERE_LIMIT ? "is too long" : kinds[i].fault(where);
	if (fault)
		return refuse(error, fault);
	*place = (struct archive_place){.kind = kinds[i].kind, .where = g_steal_pointer(&where)};
	return TRUE;
}

gboolean archive_place_is_set(const struct settings *settings, const char *list)
{
	return *settings_text(settings, SET_archive, list) != '\0';
}

char *archive_place_template(const struct settings *settings, enum setting setting, const char *list)
{
	archive_place_auto struct archive_place place = {0};
	const char *text = settings_text(settings, setting, list);
	const char *of_a_post = setting == SET_archived_at ? "message/{hash}/" : "";
	gboolean about_archive = setting == SET_archived_at || setting == SET_archive_page;

	/* What is only to be had on this machine is no address for members. */
	if (*text || !about_archive || !archive_place_read(settings, list, &place, NULL) || place.kind != ARCHIVE_HYPERKITTY ||
		!g_str_has_prefix(place.where, "https://"))
		return g_strdup(text);
	return g_strdup_printf("%s/list/{list}@{domain}/%s", place.where, of_a_post);
}
