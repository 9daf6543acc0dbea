/* Parameters of MIME fields; see param.h for the promise. */
#include "lib/mail/param.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/param_text.h"

struct cursor {
	const char *place, *end;
};

/* Beside enum param_flag: only this one value is unsure, the others of the field are not. */
enum { THIS_UNSURE = 1 << 8 };

/* One parameter as it stands: `section` is the number of an RFC 2231 continuation, or -1. */
struct param {
	const char *name;
	size_t name_length;
	int section;
	gboolean extended; /* name*= or name*N*=: percent-encoded */
	GString *value;
};

/* What was found under the wanted name. */
struct found {
	GString *plain, *extended, *segments[PARAM_SEGMENTS];
	gboolean segment_extended[PARAM_SEGMENTS];
	guint flags;
};

static gboolean is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static gboolean is_token(char c)
{
	return c > 32 && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

static gboolean at(const struct cursor *cursor, char c)
{
	return cursor->place < cursor->end && *cursor->place == c;
}

static gboolean skip_comment(struct cursor *cursor)
{
	size_t depth = 0;

	while (cursor->place < cursor->end) {
		char c = *cursor->place++;

		if (c == '\\' && cursor->place < cursor->end)
			cursor->place++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return TRUE;
	}
	return FALSE;
}

/* Blanks, folds and comments. FALSE when a comment has no end: nothing behind it can be trusted. */
static gboolean skip_cfws(struct cursor *cursor)
{
	for (;;) {
		while (cursor->place < cursor->end && is_space(*cursor->place))
			cursor->place++;
		if (!at(cursor, '('))
			return TRUE;
		if (!skip_comment(cursor))
			return FALSE;
	}
}

static const char *skip_token(struct cursor *cursor)
{
	const char *start = cursor->place;

	while (cursor->place < cursor->end && is_token(*cursor->place))
		cursor->place++;
	return start;
}

size_t param_head(const char *data, size_t length, GString *head)
{
	struct cursor cursor = {data, data + length};

	g_string_truncate(head, 0);
	if (!skip_cfws(&cursor))
		return length;
	const char *start = skip_token(&cursor);
	g_string_append_len(head, start, cursor.place - start);

	struct cursor behind = cursor;
	if (head->len == 0 || !skip_cfws(&behind) || !at(&behind, '/'))
		goto done;
	behind.place++;
	if (!skip_cfws(&behind))
		goto done;
	start = skip_token(&behind);
	if (behind.place == start) {
		g_string_truncate(head, 0);
		return length;
	}
	g_string_append_c(head, '/');
	g_string_append_len(head, start, behind.place - start);
	cursor = behind;
done:
	g_string_ascii_down(head);
	return (size_t)(cursor.place - data);
}

/* Splits "name*N*" into its parts. FALSE when what follows the star is no such thing. */
static gboolean split_name(struct param *param)
{
	const char *star = memchr(param->name, '*', param->name_length);
	guint64 number;

	param->section = -1;
	param->extended = FALSE;
	if (!star)
		return TRUE;
	const char *rest = star + 1;
	size_t length = param->name_length - (size_t)(rest - param->name);
	param->name_length = (size_t)(star - param->name);
	if (length > 0 && rest[length - 1] == '*') {
		param->extended = TRUE;
		length--;
	} else if (length == 0) {
		param->extended = TRUE;
		return TRUE;
	}
	/* "*01" is another spelling of "*1", which RFC 2231 forbids and some readers take. */
	if ((length > 1 && rest[0] == '0') || !text_parse_number(rest, length, 0, G_MAXINT, &number))
		return FALSE;
	param->section = (int)number;
	return TRUE;
}

static gboolean read_quoted(struct cursor *cursor, GString *value, guint *flags)
{
	for (cursor->place++; cursor->place < cursor->end; cursor->place++) {
		char c = *cursor->place;

		if (c == '"') {
			cursor->place++;
			return TRUE;
		}
		if (c == '\r' || c == '\n') {
			/* A fold inside the quotes: some drop the blank behind it too. */
			*flags |= THIS_UNSURE;
			continue;
		}
		if (c == '\\' && cursor->place + 1 < cursor->end)
			c = *++cursor->place;
		g_string_append_c(value, c);
	}
	return FALSE;
}

/* Whether a reader that knows no comments and no quotes would find another parameter in this text. */
static gboolean may_hide_more(const char *start, const char *stop)
{
	for (; start < stop; start++)
		if (strchr(";\"\\", *start))
			return TRUE;
	return FALSE;
}

/* A value without quotes: a token by the book; everything up to the next ';' is what software takes when it is none. */
static guint read_unquoted(struct cursor *cursor, GString *value)
{
	const char *start = cursor->place, *stop = start;

	/* A sender who forgets the quotes around "=", "/", "?" or ":" is understood by everybody. */
	while (stop < cursor->end && (is_token(*stop) || memchr("/?=:@<>[],", *stop, 10)))
		stop++;
	cursor->place = stop;
	if (!skip_cfws(cursor) || (cursor->place < cursor->end && *cursor->place != ';')) {
		const char *semicolon = memchr(stop, ';', (size_t)(cursor->end - stop));

		stop = cursor->place = semicolon ? semicolon : cursor->end;
		while (stop > start && is_space(stop[-1]))
			stop--;
		g_string_append_len(value, start, stop - start);
		return may_hide_more(start, stop) || memchr(start, '(', (size_t)(stop - start)) ? PARAM_UNSURE : THIS_UNSURE;
	}
	g_string_append_len(value, start, stop - start);
	if (may_hide_more(stop, cursor->place))
		return PARAM_UNSURE;
	/* A comment behind the value: some software takes it for a part of it. */
	gboolean commented = memchr(stop, '(', (size_t)(cursor->place - stop)) != NULL;
	return stop == start || commented ? THIS_UNSURE : 0;
}

/* Software that splits at ';' first takes what stands behind the quotes for a part of the value. */
static gboolean nothing_behind(struct cursor behind)
{
	return skip_cfws(&behind) && (behind.place == behind.end || *behind.place == ';');
}

/* The next parameter into `param`; FALSE at the end or where nothing more can be read (PARAM_UNSURE in `*flags` then). */
static gboolean next_param(struct cursor *cursor, struct param *param, guint *flags)
{
	*flags = 0;
	g_string_truncate(param->value, 0);
	do {
		if (!skip_cfws(cursor))
			goto malformed;
		if (cursor->place == cursor->end)
			return FALSE;
		if (*cursor->place++ != ';')
			goto malformed;
		if (!skip_cfws(cursor))
			goto malformed;
		if (cursor->place == cursor->end)
			return FALSE;
	} while (at(cursor, ';'));

	param->name = skip_token(cursor);
	param->name_length = (size_t)(cursor->place - param->name);
	if (param->name_length == 0 || !skip_cfws(cursor) || !at(cursor, '='))
		goto malformed;
	cursor->place++;
	if (!split_name(param))
		*flags = THIS_UNSURE;
	if (!skip_cfws(cursor))
		goto malformed;
	if (!at(cursor, '"'))
		*flags |= read_unquoted(cursor, param->value);
	else if (!read_quoted(cursor, param->value, flags))
		goto malformed;
	if (!nothing_behind(*cursor))
		*flags |= THIS_UNSURE;
	return TRUE;
malformed:
	*flags = PARAM_UNSURE;
	return FALSE;
}

static void keep(GString **slot, struct param *param, guint *flags)
{
	if (*slot) {
		*flags |= PARAM_UNSURE;
		return;
	}
	*slot = param->value;
	param->value = g_string_new(NULL);
}

static void collect(struct found *found, struct param *param)
{
	if (param->section >= PARAM_SEGMENTS) {
		found->flags |= PARAM_UNSURE;
	} else if (param->section >= 0) {
		keep(&found->segments[param->section], param, &found->flags);
		found->segment_extended[param->section] = param->extended;
	} else {
		keep(param->extended ? &found->extended : &found->plain, param, &found->flags);
	}
}

/* Puts the value together from what was found. */
static void assemble(struct found *found, GString *value)
{
	gboolean latin1 = FALSE;
	guint i;

	if (found->extended || (found->segments[0] && found->segment_extended[0])) {
		GString *raw = found->extended ? found->extended : found->segments[0];
		const char *text = param_text_charset(raw, &latin1, &found->flags);

		param_text_percent(value, text, raw->str + raw->len, &found->flags);
	} else if (found->segments[0]) {
		g_string_append_len(value, found->segments[0]->str, (gssize)found->segments[0]->len);
	} else if (found->plain) {
		g_string_append_len(value, found->plain->str, (gssize)found->plain->len);
	}
	for (i = 1; !found->extended && found->segments[0] && i < PARAM_SEGMENTS && found->segments[i]; i++) {
		const GString *raw = found->segments[i];

		if (found->segment_extended[i])
			param_text_percent(value, raw->str, raw->str + raw->len, &found->flags);
		else
			g_string_append_len(value, raw->str, (gssize)raw->len);
	}
	/* Segments behind a gap, or beside another form, are what another reader might take. */
	for (i = found->segments[0] && !found->extended ? i : 0; i < PARAM_SEGMENTS; i++)
		if (found->segments[i])
			found->flags |= PARAM_UNSURE;
	param_text_finish(value, latin1, &found->flags);
}

static void found_clear(struct found *found)
{
	GString **slots[] = {&found->plain, &found->extended};

	for (guint i = 0; i < G_N_ELEMENTS(slots); i++)
		if (*slots[i])
			g_string_free(*slots[i], TRUE);
	for (guint i = 0; i < PARAM_SEGMENTS; i++)
		if (found->segments[i])
			g_string_free(found->segments[i], TRUE);
}

/* Whether `name` stands anywhere in what could not be read. */
static gboolean mentions(const struct cursor *cursor, const char *name)
{
	size_t length = strlen(name);

	for (const char *place = cursor->place; (size_t)(cursor->end - place) >= length; place++)
		if (g_ascii_strncasecmp(place, name, length) == 0)
			return TRUE;
	return FALSE;
}

guint param_value(const char *data, size_t length, const char *name, GString *value)
{
	g_autoptr(GString) head = g_string_new(NULL);
	struct cursor cursor = {data + param_head(data, length, head), data + length};
	struct cursor before = cursor;
	struct param param = {.value = g_string_new(NULL)};
	struct found found = {.flags = 0};
	guint flags;

	g_string_truncate(value, 0);
	while (next_param(&cursor, &param, &flags)) {
		before = cursor;
		found.flags |= flags & PARAM_UNSURE;
		if (!text_equal_ascii_case(param.name, param.name_length, name))
			continue;
		found.flags |= flags & THIS_UNSURE ? PARAM_UNSURE : 0;
		collect(&found, &param);
	}
	/* Software that goes on where we stopped matters only if it would find the parameter there. */
	if (flags && mentions(&before, name))
		found.flags |= PARAM_UNSURE;
	assemble(&found, value);
	/* A segment without its number 0 is no value by the book, but it is one to some. */
	if (found.plain || found.extended || found.segments[0])
		found.flags |= PARAM_FOUND;
	if (found.extended || found.segments[0])
		found.flags |= PARAM_EXTENDED;
	found_clear(&found);
	g_string_free(param.value, TRUE);
	return found.flags;
}
