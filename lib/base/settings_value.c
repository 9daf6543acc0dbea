/* Values of settings; see settings_value.h. */
#include "lib/base/credential.h"
#include "lib/base/settings_value.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, text);
	return FALSE;
}

static gboolean check_text(const struct setting_row *row, const char *text, GError **error)
{
	size_t length = strlen(text);

	if (length < (size_t)row->minimum)
		return fail(error, "expected a value, found nothing");
	if (length > (size_t)row->maximum)
		return fail(error, "expected at most %" G_GINT64_FORMAT " bytes, found %zu", row->maximum, length);
	for (const char *p = text; *p; p++)
		if (g_ascii_iscntrl(*p))
			return fail(error, "expected text without control characters");
	return TRUE;
}

/* A unit is a suffix letter with its factor; "10 m" and "10MB" are errors, not guesses. */
static gboolean parse_scaled(const struct setting_row *row, const char *text, const char *units,
	const guint64 *factors, gint64 *number, GError **error)
{
	size_t length = strlen(text);
	guint64 factor = 1, value, limit = (guint64)row->maximum;
	const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;

	if (unit && *unit) {
		factor = factors[unit - units];
		length--;
	}
	if (!text_parse_number(text, length, 0, G_MAXINT64, &value) ||
		!g_uint64_checked_mul(&value, value, factor) || value < (guint64)row->minimum || value > limit)
		return fail(error,
			"expected a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s%s, found \"%s\"",
			row->minimum, row->maximum, *units ? ", with a unit of " : "", units, text);
	*number = (gint64)value;
	return TRUE;
}

static gboolean parse_mode(const struct setting_row *row, const char *text, gint64 *number, GError **error)
{
	size_t length = strlen(text);
	gint64 mode = 0;

	if (length < 3 || length > 4 || strspn(text, "01234567") != length)
		return fail(error, "expected an octal file mode such as 0660, found \"%s\"", text);
	for (size_t i = 0; i < length; i++)
		mode = mode * 8 + (text[i] - '0');
	if (mode > row->maximum)
		return fail(error, "expected a file mode of at most 0%o", (guint)row->maximum);
	*number = mode;
	return TRUE;
}

static gboolean parse_choice(const struct setting_row *row, const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit(row->choices, "|", -1);

	if (g_strv_contains((const char *const *)words, text))
		return TRUE;
	g_autofree char *list = g_strjoinv(", ", words);
	return fail(error, "expected one of %s, found \"%s\"", list, text);
}

static gboolean parse_boolean(const char *text, gint64 *number, GError **error)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return fail(error, "expected yes or no, found \"%s\"", text);
	*number = text[0] == 'y';
	return TRUE;
}

static char **split_strings(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	GPtrArray *kept = g_ptr_array_new();

	for (char **part = parts; *part; part++)
		if (*g_strstrip(*part))
			g_ptr_array_add(kept, g_strdup(*part));
	g_ptr_array_add(kept, NULL);
	return (char **)g_ptr_array_free(kept, FALSE);
}

static gboolean parse_into(const struct setting_row *row, const char *text, struct setting_value *value,
	GError **error)
{
	static const guint64 sizes[] = {1024, 1024 * 1024, 1024 * 1024 * 1024};
	static const guint64 seconds[] = {1, 60, 3600, 86400};

	switch (row->type) {
	case TYPE_TEXT:
		return check_text(row, text, error);
	case TYPE_STRINGS:
		value->strings = split_strings(text);
		return check_text(row, text, error);
	case TYPE_PATH:
		if (*text && *text != '/')
			return fail(error, "expected an absolute path, found \"%s\"", text);
		return check_text(row, text, error);
	case TYPE_SECRET:
		if (*text && *text != '/' && !credential_is_named(text))
			return fail(error, "expected an absolute path or credential:NAME, found \"%s\"", text);
		return check_text(row, text, error);
	case TYPE_NUMBER:
		return parse_scaled(row, text, "", NULL, &value->number, error);
	case TYPE_SIZE:
		return parse_scaled(row, text, "kMG", sizes, &value->number, error);
	case TYPE_SECONDS:
		return parse_scaled(row, text, "smhd", seconds, &value->number, error);
	case TYPE_BOOLEAN:
		return parse_boolean(text, &value->number, error);
	case TYPE_CHOICE:
		return parse_choice(row, text, error);
	case TYPE_MODE:
		return parse_mode(row, text, &value->number, error);
	}
	log_panic("setting %s: type %d", row->name, (int)row->type);
}

struct setting_value *setting_value_parse(const struct setting_row *row, const char *text, GError **error)
{
	struct setting_value *value = g_new0(struct setting_value, 1);

	value->text = g_strdup(text);
	if (!parse_into(row, text, value, error))
		g_clear_pointer(&value, setting_value_free);
	return value;
}

void setting_value_free(struct setting_value *value)
{
	if (!value)
		return;
	g_free(value->text);
	g_strfreev(value->strings);
	g_free(value);
}
