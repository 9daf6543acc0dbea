/*
 * The settings in words: as a configuration file that can be read back, as JSON, and as a part of the manual. All of it comes
 * from the table, lib/base/settings_table.h.
 */
#ifndef ROLLCALL_CLI_SETTINGS_TEXT_H
#define ROLLCALL_CLI_SETTINGS_TEXT_H

#include <glib.h>

#include "lib/base/settings.h"

/** What to show. */
struct settings_view {
	const struct settings *settings;
	const char *file;       /**< its name, for "from FILE:LINE" */
	const char *where;      /**< a domain or a list's address: only what holds there; NULL: everything */
	gboolean only_changed;  /**< leave out what is at its default */
};

/** A configuration file that says the same, each setting with its sentence and where its value comes from. The caller frees. */
char *settings_text_file(const struct settings_view *view) G_GNUC_WARN_UNUSED_RESULT;
/** An array of {section, name, value, default, file, line, help}; file and line are null for a default. The caller frees. */
char *settings_text_json(const struct settings_view *view) G_GNUC_WARN_UNUSED_RESULT;
/** The part of rollcall.conf(5) that describes each setting, in roff (man macros). The caller frees. */
char *settings_text_manual(void) G_GNUC_WARN_UNUSED_RESULT;

#endif
