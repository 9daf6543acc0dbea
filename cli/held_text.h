/*
 * Held posts in words, for the terminal and as JSON. What a stranger wrote (addresses, subject, facts) reaches a terminal only as
 * clean_text() leaves it; JSON has it whole, with what a terminal would obey escaped.
 */
#ifndef ROLLCALL_CLI_HELD_TEXT_H
#define ROLLCALL_CLI_HELD_TEXT_H

#include <glib.h>

#include "lib/store/store_held.h"

/** Local time with its zone, or short ("2026-11-21 14:05"); "-" for 0. The caller frees it. */
char *held_text_time(gint64 at, gboolean brief) G_GNUC_WARN_UNUSED_RESULT;

/** Whose word it waits for: "moderation", "confirmation". Static. */
const char *held_text_kind(enum store_held_kind kind);

/** Who decided: "a moderator", "its author", "the clock", "the console"; NULL while nobody has. Static. */
const char *held_text_by(const struct store_decision *decision);

/** What the post was held with: a fact's value, or "". Lives as long as `held`. */
const char *held_text_fact(const struct store_held *held, const char *name);

/** A table with a line for each of `posts` (struct store_held). The caller frees it. */
char *held_text_table(const GPtrArray *posts) G_GNUC_WARN_UNUSED_RESULT;
/** All that is known of one, a line each. The caller frees it. */
char *held_text_whole(const struct store_held *held) G_GNUC_WARN_UNUSED_RESULT;
/** An array of objects; with `facts` each has its facts as "fact-NAME". The caller frees it. */
char *held_text_json(const GPtrArray *posts, gboolean facts) G_GNUC_WARN_UNUSED_RESULT;

#endif
