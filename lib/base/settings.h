/*
 * The configuration: an INI file as GKeyFile reads it, with sections [rollcall], [crm],
 * [domain NAME] and [list ADDRESS]. Each setting is one row of settings_table.h; the reader here,
 * `rollcall check`, `rollcall settings` and the manual all come from that table.
 *
 * A list has its own section's value, else its domain's, else the default: a list exists when the
 * CRM's view has it, so it needs no section. No secret stands in the file.
 *
 * What it knowingly does not do: no include, no interpolation, no environment.
 */
#ifndef ROLLCALL_BASE_SETTINGS_H
#define ROLLCALL_BASE_SETTINGS_H

#include <glib.h>

/** Where a setting may stand. A LIST setting stands in [list] or [domain]; a DOMAIN one in [domain] only. */
enum setting_scope {
	SCOPE_ROLLCALL,
	SCOPE_CRM,
	SCOPE_SITE, /**< in [rollcall], and in [domain] for that domain instead */
	SCOPE_DOMAIN,
	SCOPE_LIST,
};

/** What a value must look like. */
enum setting_type {
	TYPE_TEXT,     /**< UTF-8 without control characters, `maximum` bytes at most */
	TYPE_STRINGS,  /**< several TEXTs separated by ';' */
	TYPE_PATH,     /**< absolute path, or empty */
	TYPE_SECRET,   /**< absolute path, or credential:NAME (lib/base/credential.h), or empty */
	TYPE_NUMBER,   /**< decimal, minimum..maximum */
	TYPE_SIZE,     /**< bytes: decimal with optional k, M or G (powers of 1024) */
	TYPE_SECONDS,  /**< decimal with optional s, m, h or d */
	TYPE_BOOLEAN,  /**< yes or no */
	TYPE_CHOICE,   /**< one of the words in the row's `choices`, separated by '|' */
	TYPE_MODE,     /**< octal file mode, three or four digits */
};

#define SETTING(scope, name, type, value, minimum, maximum, choices, help) SET_##name,
enum setting {
#include "lib/base/settings_table.h"
	SETTING_COUNT
};
#undef SETTING

struct setting_row {
	enum setting_scope scope;
	const char *name;
	enum setting_type type;
	const char *value; /**< the default, as it would stand in the file */
	gint64 minimum, maximum;
	const char *choices;
	const char *help; /**< one sentence */
};

/** The row of a setting. Static. */
const struct setting_row *settings_row(enum setting setting);

#define SETTINGS_ERROR (settings_error_quark())
GQuark settings_error_quark(void);
enum settings_error { SETTINGS_ERROR_FILE, SETTINGS_ERROR_SYNTAX, SETTINGS_ERROR_VALUE };

struct settings;

/**
 * Reads and checks a whole configuration. `name` is what errors call the file; each error begins
 * "NAME:LINE: " and says what was expected (with the nearest known name for an unknown one).
 * NULL with `error` set when anything is wrong: there is no half-read configuration.
 * The caller ends it with settings_free().
 */
struct settings *settings_parse(const char *data, size_t length, const char *name, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Reads the bytes of a configuration file: a regular file of at most 1 MiB that only root or this
 * process's user may change. NULL with `error` set otherwise.
 */
GBytes *settings_read_file(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void settings_free(struct settings *settings);
static inline void settings_clear(struct settings **settings)
{
	settings_free(*settings);
	*settings = NULL;
}
/** `settings_auto struct settings *settings = …` frees it at the end of the scope. */
#define settings_auto __attribute__((cleanup(settings_clear)))

/*
 * Values. `where` is NULL for [rollcall] and [crm] settings, a domain for DOMAIN settings, either of the two for SITE settings, a list's
 * address in normal form (or a domain) for LIST settings. Strings belong to `settings` and live as
 * long. Asking for the wrong type or scope panics: it is a bug.
 */
const char *settings_text(const struct settings *settings, enum setting setting, const char *where);
/** NULL-terminated, empty elements left out. */
const char *const *settings_strings(
	const struct settings *settings, enum setting setting, const char *where);
/** NUMBER, SIZE (bytes), SECONDS and MODE. */
gint64 settings_number(const struct settings *settings, enum setting setting, const char *where);
gboolean settings_boolean(const struct settings *settings, enum setting setting, const char *where);
/** Whether the word of a CHOICE or a TEXT is `word`. */
gboolean settings_is(const struct settings *settings, enum setting setting, const char *where,
	const char *word);

/** The names of all [domain] sections in normal form (lower case), NULL-terminated, in the file's order. */
const char *const *settings_domains(const struct settings *settings);
/** The addresses of all [list] sections in normal form. */
const char *const *settings_lists(const struct settings *settings);
/** The domain of lists whose name in the view has no '@'; NULL when there is no [domain] at all. */
const char *settings_default_domain(const struct settings *settings);
/** The line of the file where this setting was given, 0 when it is the default. */
guint settings_line(const struct settings *settings, enum setting setting, const char *where);

#endif
