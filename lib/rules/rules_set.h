/*
 * All scenario and search files of a site in memory, so that a room that can open no file can use them.
 *
 * A place is a directory with `scenari/` (send.NAME, include.NAME) and `search_filters/` (NAME.txt), and what it is for: one list, one
 * domain or all. Of a scenario the first place that has it counts; of a search file all places do. The distributed
 * scenarios (lib/rules/scenari) are part of the program and stand behind all places. Files are read once, by
 * rules_set_load(); the master's watch (lmtpd/master/watch.c) sees when it is time to load anew.
 */
#ifndef ROLLCALL_RULES_RULES_SET_H
#define ROLLCALL_RULES_RULES_SET_H

#include <glib.h>

#include "lib/rules/rules.h"

enum {
	RULES_SET_FILES = 10000,         /* of all places together */
	RULES_SET_BYTES = 64 * 1024 * 1024,
	RULES_SET_FILTER = 4 * 1024 * 1024, /* bytes of one search file */
};

struct rules_place {
	const char *scope;     /**< "" for all lists, "DOMAIN" or "NAME@DOMAIN" */
	const char *directory; /**< a missing one is an empty one */
};

struct rules_set;

/**
 * Reads all files of `count` places, which stand in search order (list, domain, site), and compiles each scenario for its own
 * scope. What is wrong is appended to `problems`: a file that cannot be read, that is too big, or does not compile. The set is good for
 * all the others. Never NULL; the caller ends it with rules_set_free(). `parameters` as in rules_source; they must outlive the set.
 */
struct rules_set *rules_set_load(const struct rules_place *places, guint count, const char *const *parameters, GPtrArray *problems)
	G_GNUC_WARN_UNUSED_RESULT;
void rules_set_free(struct rules_set *set);

/**
 * The scenario send.`name` for the list (NAME@DOMAIN); the set owns it. NULL when there is none, or none that compiles: `*reason`
 * then says why in one line with file, line and column where there are any (caller frees). Compiled at the first call for a list's
 * scope and remembered.
 */
const struct rules_scenario *rules_set_find(struct rules_set *set, const char *list, const char *name, char **reason)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * The file `name`, "send.…" or "include.…", that counts for the list; both members of `found` are the caller's. FALSE when there is none.
 */
gboolean rules_set_text(const struct rules_set *set, const char *list, const char *name, struct rules_text *found);

/** Every scenario that was compiled until now, in no order. */
void rules_set_each(const struct rules_set *set, void (*visit)(gpointer context, const struct rules_scenario *scenario), gpointer context);

/** For rules_questions.filter: appends copies of all search files of that name that are for the list. */
void rules_set_filter(const struct rules_set *set, const char *list, const char *name, GPtrArray *texts);

#endif
