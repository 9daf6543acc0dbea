/*
 * A site's configuration as rules see it: its scenario files, and what a list's settings say to them.
 */
#ifndef ROLLCALL_RULES_RULES_SITE_H
#define ROLLCALL_RULES_RULES_SITE_H

#include "lib/base/settings.h"
#include "lib/rules/rules_set.h"

/**
 * Loads all scenario and search files below `root`: its own, domains/DOMAIN/ and lists/NAME@DOMAIN/, each with scenari/ and
 * search_filters/. Opens files; see rules_set_load() for `problems` and the end.
 */
struct rules_set *rules_site_load(const char *root, GPtrArray *problems) G_GNUC_WARN_UNUSED_RESULT;

/** The same with what stands in `before`, for all lists, counting before everything else. */
struct rules_set *rules_site_load_behind(const char *before, const char *root, GPtrArray *problems) G_GNUC_WARN_UNUSED_RESULT;

/** The names that may stand in [list->NAME] beside Sympa's, for the compiler; they live as long as the program. */
const char *const *rules_site_parameters(void);

/** What the settings say about one list. Texts belong to the settings. */
struct rules_site_facts {
	GHashTable *parameters; /**< [list->NAME]: each setting that a list can have, and Sympa's names for some */
	GHashTable *conf;       /**< [conf->NAME]: each setting of [rollcall], and Sympa's names for some */
	GHashTable *columns;    /**< Sympa's words for columns to the view's: email, gecos, reception */
	struct rules_checks checks;
};
/** `facts` is overwritten; the caller ends it with rules_site_clear(). `list` is NAME@DOMAIN. */
void rules_site_facts(const struct settings *settings, const char *list, struct rules_site_facts *facts);
void rules_site_clear(struct rules_site_facts *facts);

/** Whether the address (normal form) is one of the site's listmasters, or of the list's domain's. */
gboolean rules_site_is_listmaster(const struct settings *settings, const char *list, const char *address);

#endif
