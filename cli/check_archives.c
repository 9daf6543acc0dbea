/*
 * Archives: each [domain] and [list] section's place and key, by the rules of the start; then whether it would take posts. Files are looked at as the daemon's
 * user; HyperKitty is asked for a list's address, which takes the key as well and changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "cli/check.h"
#include "lib/archive/archive.h"
#include "lib/archive/archive_keys.h"

static void look_at(struct check *check, const struct archive_keys *keys, const char *list, gboolean online)
{
	archive_place_auto struct archive_place place = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *why = NULL;

	if (!archive_place_read(check->settings, list, &place, &error) || place.kind == ARCHIVE_NONE)
		return;
	if (place.kind == ARCHIVE_HYPERKITTY && !online)
		return;
	const struct archive_post post = {
		.place = &place,
		.list = list,
		.key = archive_keys_get(keys, check->settings, list),
		.ca_file = settings_text(check->settings, SET_archive_ca_file, list),
	};
	if (!identity_assume(&check->identity)) {
		report_add(check->report, REPORT_WARNING, "cannot become the daemon's user: %s", g_strerror(errno));
		return;
	}
	gboolean good = archive_probe(&post, &why);
	identity_resume(&check->identity);
	if (good)
		report_add(check->report, REPORT_OK, "[list %s] its archive %s would take posts", list, place.where);
	else
		report_add(check->report, REPORT_ERROR, "[list %s] archive %s: %s", list, place.where, why);
	if (!good)
		report_todo(check->report, "posts go out all the same and wait for it: rollcall archive status");
}

static void look(struct check *check, gboolean online)
{
	g_autoptr(GError) error = NULL;
	struct archive_keys *keys = archive_keys_load(check->settings, &error);

	if (!keys) {
		report_add(check->report, REPORT_ERROR, "%s: %s", check->config, error->message);
		return;
	}
	for (const char *const *list = settings_lists(check->settings); *list; list++)
		look_at(check, keys, *list, online);
	archive_keys_free(keys);
}

void check_archives(struct check *check)
{
	look(check, TRUE);
}

void check_archives_offline(struct check *check)
{
	look(check, FALSE);
}
