/*
 * What the settings say about archives, checked when the daemon starts, and HyperKitty's keys, read while we are still root. A key is a secret: its file is
 * closed to group and others, and it never gets into the log.
 */
#ifndef ROLLCALL_ARCHIVE_ARCHIVE_KEYS_H
#define ROLLCALL_ARCHIVE_ARCHIVE_KEYS_H

#include <glib.h>

#include "lib/base/settings.h"

struct archive_keys;

/** Checks the archives of all [domain] and [list] sections and reads their keys. NULL with `error` that names line, section and cause. */
struct archive_keys *archive_keys_load(const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void archive_keys_free(struct archive_keys *keys);

/** The key of a list's archive, or NULL. Belongs to `keys`. */
const char *archive_keys_get(const struct archive_keys *keys, const struct settings *settings, const char *list);

#endif
