/* Waits when a list shrinks too fast; see shrink_guard.h. */
#include "lmtpd/dispatch/shrink_guard.h"

#include "lib/base/log.h"
#include "lmtpd/dispatch/store_trouble.h"

enum { SMALL_LIST = 20 }; /* below it, half of the members leaving is everyday life */

static gboolean has_shrunk(guint before, guint rows)
{
	if (before == 0)
		return FALSE;
	return rows == 0 || (before >= SMALL_LIST && rows < before / 2 + before % 2);
}

struct verdict shrink_guard_check(const struct settings *settings, struct store *store, const char *list,
	guint rows)
{
	gint64 wait = settings_number(settings, SET_shrink_guard, list);
	struct store_count count;
	g_autoptr(GError) error = NULL;

	if (!store_count_get(store, list, &count, &error))
		return store_trouble(error);
	gboolean shrunk = wait > 0 && has_shrunk(count.members, rows);
	gint64 since = shrunk ? (count.shrunk_since > 0 ? count.shrunk_since : count.age) : 0;
	gboolean believed = !shrunk || count.age - since >= wait;
	struct store_count after = {
		.members = believed ? rows : count.members,
		.shrunk_since = believed ? 0 : since,
	};
	if (after.members != count.members || after.shrunk_since != count.shrunk_since)
		if (!store_count_set(store, list, &after, &error))
			return store_trouble(error);
	if (believed)
		return VERDICT_UNDECIDED;
	log_warning("ALARM list=<%s>: %u members now, %u at the last good post: a half-done import? Posts wait until the "
				"members are back, or for %" G_GINT64_FORMAT " more minutes",
		list, rows, count.members, (since + wait - count.age) / 60);
	return verdict_deferred("4.3.0", "the member list has shrunk too much at once; its keepers should look");
}
