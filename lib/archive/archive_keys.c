/* Keys of archives; see archive_keys.h. */
#include "lib/archive/archive_keys.h"
#include "lib/base/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/list/archive_place.h"

enum { KEY_LIMIT = 500 }; /* bytes */

struct archive_keys {
	GHashTable *by_path; /* path -> key */
};

/* What may stand behind "Authorization: Token " and comes out of split() there as one word. */
static const char *fault_of_key(const char *key)
{
	if (*key == '\0')
		return "is empty";
	for (const char *c = key; *c; c++)
		if (!g_ascii_isgraph(*c))
			return "holds more than one word of printable ASCII; the key alone is needed";
	return NULL;
}

static char *read_key(const char *text, GError **error)
{
	g_autofree char *path = credential_path(text);
	char data[KEY_LIMIT + 2];
	struct stat status;
	const char *fault;
	ssize_t length = 0;
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	fault = fd < 0 || fstat(fd, &status) != 0 ? g_strerror(errno) : credential_fault(path, &status);
	if (!fault && (length = read(fd, data, sizeof(data))) < 0)
		fault = g_strerror(errno);
	if (!fault && length == (ssize_t)sizeof(data))
		fault = "is longer than 500 bytes: no key";
	g_autofree char *key = g_strndup(data, (gsize)MAX(length, 0));
	g_strstrip(key);
	if (!fault)
		fault = fault_of_key(key);
	explicit_bzero(data, sizeof(data));
	if (!fault)
		return g_steal_pointer(&key);
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "%s %s", path, fault);
	return NULL;
}

static gboolean complain(const struct settings *settings, enum setting setting, const char *where, GError **error)
{
	g_prefix_error(error, "line %u: [%s %s] %s: ", settings_line(settings, setting, where), strchr(where, '@') ? "list" : "domain", where,
		settings_row(setting)->name);
	return FALSE;
}

static gboolean look_at(struct archive_keys *keys, const struct settings *settings, const char *where, GError **error)
{
	archive_place_auto struct archive_place place = {0};
	const char *path = settings_text(settings, SET_archive_key_file, where);

	if (!archive_place_read(settings, where, &place, error))
		return complain(settings, SET_archive, where, error);
	if (place.kind != ARCHIVE_HYPERKITTY)
		return TRUE;
	if (*path == '\0') {
		g_set_error_literal(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "HyperKitty wants a key: set archive_key_file");
		return complain(settings, SET_archive, where, error);
	}
	if (g_hash_table_contains(keys->by_path, path))
		return TRUE;
	char *key = read_key(path, error);
	if (!key)
		return complain(settings, SET_archive_key_file, where, error);
	g_hash_table_insert(keys->by_path, g_strdup(path), key);
	return TRUE;
}

struct archive_keys *archive_keys_load(const struct settings *settings, GError **error)
{
	struct archive_keys *keys = g_new0(struct archive_keys, 1);
	const char *const *places[] = {settings_domains(settings), settings_lists(settings)};
	gboolean good = TRUE;

	keys->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
		for (const char *const *where = places[i]; good && *where; where++)
			good = look_at(keys, settings, *where, error);
	if (good)
		return keys;
	archive_keys_free(keys);
	return NULL;
}

void archive_keys_free(struct archive_keys *keys)
{
	if (!keys)
		return;
	g_hash_table_unref(keys->by_path);
	g_free(keys);
}

const char *archive_keys_get(const struct archive_keys *keys, const struct settings *settings, const char *list)
{
	return g_hash_table_lookup(keys->by_path, settings_text(settings, SET_archive_key_file, list));
}
