/*
 * What only the units can do for us where systemd runs the daemon without privileges: who the programs are, the sockets that we cannot make, and the files
 * that we may write. The settings for a daemon that starts as root say nothing there, so where the two differ mail would stop.
 */
#include <string.h>

#include "cli/check.h"
#include "cli/endpoint.h"
#include "cli/units.h"
#include "lib/base/privilege.h"
#include "lib/list/archive_place.h"

static char *property(struct check *check, const char *unit, const char *name)
{
	g_autoptr(GError) error = NULL;
	char *value = units_property(unit, name, &error);

	if (!value)
		report_add(check->report, REPORT_WARNING, "systemd: %s", error->message);
	return value;
}

/* The state store and our other checks go by the setting. */
static void check_user(struct check *check, const char *unit, const char *setting)
{
	g_autofree char *user = property(check, unit, "User");
	struct privilege_user theirs, ours;
	const char *error;

	if (!user)
		return;
	if (!privilege_find_user(user, &theirs, &error)) {
		report_add(check->report, REPORT_ERROR, "systemd: %s runs as user %s: %s", unit, user, error);
		report_todo(check->report, "systemd-sysusers rollcall.conf");
	} else if (setting && privilege_find_user(setting, &ours, &error) && ours.uid != theirs.uid) {
		report_add(check->report, REPORT_ERROR, "systemd: %s runs as user %s, the setting says %s", unit, user, setting);
		report_todo(check->report, "set the user of the unit");
	}
}

/* "Listen" is "PATH-OR-ADDRESS (Stream) …". */
static gboolean has_listener(const char *listening, const struct endpoint *wanted)
{
	g_auto(GStrv) words = g_strsplit(listening, " ", -1);

	for (char **word = words; *word; word++) {
		g_autofree char *text = g_strconcat(**word == '/' ? "unix:" : "inet:", *word, NULL);
		struct endpoint endpoint;

		if (**word == '(' || !endpoint_parse(text, &endpoint))
			continue;
		gboolean same = endpoint_same(&endpoint, wanted);
		endpoint_clear(&endpoint);
		if (same)
			return TRUE;
	}
	return FALSE;
}

static void check_sockets_passed(struct check *check)
{
	g_autofree char *listening = property(check, UNITS_SOCKET, "Listen");

	for (const char *const *text = settings_strings(check->settings, SET_listen, NULL); listening && *text; text++) {
		struct endpoint endpoint;

		if (!endpoint_parse(*text, &endpoint))
			continue;
		if (!has_listener(listening, &endpoint)) {
			report_add(check->report, REPORT_ERROR, "systemd: %s does not listen on %s, and the daemon may not", UNITS_SOCKET, *text);
			report_todo(check->report, "systemctl edit %s: [Socket] ListenStream=%s", UNITS_SOCKET, strchr(*text, ':') + 1);
		}
		endpoint_clear(&endpoint);
	}
}

static gboolean is_below(const char *path, const char *directories)
{
	g_auto(GStrv) words = g_strsplit(directories, " ", -1);

	for (char **word = words; *word; word++) {
		const char *directory = *word + strspn(*word, "-+");
		gsize length = strlen(directory);

		if (length > 0 && strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0'))
			return TRUE;
	}
	return FALSE;
}

static void check_archive(struct check *check, const char *where, const char *writable)
{
	archive_place_auto struct archive_place place = {0};

	if (!archive_place_read(check->settings, where, &place, NULL) || (place.kind != ARCHIVE_MAILDIR && place.kind != ARCHIVE_MBOX))
		return;
	if (is_below(place.where, writable))
		return;
	report_add(check->report, REPORT_ERROR, "systemd: [%s %s] archive %s: the trusted room may not write there", strchr(where, '@') ? "list" : "domain", where,
		place.where);
	report_todo(check->report, "systemctl edit %s: [Service] ReadWritePaths= with its directory; posts wait for it meanwhile", UNITS_DISPATCH);
}

static void check_writable(struct check *check)
{
	g_autofree char *paths = property(check, UNITS_DISPATCH, "ReadWritePaths");

	if (!paths)
		return;
	g_autofree char *writable = g_strdup_printf("%s /var/lib/rollcall", paths);
	if (!is_below(settings_text(check->settings, SET_state_directory, NULL), writable)) {
		report_add(check->report, REPORT_ERROR, "systemd: the trusted room may not write to state_directory");
		report_todo(check->report, "systemctl edit %s: [Service] ReadWritePaths=", UNITS_DISPATCH);
	}
	for (const char *const *domain = settings_domains(check->settings); *domain; domain++)
		check_archive(check, *domain, writable);
	for (const char *const *list = settings_lists(check->settings); *list; list++)
		check_archive(check, *list, writable);
}

void check_units(struct check *check)
{
	guint errors = report_errors(check->report);

	if (!check->by_units)
		return;
	check_user(check, UNITS_DISPATCH, settings_text(check->settings, SET_user, NULL));
	check_user(check, UNITS_INTAKE, settings_text(check->settings, SET_intake_user, NULL));
	check_user(check, UNITS_SUPERVISOR, NULL);
	check_sockets_passed(check);
	check_writable(check);
	if (report_errors(check->report) == errors)
		report_add(check->report, REPORT_OK, "systemd: the units run us without privileges, with our sockets and what we write");
}
