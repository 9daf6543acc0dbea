/* The part of rollcall.conf(5) that comes from the table of settings; see settings_text.h. roff with man(7)'s macros. */
#include <string.h>

#include "cli/settings_text.h"

/* Text that means itself in roff, whatever stands in it. */
static void append_plain(GString *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		g_string_append(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			g_string_append(out, "\\e");
		else if (*text == '-')
			g_string_append(out, "\\-");
		else
			g_string_append_c(out, *text);
	}
}

static void append_number(GString *out, const struct setting_row *row, const char *kind, const char *units)
{
	g_string_append_printf(out, "%s from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s", kind, row->minimum, row->maximum,
		units);
}

/* What a value looks like. */
static void append_type(GString *out, const struct setting_row *row)
{
	g_auto(GStrv) words = g_strsplit(row->choices ? row->choices : "", "|", -1);
	g_autofree char *choices = g_strjoinv(", ", words);

	switch (row->type) {
	case TYPE_TEXT:
		g_string_append(out, "text");
		return;
	case TYPE_STRINGS:
		g_string_append(out, "texts separated by semicolons");
		return;
	case TYPE_PATH:
		g_string_append(out, "an absolute path");
		return;
	case TYPE_SECRET:
		g_string_append(out, "an absolute path, or credential:NAME");
		return;
	case TYPE_NUMBER:
		append_number(out, row, "a number", "");
		return;
	case TYPE_SIZE:
		append_number(out, row, "bytes", ", with k, M or G as unit");
		return;
	case TYPE_SECONDS:
		append_number(out, row, "seconds", ", with s, m, h or d as unit");
		return;
	case TYPE_BOOLEAN:
		g_string_append(out, "yes or no");
		return;
	case TYPE_CHOICE:
		g_string_append_printf(out, "one of %s", choices);
		return;
	case TYPE_MODE:
		g_string_append(out, "an octal file mode");
		return;
	}
	g_return_if_reached();
}

static void append_setting(GString *out, const struct setting_row *row)
{
	g_string_append_printf(out, ".TP\n.B %s\n", row->name);
	append_plain(out, row->help);
	g_string_append(out, "\nValue: ");
	append_type(out, row);
	g_string_append(out, ".\n");
	if (*row->value == '\0') {
		g_string_append(out, "Empty by default.\n");
		return;
	}
	g_string_append(out, "Default:\n.BR \"");
	append_plain(out, row->value);
	g_string_append(out, "\" .\n");
}

char *settings_text_manual(void)
{
	static const struct {
		enum setting_scope scope;
		const char *head;
	} sections[] = {
		{SCOPE_ROLLCALL, "In [rollcall]"},
		{SCOPE_CRM, "In [crm]"},
		{SCOPE_SITE, "In [rollcall], and in [domain NAME] for that domain"},
		{SCOPE_DOMAIN, "In [domain NAME] only"},
		{SCOPE_LIST, "In [domain NAME] or [list NAME@DOMAIN]"},
	};
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
		g_string_append_printf(out, ".SS %s\n", sections[i].head);
		for (int setting = 0; setting < SETTING_COUNT; setting++)
			if (settings_row((enum setting)setting)->scope == sections[i].scope)
				append_setting(out, settings_row((enum setting)setting));
	}
	return g_string_free(out, FALSE);
}
