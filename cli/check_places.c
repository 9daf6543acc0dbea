/*
 * [domain] and [list] sections beyond what the settings' types say: names that can be ours, page templates, and texts above and below posts.
 * A template with a word that we do not fill in is shown to members as it stands, so it is an error (HOSTILE C7).
 */
#include <string.h>

#include "cli/check.h"
#include "lib/list/address.h"
#include "lib/list/list.h"
#include "lib/mail/footer_text.h"

static const struct {
	enum setting setting;
	gboolean of_a_post; /* {id} and {hash} have a meaning */
} templates[] = {
	{SET_unsubscribe_page, FALSE},
	{SET_subscribe_page, FALSE},
	{SET_help_page, FALSE},
	{SET_archive_page, FALSE},
	{SET_archived_at, TRUE},
};

static gboolean is_known(const char *name, gsize length, gboolean of_a_post)
{
	static const char *const known[] = {"{list}", "{domain}", "{id}", "{hash}"};

	for (gsize i = 0; i < (of_a_post ? G_N_ELEMENTS(known) : 2); i++)
		if (strlen(known[i]) == length && strncmp(known[i], name, length) == 0)
			return TRUE;
	return FALSE;
}

/* What is wrong with a template, or NULL. The caller frees. */
static char *fault_of_template(const char *text, gboolean of_a_post)
{
	if (!g_str_has_prefix(text, "https://") && !g_str_has_prefix(text, "http://"))
		return g_strdup("is no web address: expected https://…");
	for (const char *place = text; (place = strpbrk(place, "{}")); place++) {
		const char *end = *place == '{' ? strchr(place, '}') : NULL;

		if (!end)
			return g_strdup("has a brace without its other half");
		if (!is_known(place, (gsize)(end + 1 - place), of_a_post))
			return g_strdup_printf("has %.*s, which is not filled in here; known are {list}, {domain}%s",
				(int)(end + 1 - place), place, of_a_post ? ", {id}, {hash}" : "");
		place = end;
	}
	return NULL;
}

static void check_templates(struct check *check, const char *where)
{
	for (gsize i = 0; i < G_N_ELEMENTS(templates); i++) {
		const char *text = settings_text(check->settings, templates[i].setting, where);
		g_autofree char *fault = *text ? fault_of_template(text, templates[i].of_a_post) : NULL;

		if (fault)
			report_add(check->report, REPORT_ERROR, "%s:%u: %s %s", check->config,
				settings_line(check->settings, templates[i].setting, where),
				settings_row(templates[i].setting)->name, fault);
	}
}

/* At start and reload the same would be an error of the daemon's. */
static void check_footer(struct check *check, enum setting setting, const char *where)
{
	const char *path = settings_text(check->settings, setting, where);
	g_autoptr(GError) error = NULL;

	if (*path == '\0')
		return;
	struct footer_template *template = footer_template_load(path, &error);
	if (!template)
		report_add(check->report, REPORT_ERROR, "%s:%u: %s: %s", check->config, settings_line(check->settings, setting, where),
			settings_row(setting)->name, error->message);
	footer_template_free(template);
}

static void check_names_and_files(struct check *check, const char *where)
{
	check_templates(check, where);
	check_footer(check, SET_header_file, where);
	check_footer(check, SET_footer_file, where);
}

static void check_domain(struct check *check, const char *domain)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	if (!address_domain(domain, strlen(domain), normal) || strcmp(normal->str, domain) != 0) {
		report_add(check->report, REPORT_ERROR, "[domain %s] is no domain name as mail has it", domain);
		report_todo(check->report, "letters, digits, hyphens and dots; an international name in its xn-- form");
	}
	check_names_and_files(check, domain);
}

static void check_list(struct check *check, const char *list)
{
	g_autofree char *address = list_address_from_column(check->settings, list, strlen(list));

	if (g_strcmp0(address, list) != 0) {
		report_add(check->report, REPORT_ERROR, "[list %s] can be no list of ours", list);
		report_todo(check->report, "a list's name is letters, digits and . _ - +, at most 64 characters");
	}
	check_names_and_files(check, list);
}

/* A wish without a procedure gets the answer with the page, as if nothing had been set. TRUE when that has been said. */
static gboolean check_wishes(struct check *check, const char *const *where)
{
	const struct settings *settings = check->settings;

	if (*settings_text(settings, SET_subscribe_procedure, NULL) || *settings_text(settings, SET_unsubscribe_procedure, NULL))
		return TRUE;
	for (; *where; where++) {
		if (!settings_is(settings, SET_subscription_requests, *where, "procedure"))
			continue;
		report_add(check->report, REPORT_WARNING, "%s:%u: subscription_requests is procedure, but none is named", check->config,
			settings_line(settings, SET_subscription_requests, *where));
		report_todo(check->report, "set subscribe_procedure and unsubscribe_procedure in [crm], or one of them (schema/procedures.sql)");
		return TRUE;
	}
	return FALSE;
}

void check_places(struct check *check)
{
	const char *const *domain = settings_domains(check->settings);
	const char *const *list = settings_lists(check->settings);

	if (!*domain) {
		report_add(check->report, REPORT_ERROR, "%s: there is no [domain NAME] section, so no address is a list's",
			check->config);
		report_todo(check->report, "add [domain lists.example.org] with your lists' domain");
		return;
	}
	if (!check_wishes(check, domain))
		(void)check_wishes(check, list);
	for (; *domain; domain++)
		check_domain(check, *domain);
	for (; *list; list++)
		check_list(check, *list);
}
