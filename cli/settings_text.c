/* The settings as a file and as JSON; see settings_text.h. The manual is settings_manual.c. */
#include "cli/settings_text.h"

#include <string.h>

#include "cli/json.h"

/* One setting as it is shown. */
struct shown {
	const struct settings_view *view;
	const char *section;
	enum setting setting;
	guint line;
	const char *value;
};

/* How it is written down. */
struct style {
	void (*section)(GString *out, const char *section); /* a domain's or list's section, also when nothing of it is shown */
	void (*setting)(GString *out, const struct shown *shown);
};

/* Whether it is told there: at a domain or list `where`, or (NULL) in [rollcall] and [crm]. A SITE setting is told where it was given. */
static gboolean is_of_place(const struct settings_view *view, enum setting setting, const char *where)
{
	enum setting_scope scope = settings_row(setting)->scope;

	if (scope == SCOPE_SITE)
		return !where || settings_line(view->settings, setting, where) != settings_line(view->settings, setting, NULL);
	return (scope == SCOPE_DOMAIN || scope == SCOPE_LIST) == (where != NULL);
}

/* Whether [list] gives it a value other than its domain's: the line tells. */
static gboolean is_own(const struct settings_view *view, enum setting setting, const char *list)
{
	guint line = settings_line(view->settings, setting, list);

	return line != 0 && line != settings_line(view->settings, setting, strrchr(list, '@') + 1);
}

/* A [list] section is shown with what stands in it only; the rest is its domain's. */
static gboolean is_shown(const struct settings_view *view, enum setting setting, const char *where)
{
	if (view->only_changed && settings_line(view->settings, setting, where) == 0)
		return FALSE;
	return view->where || !where || !strchr(where, '@') || is_own(view, setting, where);
}

/* Where a setting stands: what only a domain can have is the domain's, also where a list was asked for. The caller frees. */
static char *section_of(enum setting_scope scope, const char *where)
{
	const char *at = where ? strrchr(where, '@') : NULL;

	switch (scope) {
	case SCOPE_ROLLCALL:
		return g_strdup("rollcall");
	case SCOPE_CRM:
		return g_strdup("crm");
	case SCOPE_SITE:
		return where ? section_of(SCOPE_DOMAIN, where) : g_strdup("rollcall");
	case SCOPE_DOMAIN:
		return g_strdup_printf("domain %s", at ? at + 1 : where);
	case SCOPE_LIST:
		return g_strdup_printf("%s %s", at ? "list" : "domain", where);
	}
	g_return_val_if_reached(NULL);
}

/* Settings of [rollcall] and [crm], or those of a domain or list `where`. */
static void show_place(GString *out, const struct settings_view *view, const char *where,
	const struct style *style)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		enum setting setting = (enum setting)i;
		enum setting_scope scope = settings_row(setting)->scope;

		if (!is_of_place(view, setting, where) || !is_shown(view, setting, where))
			continue;
		g_autofree char *section = section_of(scope, where);
		struct shown shown = {
			.view = view,
			.section = section,
			.setting = setting,
			.line = settings_line(view->settings, setting, where),
			.value = settings_text(view->settings, setting, where),
		};
		style->setting(out, &shown);
	}
}

/* That a domain is ours is said by its section alone, so it is shown even when it is empty. */
static void show_places(GString *out, const struct settings_view *view, const char *const *places, const struct style *style)
{
	for (; *places; places++) {
		g_autofree char *section = section_of(SCOPE_LIST, *places);

		style->section(out, section);
		show_place(out, view, *places, style);
	}
}

static void show_all(GString *out, const struct settings_view *view, const struct style *style)
{
	if (view->where) {
		show_place(out, view, view->where, style);
		return;
	}
	show_place(out, view, NULL, style);
	show_places(out, view, settings_domains(view->settings), style);
	show_places(out, view, settings_lists(view->settings), style);
}

/* A section's head stands once, before its first setting. */
static void begin_section(GString *out, const char *section)
{
	g_autofree char *head = g_strdup_printf("[%s]\n", section);
	const char *last = g_strrstr(out->str, "\n[");

	if (g_str_has_prefix(last ? last + 1 : out->str, head))
		return;
	g_string_append_printf(out, "%s%s", out->len ? "\n" : "", head);
}

static void show_in_file(GString *out, const struct shown *shown)
{
	g_auto(GStrv) parts = g_strsplit(shown->value, "\\", -1);
	g_autofree char *value = g_strjoinv("\\\\", parts);

	begin_section(out, shown->section);
	g_string_append_printf(out, "\n# %s\n", settings_row(shown->setting)->help);
	if (shown->line)
		g_string_append_printf(out, "# From %s:%u.\n", shown->view->file, shown->line);
	else
		g_string_append(out, "# The default.\n");
	g_string_append_printf(out, "%s =%s%s\n", settings_row(shown->setting)->name, *value ? " " : "", value);
}

static void no_section(GString *out, const char *section)
{
}

static void show_in_json(GString *out, const struct shown *shown)
{
	const struct setting_row *row = settings_row(shown->setting);

	json_object(out);
	json_text(out, "section", shown->section);
	json_text(out, "name", row->name);
	json_text(out, "value", shown->value);
	json_text(out, "default", row->value);
	json_text(out, "file", shown->line ? shown->view->file : NULL);
	if (shown->line)
		json_number(out, "line", shown->line);
	else
		json_text(out, "line", NULL);
	json_text(out, "help", row->help);
}

char *settings_text_file(const struct settings_view *view)
{
	static const struct style style = {.section = begin_section, .setting = show_in_file};
	GString *out = g_string_new(NULL);

	show_all(out, view, &style);
	return g_string_free(out, FALSE);
}

char *settings_text_json(const struct settings_view *view)
{
	static const struct style style = {.section = no_section, .setting = show_in_json};
	GString *out = g_string_new(NULL);

	json_begin(out);
	show_all(out, view, &style);
	json_end(out);
	return g_string_free(out, FALSE);
}
