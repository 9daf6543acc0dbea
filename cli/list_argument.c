/* Is there such a list? See list_argument.h. */
#include "cli/list_argument.h"

#include <stdio.h>
#include <string.h>

#include "lib/crm/crm.h"
#include "lib/list/list.h"

char *list_argument_read(const struct invocation *invocation, const struct settings *settings, const char *text)
{
	char *list = list_address_from_column(settings, text, strlen(text));

	if (!list)
		fprintf(stderr, "rollcall %s: \"%s\" is no list of ours; rollcall lists shows those that there are\n", invocation->command->name, text);
	return list;
}

enum list_argument list_argument_ask(const struct invocation *invocation, const struct settings *settings, const char *list)
{
	const char *at = strrchr(list, '@');
	g_autofree char *name = g_strndup(list, (gsize)(at - list));
	struct crm_breaker breaker = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	struct crm *crm = crm_new(settings, &breaker);
	enum crm_result result = crm_find_list(crm, name, at + 1, &verdict);

	crm_free(crm);
	switch (result) {
	case CRM_FOUND:
		return LIST_ARGUMENT_THERE;
	case CRM_NOT_FOUND:
		fprintf(stderr, "rollcall %s: there is no list %s; rollcall lists shows those that there are\n", invocation->command->name, list);
		return LIST_ARGUMENT_MISSING;
	case CRM_TROUBLE:
		break;
	}
	fprintf(stderr, "rollcall %s: whether there is a list %s is not known now: %s; rollcall check tells more\n", invocation->command->name, list, verdict.text);
	return LIST_ARGUMENT_UNKNOWN;
}
