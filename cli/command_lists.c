/*
 * rollcall lists: the lists that the CRM's view has now, with numbers and whether mail to them works. Nobody's address is shown, and
 * nothing is remembered from one call to the next.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/identity.h"
#include "cli/json.h"
#include "lib/crm/crm.h"

/* Why no mail to it goes out, or NULL. Static. */
static const char *fault_of(const struct crm_list *list)
{
	if (!list->address)
		return "not usable: the value is no list's name, or its domain is not ours";
	if (list->ambiguous)
		return "not usable: the view spells this address in more than one way";
	if (list->members == 0)
		return "usable, but nobody gets posts";
	if (list->owners == 0)
		return "usable, but without owner";
	return NULL;
}

static gboolean is_usable(const struct crm_list *list)
{
	return list->address && !list->ambiguous;
}

static void print_json(const GArray *lists)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_begin(out);
	for (guint i = 0; i < lists->len; i++) {
		const struct crm_list *list = &g_array_index(lists, struct crm_list, i);

		json_object(out);
		json_text(out, "value", list->value);
		json_text(out, "address", list->address);
		json_number(out, "members", list->members);
		json_number(out, "owners", list->owners);
		json_number(out, "moderators", list->moderators);
		json_boolean(out, "usable", is_usable(list));
		json_text(out, "remark", fault_of(list));
	}
	json_end(out);
	fputs(out->str, stdout);
}

static const char *name_of(const struct crm_list *list)
{
	return list->address ? list->address : list->value;
}

static void print_table(const GArray *lists)
{
	int width = (int)strlen("LIST");

	for (guint i = 0; i < lists->len; i++)
		width = MAX(width, (int)strlen(name_of(&g_array_index(lists, struct crm_list, i))));
	printf("%-*s  %8s  %7s  %10s  %s\n", width, "LIST", "MEMBERS", "OWNERS", "MODERATORS", "STATE");
	for (guint i = 0; i < lists->len; i++) {
		const struct crm_list *list = &g_array_index(lists, struct crm_list, i);
		const char *fault = fault_of(list);

		printf("%-*s  %8u  %7u  %10u  %s\n", width, name_of(list), list->members, list->owners, list->moderators,
			fault ? fault : "usable");
	}
}

static int compare_lists(const void *a, const void *b)
{
	return strcmp(name_of(a), name_of(b));
}

/* As the daemon's user where we are root: a server that answers badly then speaks to no root process. */
static GArray *read_lists(const struct settings *settings)
{
	struct identity identity = identity_find(settings);
	struct crm_breaker breaker = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	GArray *lists = NULL;

	if (!identity_assume(&identity)) {
		fprintf(stderr, "rollcall lists: cannot become user %u: %s\n", (guint)identity.uid, g_strerror(errno));
		return NULL;
	}
	struct crm *crm = crm_new(settings, &breaker);
	if (crm_lists(crm, &lists, &verdict) != CRM_FOUND) {
		fprintf(stderr, "rollcall lists: %s; rollcall check tells more\n", verdict.text);
		lists = NULL;
	}
	crm_free(crm);
	identity_resume(&identity);
	return lists;
}

int command_lists(struct invocation *invocation)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) lists = NULL;

	int status = command_parse(
		invocation, NULL, "Exit status: 0 shown, 1 the CRM or the configuration did not allow it, 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	settings_auto struct settings *settings = command_settings_read(invocation->config, &error);
	if (!settings) {
		fprintf(stderr, "rollcall lists: %s\n", error->message);
		return COMMAND_BAD;
	}
	lists = read_lists(settings);
	if (!lists)
		return COMMAND_BAD;
	g_array_sort(lists, compare_lists);
	if (invocation->json)
		print_json(lists);
	else
		print_table(lists);
	return COMMAND_GOOD;
}
