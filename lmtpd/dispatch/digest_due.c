/* Looking for digests that are due; see digest_due.h. */
#include "lmtpd/dispatch/digest_due.h"

#include "lib/base/log.h"
#include "lib/list/digest_plan.h"
#include "lib/store/jobs.h"
#include "lib/store/store_kept.h"

/* Trouble with one list's digest keeps no other list's. */
static void close_one(const struct settings *settings, struct store *store, const struct store_digest_open *open)
{
	g_autoptr(GError) error = NULL;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC, issue = 0;
	const struct digest_waiting waiting = {.posts = open->posts, .bytes = open->bytes, .since = open->since};
	const char *why = digest_plan_due(settings, open->list, &waiting, now);

	if (!why)
		return;
	const struct store_digest_plan plan = {
		.list = open->list,
		.volume = digest_plan_volume(settings, open->list, now),
		.most = (guint64)settings_number(settings, SET_message_size_limit, NULL),
		.job = jobs_row(JOBS_DIGEST)->word,
	};
	if (!store_digest_close(store, &plan, &issue, &error))
		log_warning("list=<%s> digest: cannot be closed: state store: %s", open->list, error->message);
	else if (issue > 0)
		log_info("list=<%s> digest=%" G_GINT64_FORMAT " closed (%s): of %u posts", open->list, issue, why, open->posts);
}

void digest_due_look(const struct settings *settings, struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = store_digest_open(store, &error);

	if (!all)
		log_warning("state store: %s", error->message);
	for (guint i = 0; all && i < all->len; i++)
		close_one(settings, store, g_ptr_array_index(all, i));
}
