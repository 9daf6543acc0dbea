/*
 * Reads one argument of a condition: a variable, a bare word, a quoted text or a pattern. The borders are Sympa's: a quoted text goes to
 * the last quote before the next "," or ")", a pattern to the first "/" that has no backslash before it.
 */
#include <string.h>

#include "lib/rules/rules_internal.h"

enum { INDEX_MOST = 100000 };

void rules_argument_free(gpointer data)
{
	struct rules_argument *argument = data;

	g_clear_pointer(&argument->pattern, pcre2_code_free);
	g_free(argument->text);
	g_free(argument->key);
	g_free(argument);
}

static struct rules_argument *text_argument(const char *text, gsize length)
{
	struct rules_argument *argument = g_new0(struct rules_argument, 1);

	argument->kind = RULES_TEXT;
	argument->text = g_strndup(text, length);
	return argument;
}

static gboolean is_key(char c)
{
	return rules_is_word(c) || c == '-';
}

/*
 * The length of "[word]" or "[word->key]" at `text`, 0 when there is none; the name's length in `*name`, the key's begin in `*key`
 * (NULL when there is none).
 */
static gsize variable_length(const char *text, gsize *name, const char **key)
{
	const char *place = text + 1;

	*key = NULL;
	if (*text != '[')
		return 0;
	while (rules_is_word(*place))
		place++;
	*name = (gsize)(place - text - 1);
	if (*name > 0 && strncmp(place, "->", 2) == 0) {
		*key = place + 2;
		for (place += 2; is_key(*place); place++)
			;
		if (place == *key)
			return 0;
	}
	return *name > 0 && *place == ']' ? (gsize)(place + 1 - text) : 0;
}

/* "[+1]", "[-1]", "[0]"; the length, 0 when there is none. */
static gsize read_index(const char *text, int *index)
{
	const char *place = text + 1;
	gint64 number = 0;

	if (*text != '[')
		return 0;
	gboolean negative = *place == '-';
	place += *place == '-' || *place == '+';
	const char *digits = place;
	for (; g_ascii_isdigit(*place); place++)
		number = MIN(number * 10 + (*place - '0'), INDEX_MOST);
	*index = (int)(negative ? -number : number);
	return place > digits && *place == ']' ? (gsize)(place + 1 - text) : 0;
}

static gboolean is_list_parameter(const struct rules_reader *reader, const char *name)
{
	/* Those of Sympa's that are one text, not a structure and not a list of them. */
	static const char *const known[] = {"name", "total", "address", "account", "anonymous_sender", "archive_crypted_msg",
		"clean_delay_queuemod", "cookie", "custom_subject", "delivery_time", "digest_max_size", "distribution_ttl", "dmarc",
		"family_name", "footer_type", "forced_reply_to", "host", "inclusion_notification_feature", "lang", "latest_instantiation",
		"loop_prevention_regex", "max_size", "merge_feature", "message_hook", "personalization_feature", "priority",
		"process_archive", "reject_mail_from_automates_feature", "remind_return_path", "reply_to", "reply_to_header", "rfc2369",
		"serial", "spam_protection", "status", "subject", "topics", "ttl", "update", "user_data_source", "verp_rate",
		"welcome_return_path", "dkim_feature", "tracking", "add", "del", "info", "invite", "remind", "review", "send", "subscribe",
		"unsubscribe", "visibility"};
	const char *const *own = reader->compiler->source->parameters;

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i], name) == 0)
			return TRUE;
	return own && g_strv_contains(own, name);
}

static gboolean check_variable(struct rules_reader *reader, const char *place, const char *name, const char *key)
{
	if (!key)
		return TRUE;
	if (g_ascii_strcasecmp(name, "list") == 0 && !is_list_parameter(reader, key)) {
		rules_error(reader, place, "[list->%s] is no parameter of a list, or no single text", key);
		return FALSE;
	}
	if (g_ascii_strcasecmp(name, "msg_part") == 0 && g_ascii_strcasecmp(key, "type") != 0) {
		rules_error(reader, place, "[msg_part->%s]: only [msg_part->type] works, in Sympa too; use [msg_body]", key);
		return FALSE;
	}
	return TRUE;
}

/* The variable that (text, length) is; `text` need not end there. NULL after an error at `place`. */
static struct rules_argument *variable_argument(struct rules_reader *reader, const char *place, const char *text)
{
	gsize name_length;
	const char *key;
	gsize length = variable_length(text, &name_length, &key);
	g_autofree char *name = g_strndup(text + 1, name_length);
	g_autofree char *key_text = key ? g_strndup(key, (gsize)(text + length - 1 - key)) : NULL;
	const struct rules_variable *variable = rules_variable_find(name, key != NULL);

	if (!check_variable(reader, place, name, key_text))
		return NULL;
	if (!variable && key) {
		rules_warning(reader, place, "there is no variable [%s->…]: this is the text as it stands, as in Sympa", name);
		return text_argument(text, length);
	}
	if (!variable)
		rules_warning(reader, place, "there is no variable [%s]: it is empty, as in Sympa", name);
	else if (rules_variable_is_silent(variable))
		rules_warning(reader, place, "[%.*s] is always empty here", (int)length - 2, text + 1);
	struct rules_argument *argument = g_new0(struct rules_argument, 1);
	argument->kind = RULES_VARIABLE;
	argument->variable = variable;
	argument->key = g_steal_pointer(&key_text);
	return argument;
}

static struct rules_argument *read_variable(struct rules_reader *reader)
{
	const char *start = reader->place, *key;
	gsize name, length = variable_length(start, &name, &key);

	if (length == 0) {
		rules_error(reader, start, "expected a variable such as [sender] or [msg_header->Subject]");
		return NULL;
	}
	struct rules_argument *argument = variable_argument(reader, start, start);
	if (!argument)
		return NULL;
	reader->place = start + length;
	length = read_index(reader->place, &argument->index);
	argument->has_index = length > 0;
	reader->place += length;
	return argument;
}

/* Sympa turns a backslash into a quote, and two of them into one: so do we, but we say so. */
static char *unescape(struct rules_reader *reader, const char *text, gsize length)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (gsize i = 0; i < length; i++) {
		if (text[i] != '\\') {
			g_string_append_c(out, text[i]);
		} else if (i + 2 < length && text[i + 1] == '\\') {
			g_string_append_c(out, '\\');
			g_string_append_c(out, text[i + 2]);
			i += 2;
		} else {
			g_string_append_c(out, '\'');
			rules_warning(reader, text + i, "a backslash in a quoted text is read as a quote, as in Sympa; write /…/");
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static struct rules_argument *quoted_argument(struct rules_reader *reader, const char *text, gsize length)
{
	const char *key;
	gsize name;
	int index = 0;

	for (gsize i = 0; i < length; i++) {
		gsize inside = variable_length(text + i, &name, &key);

		if (inside == 0 || inside > length - i)
			continue;
		if (i == 0 && (inside == length || inside + read_index(text + inside, &index) == length)) {
			struct rules_argument *argument = variable_argument(reader, text, text);

			if (argument && inside < length) {
				argument->has_index = TRUE;
				argument->index = index;
			}
			return argument;
		}
		rules_error(reader, text + i, "a variable in a quoted text: Sympa drops the text around it; a pattern is written /…/");
		return NULL;
	}
	g_autofree char *clean = unescape(reader, text, length);
	return text_argument(clean, strlen(clean));
}

static struct rules_argument *read_quoted(struct rules_reader *reader)
{
	const char *start = reader->place, quote = *start;
	gsize span = strcspn(start, ",)");
	const char *end = start + span - 1;

	while (end > start && *end != quote)
		end--;
	if (end > start) {
		reader->place = end + 1;
		return quoted_argument(reader, start + 1, (gsize)(end - start - 1));
	}
	if (start[span])
		rules_error(reader, start + span, "a quoted text cannot hold \"%c\"; expected %c before it", start[span], quote);
	else if (reader->comment)
		rules_error(reader, reader->comment, "expected %c: the '#' begins a comment, in texts and patterns too", quote);
	else
		rules_error(reader, start, "the quoted text does not end: expected %c", quote);
	return NULL;
}

/* The closing slash, or NULL. */
static const char *pattern_end(const char *start)
{
	const char *place = start;

	for (; *place && *place != '/'; place++)
		if (*place == '\\' && place[1])
			place++;
	return *place ? place : NULL;
}

static struct rules_argument *read_pattern(struct rules_reader *reader)
{
	const char *start = reader->place + 1, *end = pattern_end(start);
	g_autofree char *message = NULL;
	gsize offset;

	if (!end) {
		if (reader->comment)
			rules_error(reader, reader->comment, "expected \"/\": the '#' begins a comment, in patterns too; write \\x23");
		else
			rules_error(reader, reader->place, "the pattern does not end: expected \"/\"");
		return NULL;
	}
	struct rules_argument *argument = text_argument(start, (gsize)(end - start));
	argument->kind = RULES_PATTERN;
	argument->has_domain = strstr(argument->text, "[domain]") || strstr(argument->text, "[host]");
	argument->pattern = rules_pattern_compile(argument->text, &message, &offset);
	if (!argument->pattern) {
		rules_error(reader, start + MIN(offset, (gsize)(end - start)), "not a pattern: %s", message);
		g_clear_pointer(&argument, rules_argument_free);
	} else if (argument->has_domain || !*argument->text) {
		g_clear_pointer(&argument->pattern, pcre2_code_free);
	}
	reader->place = end + 1;
	return argument;
}

struct rules_argument *rules_read_argument(struct rules_reader *reader)
{
	const char *start = reader->place;

	if (*start == '[')
		return read_variable(reader);
	if (*start == '\'' || *start == '"')
		return read_quoted(reader);
	if (*start == '/')
		return read_pattern(reader);
	while (is_key(*reader->place) || *reader->place == '.')
		reader->place++;
	if (reader->place > start)
		return text_argument(start, (gsize)(reader->place - start));
	if (*start == '\0' && reader->comment)
		rules_error(reader, reader->comment, "expected \")\": the '#' begins a comment, in texts and patterns too");
	else
		rules_error(reader, start, "expected \",\", \")\" or an argument; "
			"what is not only letters, digits, \".\", \"_\" and \"-\" is quoted");
	return NULL;
}
