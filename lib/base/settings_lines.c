/* Line numbers of a configuration file; see settings_lines.h. */
#include "lib/base/settings_lines.h"

#include <string.h>

static void *fail(GError **error, const char *name, guint line, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_SYNTAX, "%s:%u: %s", name, line, what);
	return NULL;
}

/* Adds one place; FALSE when it is there already. */
static gboolean add(GHashTable *index, const char *section, const char *key, guint line)
{
	char *place = g_strdup_printf("%s\n%s", section, key);

	return g_hash_table_insert(index, place, GUINT_TO_POINTER(line));
}

static const char *index_line(GHashTable *index, char *text, char **section, guint line)
{
	g_strchug(text);
	if (*text == '\0' || *text == '#')
		return NULL;
	if (*text == '[') {
		char *end = strrchr(g_strchomp(text), ']');

		if (!end || end[1] != '\0')
			return "expected a section such as [rollcall]";
		*end = '\0';
		g_free(*section);
		*section = g_strdup(text + 1);
		return add(index, *section, "", line) ? NULL : "this section stands twice";
	}
	char *equals = strchr(text, '=');
	if (!equals)
		return "expected a section, \"name = value\" or a comment that begins with #";
	if (!*section)
		return "expected a section such as [rollcall] before the first setting";
	*equals = '\0';
	return add(index, *section, g_strchomp(text), line) ? NULL : "this setting stands twice in its section";
}

static const char *forbidden_byte(const char *line, size_t length)
{
	if (memchr(line, '\0', length))
		return "expected text, found a NUL byte";
	if (memchr(line, '\r', length))
		return "expected lines that end in LF, found a CR";
	if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return "expected no byte order mark: save the file as UTF-8 without BOM";
	if (!g_utf8_validate(line, (gssize)length, NULL))
		return "expected UTF-8";
	return NULL;
}

GHashTable *settings_lines_index(const char *data, size_t length, const char *name, GError **error)
{
	g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *section = NULL;
	const char *place = data, *end = data + length;

	for (guint line = 1; place < end; line++) {
		const char *newline = memchr(place, '\n', (size_t)(end - place));
		size_t size = (size_t)((newline ? newline : end) - place);
		const char *wrong = forbidden_byte(place, size);

		if (!wrong) {
			g_autofree char *text = g_strndup(place, size);
			wrong = index_line(index, text, &section, line);
		}
		if (wrong)
			return fail(error, name, line, wrong);
		place = newline ? newline + 1 : end;
	}
	return g_steal_pointer(&index);
}

guint settings_lines_find(GHashTable *index, const char *section, const char *key)
{
	g_autofree char *place = g_strdup_printf("%s\n%s", section, key);

	return GPOINTER_TO_UINT(g_hash_table_lookup(index, place));
}
