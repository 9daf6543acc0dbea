/*
 * When a list's digest leaves: at a time of day on some days, when it is old, large or has many posts; whatever comes first. Read from the
 * settings each time, so that it is never stale; pure but for that.
 */
#ifndef ROLLCALL_LIST_DIGEST_PLAN_H
#define ROLLCALL_LIST_DIGEST_PLAN_H

#include "lib/base/settings.h"

/** What waits for a list's next digest. */
struct digest_waiting {
	guint posts;
	guint64 bytes;
	gint64 since; /**< seconds of Unix time: when the oldest was added */
};

/** Why it is due, as a word for the log ("time", "age", "size", "posts"; "clock": it is from more than a day ahead), or NULL: it is not. Static. Nothing waiting is never due. */
const char *digest_plan_due(const struct settings *settings, const char *list, const struct digest_waiting *waiting, gint64 now);

/**
 * When it will be due if nothing more comes, seconds of Unix time: `now` when it is; 0 when it waits for more posts, or for a command. Only to be
 * shown: whether it is due is asked again and again.
 */
gint64 digest_plan_next(const struct settings *settings, const char *list, const struct digest_waiting *waiting, gint64 now);

/** What is wrong with the settings of some domain or list, "[SECTION] NAME: reason"; NULL when nothing is. The caller frees it. */
char *digest_plan_check(const struct settings *settings) G_GNUC_WARN_UNUSED_RESULT;

/** The volume that a digest of this moment belongs to: the last two digits of the year (RFC 1153), in the list's time zone. */
guint digest_plan_volume(const struct settings *settings, const char *list, gint64 now);

#endif
