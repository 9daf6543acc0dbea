/*
 * Takes a post in hand by its key K. A post that is done answers 250 at once, so that a retry of Postfix whose
 * first answer was lost sends nothing twice; one that another process has in hand waits.
 */
#include <string.h>

#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/handover.h"

static struct verdict claim(struct phase *phase, const char *list, const guint8 *key)
{
	struct verdict verdict = handover_claim_post(phase, list, key);

	if (verdict_is_final(&verdict))
		return verdict;
	phase->claimed = TRUE;
	memcpy(phase->key, key, STORE_KEY_SIZE);
	return verdict;
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
