/* Findings of a check; see report.h. */
#include "cli/report.h"

#include "cli/json.h"

struct finding {
	enum report_level level;
	char *text, *todo;
};

struct report {
	GArray *findings;
};

static void finding_clear(void *data)
{
	struct finding *finding = data;

	g_free(finding->text);
	g_free(finding->todo);
}

struct report *report_new(void)
{
	struct report *report = g_new0(struct report, 1);

	report->findings = g_array_new(FALSE, FALSE, sizeof(struct finding));
	g_array_set_clear_func(report->findings, finding_clear);
	return report;
}

void report_free(struct report *report)
{
	g_array_unref(report->findings);
	g_free(report);
}

/* Settings and programs may have said anything in UTF-8; a control character must not reach the terminal, nor a newline. */
static char *one_line(const char *format, va_list arguments) G_GNUC_PRINTF(1, 0);

static char *one_line(const char *format, va_list arguments)
{
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	char *valid = g_utf8_make_valid(text, -1);

	for (char *place = valid; *place; place++)
		if (g_ascii_iscntrl(*place))
			*place = ' ';
	return valid;
}

void report_add(struct report *report, enum report_level level, const char *format, ...)
{
	struct finding finding = {.level = level};
	va_list arguments;

	va_start(arguments, format);
	finding.text = one_line(format, arguments);
	va_end(arguments);
	g_array_append_val(report->findings, finding);
}

void report_todo(struct report *report, const char *format, ...)
{
	struct finding *finding = &g_array_index(report->findings, struct finding, report->findings->len - 1);
	va_list arguments;

	va_start(arguments, format);
	g_free(finding->todo);
	finding->todo = one_line(format, arguments);
	va_end(arguments);
}

guint report_errors(const struct report *report)
{
	guint count = 0;

	for (guint i = 0; i < report->findings->len; i++)
		count += g_array_index(report->findings, struct finding, i).level == REPORT_ERROR;
	return count;
}

static const char *level_word(enum report_level level)
{
	switch (level) {
	case REPORT_OK:
		return "ok";
	case REPORT_WARNING:
		return "warning";
	case REPORT_ERROR:
		return "error";
	}
	g_return_val_if_reached("error");
}

static void append_json(GString *out, const struct finding *finding)
{
	json_object(out);
	json_text(out, "level", level_word(finding->level));
	json_text(out, "text", finding->text);
	json_text(out, "todo", finding->todo);
}

char *report_text(const struct report *report, gboolean json)
{
	GString *out = g_string_new(NULL);

	if (json)
		json_begin(out);
	for (guint i = 0; i < report->findings->len; i++) {
		const struct finding *finding = &g_array_index(report->findings, struct finding, i);

		if (json)
			append_json(out, finding);
		else
			g_string_append_printf(out, "%s: %s%s%s\n", level_word(finding->level), finding->text,
				finding->todo ? " — " : "", finding->todo ? finding->todo : "");
	}
	if (json)
		json_end(out);
	return g_string_free(out, FALSE);
}
