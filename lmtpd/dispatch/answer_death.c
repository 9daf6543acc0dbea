/*
 * Messages that kill their readers: how many one has killed, and that it was one more. The latter is intake's parent's to say, by the socket that
 * no session's child has.
 */
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/store/store_death.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/store_trouble.h"

GVariant *answer_deaths(struct phase *phase, GVariant *arguments, int fd)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(arguments, 0);
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;
	guint8 key[STORE_KEY_SIZE];
	guint count = 0;

	if (!answer_read_key(bytes, key))
		verdict = verdict_deferred("4.3.0", "internal trouble (deaths)");
	else if (!store_death_count(phase->worker->store, key, &count, &error))
		verdict = store_trouble(error);
	return g_variant_new("(@(uuss)u)", wire_verdict(&verdict), count);
}

static void tell(const guint8 *key, guint count)
{
	g_autofree char *beginning = text_write_hex(key, 4);

	log_warning("the process that read this message has died, which makes %u: %s", count, beginning);
}

GVariant *answer_death(struct phase *phase, GVariant *arguments, int fd)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(arguments, 0);
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;
	guint8 key[STORE_KEY_SIZE];
	guint count = 0;

	if (!phase->errand.may || !answer_read_key(bytes, key))
		verdict = verdict_deferred("4.3.0", "internal trouble (death)");
	else if (!store_death_add(phase->worker->store, key, &count, &error))
		verdict = store_trouble(error);
	else
		tell(key, count);
	phase->errand.may = FALSE;
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}
