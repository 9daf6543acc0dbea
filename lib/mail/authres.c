/* Authentication-Results; see authres.h. Each read_… takes its piece from the cursor, or returns FALSE (or NULL) and nobody goes on. */
#include "lib/mail/authres.h"

#include <string.h>

#include "lib/base/text.h"

struct cursor {
	const char *at, *end;
	guint properties;
};

static void free_property(gpointer data)
{
	struct authres_property *property = data;

	g_free(property->type);
	g_free(property->name);
	g_free(property->value);
	g_free(property);
}

static void free_result(gpointer data)
{
	struct authres_result *result = data;

	g_free(result->method);
	g_free(result->result);
	g_ptr_array_unref(result->properties);
	g_free(result);
}

void authres_clear(struct authres *authres)
{
	g_clear_pointer(&authres->id, g_free);
	g_clear_pointer(&authres->results, g_ptr_array_unref);
}

static gboolean is_at(const struct cursor *cursor, char c)
{
	return cursor->at < cursor->end && *cursor->at == c;
}

static gboolean take(struct cursor *cursor, char c)
{
	if (!is_at(cursor, c))
		return FALSE;
	cursor->at++;
	return TRUE;
}

/* cursor->at is behind the '('. */
static gboolean skip_comment(struct cursor *cursor)
{
	for (guint depth = 1; depth > 0; cursor->at++) {
		if (cursor->at == cursor->end)
			return FALSE;
		if (*cursor->at == '(' && ++depth > AUTHRES_NESTING)
			return FALSE;
		if (*cursor->at == ')')
			depth--;
		if (*cursor->at == '\\' && ++cursor->at == cursor->end)
			return FALSE;
	}
	return TRUE;
}

/* Blanks, folds and comments. */
static gboolean skip(struct cursor *cursor)
{
	while (cursor->at < cursor->end) {
		if (strchr(" \t\r\n", *cursor->at) && *cursor->at)
			cursor->at++;
		else if (!take(cursor, '('))
			return TRUE;
		else if (!skip_comment(cursor))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_token(char c)
{
	return (guchar)c > 32 && c != 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

static gboolean is_loose(char c)
{
	return (guchar)c > 32 && c != 127 && !strchr("(),;\\\"", c);
}

static gboolean is_keyword(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static void take_while(struct cursor *cursor, gboolean (*wanted)(char c), GString *out)
{
	while (cursor->at < cursor->end && wanted(*cursor->at))
		g_string_append_c(out, *cursor->at++);
}

/* A fold inside of quotes is the blank that it was before. */
static gboolean read_quoted(struct cursor *cursor, GString *out)
{
	if (!take(cursor, '"'))
		return FALSE;
	while (!take(cursor, '"')) {
		if (is_at(cursor, '\\'))
			cursor->at++;
		if (cursor->at == cursor->end)
			return FALSE;
		char c = *cursor->at++;
		if (c == '\r' || c == '\n')
			continue;
		if (((guchar)c < 32 && c != '\t') || c == 127)
			return FALSE;
		g_string_append_c(out, c);
	}
	return TRUE;
}

static char *read_value(struct cursor *cursor)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (is_at(cursor, '"') ? !read_quoted(cursor, out) : (take_while(cursor, is_token, out), out->len == 0))
		return NULL;
	return text_is_utf8(out->str, out->len) ? g_strdup(out->str) : NULL;
}

static char *read_keyword(struct cursor *cursor)
{
	g_autoptr(GString) out = g_string_new(NULL);

	take_while(cursor, is_keyword, out);
	return out->len ? g_ascii_strdown(out->str, -1) : NULL;
}

/* "quoted local"@domain is one value; an empty one ("smtp.mailfrom=" of a bounce) is written, too. */
static char *read_property_value(struct cursor *cursor)
{
	g_autoptr(GString) out = g_string_new(NULL);

	while (cursor->at < cursor->end && (is_at(cursor, '"') || is_loose(*cursor->at))) {
		if (!is_at(cursor, '"'))
			take_while(cursor, is_loose, out);
		else if (!read_quoted(cursor, out))
			return NULL;
	}
	return text_is_utf8(out->str, out->len) ? g_strdup(out->str) : NULL;
}

/* [CFWS] c [CFWS] */
static gboolean take_between(struct cursor *cursor, char c)
{
	return skip(cursor) && take(cursor, c) && skip(cursor);
}

/* "type.name=value", "name=value" or "reason=value". */
static gboolean read_property(struct cursor *cursor, struct authres_result *result)
{
	g_autofree char *type = read_keyword(cursor);
	g_autofree char *name = NULL;

	if (!type || !skip(cursor) || cursor->properties++ >= AUTHRES_PROPERTIES)
		return FALSE;
	if (is_at(cursor, '.')) {
		if (!take_between(cursor, '.') || !(name = read_keyword(cursor)))
			return FALSE;
	} else {
		name = g_steal_pointer(&type);
		type = g_strdup("");
	}
	if (!take_between(cursor, '='))
		return FALSE;
	g_autofree char *value = read_property_value(cursor);
	if (!value)
		return FALSE;
	if (!*type && strcmp(name, "reason") == 0)
		return TRUE;
	struct authres_property *property = g_new0(struct authres_property, 1);

	property->type = g_steal_pointer(&type);
	property->name = g_steal_pointer(&name);
	property->value = g_steal_pointer(&value);
	g_ptr_array_add(result->properties, property);
	return TRUE;
}

/* "/version" behind a method; only the first is known. */
static gboolean read_method_version(struct cursor *cursor)
{
	if (!is_at(cursor, '/'))
		return TRUE;
	if (!take_between(cursor, '/'))
		return FALSE;
	g_autofree char *version = read_keyword(cursor);
	return g_strcmp0(version, "1") == 0;
}

/* One result behind its ';'. */
static gboolean read_result(struct cursor *cursor, GPtrArray *results)
{
	struct authres_result *result = g_new0(struct authres_result, 1);

	result->properties = g_ptr_array_new_with_free_func(free_property);
	g_ptr_array_add(results, result);
	if (results->len > AUTHRES_RESULTS || !(result->method = read_keyword(cursor)) || !skip(cursor) ||
		!read_method_version(cursor) || !take_between(cursor, '=') || !(result->result = read_keyword(cursor)))
		return FALSE;
	while (skip(cursor)) {
		if (cursor->at == cursor->end || is_at(cursor, ';'))
			return TRUE;
		/* A blank or a comment stands between two of them. */
		if (is_keyword(cursor->at[-1]) || !read_property(cursor, result))
			return FALSE;
	}
	return FALSE;
}

/* "; none" and nothing else: no result at all. */
static gboolean is_none(struct cursor cursor)
{
	g_autofree char *word = read_keyword(&cursor);

	return g_strcmp0(word, "none") == 0 && skip(&cursor) && cursor.at == cursor.end;
}

static gboolean read_results(struct cursor *cursor, GPtrArray *results)
{
	gboolean first = TRUE;

	while (cursor->at < cursor->end) {
		if (!take(cursor, ';') || !skip(cursor))
			return FALSE;
		if (first && is_none(*cursor))
			return TRUE;
		/* A last ';' with nothing behind it is common. */
		if (cursor->at == cursor->end)
			return !first;
		if (!read_result(cursor, results))
			return FALSE;
		first = FALSE;
	}
	return !first;
}

/* The id, and the version behind it; the cursor is at the ';' then. */
static char *read_head(struct cursor *cursor)
{
	g_autofree char *id = skip(cursor) ? read_value(cursor) : NULL;

	if (!id || !skip(cursor))
		return NULL;
	if (cursor->at < cursor->end && !is_at(cursor, ';')) {
		g_autofree char *version = read_keyword(cursor);

		if (g_strcmp0(version, "1") != 0 || !skip(cursor))
			return NULL;
	}
	return g_steal_pointer(&id);
}

gboolean authres_parse(const char *value, size_t length, struct authres *authres)
{
	struct cursor cursor = {.at = value, .end = value + length};

	*authres = (struct authres){.results = g_ptr_array_new_with_free_func(free_result)};
	if (length <= AUTHRES_BYTES && (authres->id = read_head(&cursor)) && read_results(&cursor, authres->results))
		return TRUE;
	authres_clear(authres);
	return FALSE;
}

char *authres_id(const char *value, size_t length)
{
	struct cursor cursor = {.at = value, .end = value + length};

	return skip(&cursor) ? read_value(&cursor) : NULL;
}

const char *authres_property(const struct authres_result *result, const char *type, const char *name)
{
	for (guint i = 0; i < result->properties->len; i++) {
		const struct authres_property *property = g_ptr_array_index(result->properties, i);

		if (strcmp(property->type, type) == 0 && strcmp(property->name, name) == 0)
			return property->value;
	}
	return NULL;
}
