/*
 * Takes a post in hand by its key K. A post that is done answers 250 at once, so that a retry of Postfix whose
 * first answer was lost sends nothing twice; one that another process has in hand waits.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/store_trouble.h"

static struct verdict claim(struct phase *phase, const char *list, const guint8 *key)
{
	g_autoptr(GString) queue_id = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	switch (store_claim(phase->worker->store, key, queue_id, &error)) {
	case STORE_UNCLEAR:
		log_warning("list=<%s>: an earlier attempt ended between the last byte and Postfix's answer: "
					"sending again, a member may get two copies", list);
		G_GNUC_FALLTHROUGH;
	case STORE_NEW:
		phase->claimed = TRUE;
		memcpy(phase->key, key, STORE_KEY_SIZE);
		return VERDICT_UNDECIDED;
	case STORE_IN_PROGRESS:
		return verdict_deferred("4.3.0", "this very post is being delivered right now");
	case STORE_DONE:
		return verdict_sent("queued as %s before", queue_id->str);
	case STORE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("claim: unknown state");
}

GVariant *answer_claim(struct phase *phase, GVariant *arguments, int fd)
{
	const char *list;
	g_autoptr(GVariant) bytes = NULL;
	guint8 key[STORE_KEY_SIZE];
	struct verdict verdict;

	g_variant_get(arguments, "(&s@ay)", &list, &bytes);
	if (phase->claimed || !answer_list_is_ours(phase->worker->settings, list) || !answer_read_key(bytes, key))
		verdict = verdict_deferred("4.3.0", "internal trouble (claim)");
	else
		verdict = claim(phase, list, key);
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}
