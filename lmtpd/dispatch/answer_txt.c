/*
 * TXT records for the room that has no network. A child that belongs to an attacker may ask, too: so only what has the form of a name,
 * and only so many names and so much time in one phase. DESIGN section 2.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"

enum {
	TXT_NAMES = 100,    /* in one phase: 20 signatures, 51 of a chain of 50, and 8 steps of DMARC's walk fit */
	TXT_PATIENCE = 4,   /* times dns_deadline that all of a phase's questions together may take */
	TXT_WHY_LIMIT = 80, /* characters of a name in the log */
};

/* Whether this phase may ask once more. A warning the first time that it may not. */
static gboolean may_ask(struct phase *phase)
{
	gint64 patience = settings_number(phase->worker->settings, SET_dns_deadline, NULL) * TXT_PATIENCE * G_USEC_PER_SEC;

	if (phase->names++ < TXT_NAMES && phase->dns_time < patience)
		return TRUE;
	if (phase->names == TXT_NAMES + 1)
		log_warning("a parser process asked DNS for more than %d names", TXT_NAMES);
	return FALSE;
}

static enum txt_result look_up(struct phase *phase, const char *name, GPtrArray *texts)
{
	g_autofree char *why = NULL;
	gint64 started = g_get_monotonic_time();
	enum txt_result result = dns_txt(phase->worker->dns, name, phase->deadline, texts, &why);

	phase->dns_time += g_get_monotonic_time() - started;
	/* A name that could be asked for has nothing in it that a log could mind. */
	if (result == TXT_TROUBLE)
		log_warning("DNS: TXT of %.*s: %s", TXT_WHY_LIMIT, name, why);
	return result;
}

GVariant *answer_txt(struct phase *phase, GVariant *arguments, int fd)
{
	const char *name;
	enum txt_result result = TXT_NO_NAME;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	g_variant_get(arguments, "(&s)", &name);
	if (!may_ask(phase))
		result = TXT_TROUBLE;
	else if (dns_name_is_askable(name))
		result = look_up(phase, name, texts);
	GVariant *records = g_variant_new_bytestring_array((const char *const *)texts->pdata, (gssize)texts->len);
	return g_variant_new("(@(uuss)u@aay)", wire_verdict(&VERDICT_UNDECIDED), (guint)result, records);
}
