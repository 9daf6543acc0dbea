/*
 * Whose address is it? The name alone gives one or two readings ("a-owner" may be a list or the owners of
 * "a"); the CRM says which list exists. Nothing is cached: a list that the CRM has is a list now.
 */
#include "lib/list/list.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"

static GVariant *reply(const struct verdict *verdict, const char *list, const struct list_reading *reading)
{
	return g_variant_new("(@(uuss)sus)", wire_verdict(verdict), list ? list : "",
		reading ? (guint)reading->role : 0, reading && reading->extension ? reading->extension : "");
}

GVariant *answer_route(struct phase *phase, GVariant *arguments, int fd)
{
	const char *address;

	g_variant_get(arguments, "(&s)", &address);
	g_autoptr(GArray) readings = list_readings(phase->worker->settings, address);
	for (guint i = 0; i < readings->len; i++) {
		const struct list_reading *reading = &g_array_index(readings, struct list_reading, i);
		struct verdict verdict = VERDICT_UNDECIDED;

		switch (crm_find_list(phase->worker->crm, reading->name, reading->domain, &verdict)) {
		case CRM_FOUND: {
			g_autofree char *list = g_strdup_printf("%s@%s", reading->name, reading->domain);

			return reply(&VERDICT_UNDECIDED, list, reading);
		}
		case CRM_NOT_FOUND:
			break;
		case CRM_TROUBLE:
			return reply(&verdict, NULL, NULL);
		}
	}
	struct verdict unknown = verdict_refused("5.1.1", "no such list here");
	return reply(&unknown, NULL, NULL);
}
