/*
 * The CRM, looked at with the daemon's own user and group: what root may read says nothing. The door's own check (lib/crm) tells about
 * TLS, grants, view and names; here every list is looked at, as far as counts tell. Nobody's address is read.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "lib/crm/crm.h"
#include "lib/crm/crm_options.h"
#include "lib/list/token.h"

/*
 * The trusted room of our units gets a file that is root's alone as a credential. Nothing is wrong then, and all that is asked of the
 * CRM is asked as root, which the CRM does not see.
 */
static gboolean is_handed_over(const struct check *check)
{
	struct crm_options options;
	gboolean can_read;

	if (!check->by_units || geteuid() != 0 || !identity_assume(&check->identity))
		return FALSE;
	can_read = crm_options_read(check->settings, &options, NULL);
	crm_options_clear(&options);
	identity_resume(&check->identity);
	return !can_read;
}

static gboolean assume(struct check *check)
{
	if (identity_is_missing(&check->identity))
		return FALSE;
	if (is_handed_over(check))
		return TRUE;
	if (identity_assume(&check->identity))
		return TRUE;
	report_add(check->report, REPORT_ERROR, "cannot become user %u to look at the CRM: %s", (guint)check->identity.uid,
		g_strerror(errno));
	return FALSE;
}

void check_options(struct check *check)
{
	struct crm_options options;
	g_autoptr(GError) error = NULL;

	if (!assume(check))
		return;
	if (!crm_options_read(check->settings, &options, &error)) {
		report_add(check->report, REPORT_ERROR, "CRM: option file: %s", error->message);
		if (crm_options_todo(error))
			report_todo(check->report, "%s", crm_options_todo(error));
	} else if (options.lax && !settings_boolean(check->settings, SET_insecure_i_know, NULL)) {
		report_add(check->report, REPORT_WARNING, "CRM: option file: it asks for less than verified TLS");
		report_todo(check->report, "that is not obeyed: take the line out");
	} else {
		report_add(check->report, REPORT_OK, "CRM: the option file can be read by the daemon and by nobody else");
	}
	crm_options_clear(&options);
	identity_resume(&check->identity);
}

static enum report_level level_of(enum crm_finding_level level)
{
	switch (level) {
	case CRM_GOOD:
		return REPORT_OK;
	case CRM_WARNING:
		return REPORT_WARNING;
	case CRM_BAD:
		return REPORT_ERROR;
	}
	g_return_val_if_reached(REPORT_ERROR);
}

/* FALSE when nothing at all is good: there is no connection, and trying again would only cost time. */
static gboolean take_findings(struct check *check, struct crm *crm)
{
	g_autoptr(GArray) findings = crm_check(crm);
	gboolean any_good = FALSE;

	for (guint i = 0; i < findings->len; i++) {
		const struct crm_finding *finding = &g_array_index(findings, struct crm_finding, i);

		report_add(check->report, level_of(finding->level), "CRM: %s", finding->text);
		if (finding->todo)
			report_todo(check->report, "%s", finding->todo);
		any_good = any_good || finding->level == CRM_GOOD;
	}
	return any_good;
}

/* What names and columns alone do not show. Unusable and ambiguous names were told by crm_check(). */
static void check_list(struct check *check, const struct crm_list *list)
{
	if (!list->address || list->ambiguous)
		return;
	if (list->owners == 0) {
		report_add(check->report, REPORT_WARNING, "list %s has no owner: mail to its -owner, and what -request does not understand, waits in Postfix",
			list->address);
		report_todo(check->report, "make somebody its owner in the CRM");
	}
	if (list->members == 0)
		report_add(check->report, REPORT_WARNING, "list %s has no member who gets posts", list->address);
	if (strcspn(list->address, "@") > TOKEN_LIST_NAME) {
		report_add(check->report, REPORT_WARNING, "list %s: with more than %d letters in its name, the addresses to which moderators "
			"answer are longer than RFC 5321 lets every server take", list->address, TOKEN_LIST_NAME);
		report_todo(check->report, "Postfix takes them; a moderator whose own server does not decides with rollcall accept, or the list "
			"gets a shorter name");
	}
}

static gboolean is_in_view(const struct check *check, const char *address)
{
	for (guint i = 0; i < check->lists->len; i++)
		if (g_strcmp0(g_array_index(check->lists, struct crm_list, i).address, address) == 0)
			return TRUE;
	return FALSE;
}

static void check_lists(struct check *check)
{
	for (guint i = 0; i < check->lists->len; i++)
		check_list(check, &g_array_index(check->lists, struct crm_list, i));
	for (const char *const *list = settings_lists(check->settings); *list; list++) {
		if (is_in_view(check, *list))
			continue;
		report_add(check->report, REPORT_WARNING, "[list %s] has settings, but the CRM has no such list", *list);
		report_todo(check->report, "a list exists when the view has it: look for a typing error");
	}
}

void check_crm(struct check *check)
{
	struct crm_breaker breaker = {0};
	struct verdict verdict;
	guint errors = report_errors(check->report);

	if (!assume(check))
		return;
	struct crm *crm = crm_new(check->settings, &breaker);
	gboolean connected = take_findings(check, crm);
	if (connected && crm_lists(crm, &check->lists, &verdict) == CRM_FOUND)
		check_lists(check);
	else if (report_errors(check->report) == errors)
		report_add(check->report, REPORT_ERROR, "CRM: %s", connected ? verdict.text : "nothing is known about it");
	if (connected)
		check_columns(check, crm);
	crm_free(crm);
	identity_resume(&check->identity);
}
