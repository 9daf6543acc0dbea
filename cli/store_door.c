/* The way into the store; see store_door.h. */
#include "cli/store_door.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "lib/base/privilege.h"

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, STORE_ERROR, STORE_ERROR_DIRECTORY, text);
	return FALSE;
}

/* Root that stayed root would leave files of root's where the daemon could not write them. */
static gboolean become_daemon(struct store_door *door, GError **error)
{
	const char *name = settings_text(door->settings, SET_user, NULL);
	struct identity identity = identity_find(door->settings);
	struct privilege_user user;
	const char *why;

	if (geteuid() == 0 && !identity.known)
		return refuse(error, "user %s of the settings: %s", name,
			privilege_find_user(name, &user, &why) ? "came this moment, try again" : why);
	if (!identity_assume(&identity))
		return refuse(error, "cannot become user %u: %s", (guint)identity.uid, g_strerror(errno));
	door->identity = identity;
	return TRUE;
}

/* The store's own complaint about a foreign directory is meant for who starts the daemon: to chown it would be wrong here. */
static gboolean look(const char *directory, GError **error)
{
	g_autofree char *database = g_build_filename(directory, "store.db", NULL);
	struct stat status;

	if (stat(directory, &status) == 0 && status.st_uid != geteuid())
		return refuse(error, "%s belongs to user %u: this takes root, or that user", directory, (guint)status.st_uid);
	if (stat(database, &status) != 0 && errno == ENOENT)
		return refuse(error, "there is no store in %s: the daemon has not run yet, or has another state_directory", directory);
	return TRUE;
}

gboolean store_door_open(struct store_door *door, const char *config, GError **error)
{
	*door = (struct store_door){0};
	door->settings = command_settings_read(config, error);
	if (!door->settings || !become_daemon(door, error))
		return FALSE;
	const char *directory = settings_text(door->settings, SET_state_directory, NULL);
	if (look(directory, error))
		door->store = store_open(directory, error);
	return door->store != NULL;
}

void store_door_close(struct store_door *door)
{
	g_clear_pointer(&door->store, store_close);
	identity_resume(&door->identity);
	door->identity = (struct identity){.extra = (gid_t)-1};
	g_clear_pointer(&door->settings, settings_free);
}
