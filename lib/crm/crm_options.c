/*
 * Parser of a MySQL option file; see crm_options.h. Follows MySQL's manual ("Using Option
 * Files"): groups, `name=value` or `name`, '-' and '_' alike, blanks around both dropped, quotes,
 * the escapes \b \t \n \r \\ \s, and '#' starting a comment outside quotes. Knowingly not done:
 * !include and !includedir, because what is read must be one file whose owner and mode were
 * looked at.
 */
#include "lib/crm/crm_options.h"

#include <string.h>

#include "lib/base/text.h"

G_DEFINE_QUARK(rollcall-crm-options-error-quark, crm_options_error)

enum { LINE_LIMIT = 4096, NAME_LIMIT = 64 };

struct reader {
	const char *file, *group;
	guint line;
	gboolean in_group, found;
	struct crm_options *options;
	GError **error;
};

static void wipe_and_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	g_free(text);
}

void crm_options_clear(struct crm_options *options)
{
#define X(member, name) g_clear_pointer(&options->member, wipe_and_free);
	CRM_OPTIONS(X)
#undef X
	g_clear_pointer(&options->ignored, g_ptr_array_unref);
	options->lax = FALSE;
}

static gboolean fail(const struct reader *reader, const char *what)
{
	g_set_error(reader->error, CRM_OPTIONS_ERROR, CRM_OPTIONS_ERROR_SYNTAX, "%s:%u: %s", reader->file,
		reader->line, what);
	return FALSE;
}

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void trim(const char **start, const char **end)
{
	while (*start < *end && is_blank(**start))
		(*start)++;
	while (*end > *start && is_blank((*end)[-1]))
		(*end)--;
}

/* Where a comment begins at the end of a line: the first '#' that no quote holds. */
static const char *find_comment(const char *start, const char *end)
{
	char quote = '\0';

	for (const char *c = start; c < end; c++) {
		if (*c == '\\' && quote && c + 1 < end)
			c++;
		else if (quote ? *c == quote : (*c == '\'' || *c == '"'))
			quote = quote ? '\0' : *c;
		else if (*c == '#' && !quote)
			return c;
	}
	return end;
}

static char unescape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 's':
		return ' ';
	case '\\':
	case '\'':
	case '"':
		return c;
	default:
		return '\0';
	}
}

/* The value between start and end, without the quotes around it and with escapes resolved. */
static char *read_value(const char *start, const char *end)
{
	GString *value = g_string_sized_new(LINE_LIMIT);

	if (end - start >= 2 && (*start == '"' || *start == '\'') && end[-1] == *start) {
		start++;
		end--;
	}
	for (; start < end; start++) {
		char escaped = *start == '\\' && start + 1 < end ? unescape(start[1]) : '\0';

		g_string_append_c(value, escaped ? escaped : *start);
		if (escaped)
			start++;
	}
	return g_string_free(value, FALSE);
}

static char **find_option(struct crm_options *options, const char *name)
{
#define X(member, text)                                                                             \
	if (strcmp(name, text) == 0)                                                                  \
		return &options->member;
	CRM_OPTIONS(X)
#undef X
	return NULL;
}

static gboolean is_on(const char *value)
{
	return !value || !*value || strcmp(value, "1") == 0 || g_ascii_strcasecmp(value, "on") == 0 ||
		g_ascii_strcasecmp(value, "true") == 0 || g_ascii_strcasecmp(value, "yes") == 0;
}

/*
 * Options about TLS that we do not obey, since we always ask for the most. Those that ask for less are
 * remembered: an admin who wrote one believes that it is so.
 */
static gboolean judge_tls(struct crm_options *options, const char *name, const char *value)
{
	if (strcmp(name, "skip-ssl") == 0 || strcmp(name, "skip-ssl-verify-server-cert") == 0 ||
		strcmp(name, "disable-ssl") == 0 || strcmp(name, "disable-ssl-verify-server-cert") == 0) {
		options->lax = TRUE;
		return TRUE;
	}
	if (strcmp(name, "ssl") == 0 || strcmp(name, "ssl-verify-server-cert") == 0) {
		options->lax |= !is_on(value);
		return TRUE;
	}
	if (strcmp(name, "ssl-mode") == 0) {
		options->lax |= g_strcmp0(value, "VERIFY_IDENTITY") != 0;
		return TRUE;
	}
	return FALSE;
}

static gboolean take_option(struct reader *reader, const char *name, char *value)
{
	char **option = find_option(reader->options, name);

	if (!option) {
		if (!judge_tls(reader->options, name, value))
			g_ptr_array_add(reader->options->ignored, g_strdup(name));
		wipe_and_free(value);
		return TRUE;
	}
	if (!value)
		return fail(reader, "this option needs a value (a password cannot be asked for)");
	wipe_and_free(*option);
	*option = value;
	return TRUE;
}

static gboolean read_option(struct reader *reader, const char *start, const char *end)
{
	const char *equals = memchr(start, '=', (gsize)(end - start));
	const char *name_start = start, *name_end = equals ? equals : end;
	char *value = NULL;

	trim(&name_start, &name_end);
	if (name_start == name_end || name_end - name_start > NAME_LIMIT)
		return fail(reader, "expected NAME=VALUE");
	g_autofree char *name = text_printable_dup(name_start, (gsize)(name_end - name_start), NAME_LIMIT);
	g_strdelimit(name, "_", '-');
	if (equals) {
		const char *value_start = equals + 1, *value_end = end;

		trim(&value_start, &value_end);
		value = read_value(value_start, value_end);
	}
	return take_option(reader, g_str_has_prefix(name, "loose-") ? name + strlen("loose-") : name, value);
}

static gboolean read_group(struct reader *reader, const char *start, const char *end)
{
	const char *close = memchr(start, ']', (gsize)(end - start));
	gsize length = strlen(reader->group);

	if (!close)
		return fail(reader, "expected [GROUP]");
	reader->in_group = (gsize)(close - start - 1) == length && memcmp(start + 1, reader->group, length) == 0;
	reader->found |= reader->in_group;
	return TRUE;
}

static gboolean read_line(struct reader *reader, const char *start, const char *end)
{
	if (end - start > LINE_LIMIT)
		return fail(reader, "line too long");
	if (memchr(start, '\0', (gsize)(end - start)))
		return fail(reader, "NUL byte");
	trim(&start, &end);
	if (start == end || *start == '#' || *start == ';')
		return TRUE;
	if (*start == '!')
		return fail(reader, "!include is not followed here: put the options into this file");
	if (*start == '[')
		return read_group(reader, start, end);
	return !reader->in_group || read_option(reader, start, find_comment(start, end));
}

gboolean crm_options_parse(const char *data, gsize length, const char *group, const char *name,
	struct crm_options *options, GError **error)
{
	struct reader reader = {.file = name, .group = group, .options = options, .error = error};

	*options = (struct crm_options){.ignored = g_ptr_array_new_with_free_func(g_free)};
	for (const char *end, *start = data; start < data + length; start = end + 1) {
		end = memchr(start, '\n', (gsize)(data + length - start));
		if (!end)
			end = data + length;
		reader.line++;
		if (!read_line(&reader, start, end))
			return FALSE;
	}
	if (reader.found)
		return TRUE;
	g_set_error(error, CRM_OPTIONS_ERROR, CRM_OPTIONS_ERROR_SYNTAX, "%s: has no group [%s]", name, group);
	return FALSE;
}
