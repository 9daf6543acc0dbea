/*
 * Whether the list has distributed this very post already, by another path. Two that come at the same moment meet at the lock that goes with the
 * content: one goes on, the other waits in Postfix and finds then what became of the first.
 */
#include "lib/base/log.h"
#include "lib/store/store_distributed.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/store_trouble.h"

static struct verdict look(struct phase *phase, const char *list, const guint8 *content)
{
	gint64 life = settings_number(phase->worker->settings, SET_duplicates, list), at = 0;
	g_autoptr(GError) error = NULL;

	if (life == 0)
		return VERDICT_UNDECIDED;
	switch (store_distributed_claim(phase->worker->store, content, life, &at, &error)) {
	case STORE_COPY_NONE:
		return VERDICT_UNDECIDED;
	case STORE_COPY_IN_PROGRESS:
		return verdict_deferred("4.3.0", "the same post, by another path, is being delivered right now");
	case STORE_COPY_DISTRIBUTED: {
		g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(at);
		g_autofree char *when = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;

		return verdict_discarded("a duplicate: the same post was distributed on %s", when ? when : "a day unknown");
	}
	case STORE_COPY_TROUBLE:
		return store_trouble(error);
	}
	log_panic("look: unknown outcome");
}

GVariant *answer_duplicate(struct phase *phase, GVariant *arguments, int fd)
{
	const char *list;
	g_autoptr(GVariant) bytes = NULL;
	guint8 content[STORE_KEY_SIZE];
	struct verdict verdict;

	g_variant_get(arguments, "(&s@ay)", &list, &bytes);
	if (!phase->claimed || !answer_list_is_ours(phase->worker->settings, list) || !answer_read_key(bytes, content))
		verdict = verdict_deferred("4.3.0", "internal trouble (duplicate)");
	else
		verdict = look(phase, list, content);
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}
