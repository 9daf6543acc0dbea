/*
 * One value of a setting: its text checked against the row and turned into what callers want.
 */
#ifndef ROLLCALL_BASE_SETTINGS_VALUE_H
#define ROLLCALL_BASE_SETTINGS_VALUE_H

#include "lib/base/settings.h"

struct setting_value {
	guint line;     /**< where it stands in the file, 0 for a default */
	char *text;     /**< TEXT, PATH, CHOICE */
	char **strings; /**< STRINGS */
	gint64 number;  /**< NUMBER, SIZE, SECONDS, MODE, BOOLEAN (0 or 1) */
};

/**
 * Reads `text` as the row wants it. NULL with `error` (SETTINGS_ERROR_VALUE, what was expected, without
 * file or line) when it does not fit. The caller ends it with setting_value_free().
 */
struct setting_value *setting_value_parse(const struct setting_row *row, const char *text, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

void setting_value_free(struct setting_value *value);

#endif
