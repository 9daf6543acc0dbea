/* What is this address on this list, now? Bits for rules; no name, no other person's address. */
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"

GVariant *answer_standing(struct phase *phase, GVariant *arguments, int fd)
{
	const char *list, *person;
	guint standing = 0;
	struct verdict verdict = VERDICT_UNDECIDED;

	g_variant_get(arguments, "(&s&s)", &list, &person);
	if (!answer_list_is_ours(phase->worker->settings, list) || !asker_is_address(person)) {
		verdict = verdict_deferred("4.3.0", "internal trouble (standing)");
		return g_variant_new("(@(uuss)u)", wire_verdict(&verdict), 0);
	}
	switch (crm_standing(phase->worker->crm, list, person, &standing, &verdict)) {
	case CRM_FOUND:
		break;
	case CRM_NOT_FOUND:
		standing = 0;
		break;
	case CRM_TROUBLE:
		break;
	}
	return g_variant_new("(@(uuss)u)", wire_verdict(&verdict), standing);
}
