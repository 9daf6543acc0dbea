/*
 * What rules ask the CRM beyond roles: one column of the author's own row, and the number of members. A phase is one post with one
 * author, so it hears about one address: a parser that is owned cannot leaf through everybody's columns in it.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"

static gboolean is_fair(struct phase *phase, const struct crm_question *question)
{
	if (!answer_list_is_ours(phase->worker->settings, question->list) || !asker_is_address(question->person) ||
		!crm_column_is_name(question->column))
		return FALSE;
	if (!phase->row_of)
		phase->row_of = g_strdup(question->person);
	if (strcmp(phase->row_of, question->person) == 0)
		return TRUE;
	log_warning("a parser process asked about a second person, as no honest one does");
	return FALSE;
}

GVariant *answer_row(struct phase *phase, GVariant *arguments, int fd)
{
	struct crm_question question;
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autofree char *value = NULL;

	g_variant_get(arguments, "(&s&s&s)", &question.list, &question.person, &question.column);
	if (!is_fair(phase, &question))
		verdict = verdict_deferred("4.3.0", "internal trouble (row)");
	else if (crm_column(phase->worker->crm, &question, &value, &verdict) == CRM_TROUBLE)
		g_clear_pointer(&value, g_free);
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), value ? value : "");
}

GVariant *answer_total(struct phase *phase, GVariant *arguments, int fd)
{
	const char *list;
	guint members = 0;
	struct verdict verdict = VERDICT_UNDECIDED;

	g_variant_get(arguments, "(&s)", &list);
	if (!answer_list_is_ours(phase->worker->settings, list))
		verdict = verdict_deferred("4.3.0", "internal trouble (total)");
	else if (crm_total(phase->worker->crm, list, &members, &verdict) == CRM_TROUBLE)
		members = 0;
	return g_variant_new("(@(uuss)u)", wire_verdict(&verdict), members);
}
