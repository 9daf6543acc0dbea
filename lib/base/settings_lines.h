/*
 * Where in the file each section and key stands. GKeyFile keeps no line numbers and silently takes
 * the last of two equal keys; an admin wants to be told both.
 */
#ifndef ROLLCALL_BASE_SETTINGS_LINES_H
#define ROLLCALL_BASE_SETTINGS_LINES_H

#include "lib/base/settings.h"

/**
 * Walks the text and returns a table "SECTION\nKEY" (key empty for the section itself) to line number
 * (GUINT_TO_POINTER). NULL with `error` ("NAME:LINE: …") on a line that is no section, key or comment,
 * on a section or key that stands twice, and on bytes that a configuration cannot have (NUL, CR, a
 * byte order mark, no valid UTF-8). The caller ends it with g_hash_table_unref().
 */
GHashTable *settings_lines_index(const char *data, size_t length, const char *name, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** The line of a section (`key` "") or a key; 0 when it is not there. */
guint settings_lines_find(GHashTable *index, const char *section, const char *key);

#endif
