/*
 * Edits on raw header fields, and the way out; see header.h for the promise.
 *
 * A field that we make is folded before a blank that has other text on both sides in its line, so that no line is empty or
 * blanks only (RFC 5322 section 3.2.2). A word of more than 78 characters stays whole: breaking it would change the value.
 */
#include "lib/mail/header.h"

#include <string.h>

#include "lib/base/log.h"

enum { FOLD_COLUMN = 78 };

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void check(const char *name, const char *value)
{
	if (*name == '\0')
		log_panic("header: a field without a name");
	for (const char *c = name; *c; c++)
		if (*c <= 32 || *c >= 127 || *c == ':')
			log_panic("header: a field name with byte %d in it", *c);
	for (const char *c = value; *c; c++) {
		if (c[0] == '\r' && c[1] == '\n' && is_blank(c[2]))
			c += 2;
		else if (*c == '\r' || *c == '\n')
			log_panic("header: a bare line end in the value of %s", name);
	}
}

/*
 * Where to fold (line, length): the last good blank that leaves at most FOLD_COLUMN bytes before it, else the first one;
 * 0 when there is none. The first `from` bytes are not looked at.
 */
static size_t fold_place(const char *line, size_t length, size_t from)
{
	size_t best = 0;

	while (length > 0 && is_blank(line[length - 1]))
		length--;
	while (from < length && is_blank(line[from]))
		from++;
	for (size_t i = from + 1; i < length; i++) {
		if (!is_blank(line[i]) || is_blank(line[i - 1]))
			continue;
		if (i > FOLD_COLUMN)
			return best ? best : i;
		best = i;
	}
	return best;
}

/* One line without its CRLF, folded where it is too long; `from` as above. */
static void add_line(GString *out, const char *line, size_t length, size_t from)
{
	while (length > FOLD_COLUMN) {
		size_t place = fold_place(line, length, from);

		if (place == 0)
			break;
		g_string_append_len(out, line, (gssize)place);
		g_string_append(out, "\r\n");
		line += place;
		length -= place;
		from = 0;
	}
	g_string_append_len(out, line, (gssize)length);
	g_string_append(out, "\r\n");
}

static struct header_field make_field(const char *name, const char *value)
{
	g_autoptr(GString) raw = g_string_new(name);
	GString *out = g_string_new(NULL);
	size_t from = raw->len + 1;

	check(name, value);
	g_string_append_c(raw, ':');
	if (*value && !is_blank(*value) && *value != '\r')
		g_string_append_c(raw, ' ');
	g_string_append(raw, value);
	for (const char *line = raw->str, *end; line; line = end ? end + 2 : NULL) {
		end = strstr(line, "\r\n");
		add_line(out, line, end ? (size_t)(end - line) : strlen(line), from);
		from = 0;
	}

	struct header_field field = {.length = out->len, .name_length = strlen(name)};
	field.owned = g_string_free(out, FALSE);
	field.data = field.owned;
	return field;
}

static GArray *fields_of(struct header *header)
{
	if (!header->fields)
		log_panic("header: an edit before the parse");
	return header->fields;
}

guint header_remove(struct header *header, const char *name)
{
	GArray *fields = fields_of(header);
	struct header_field *list = (struct header_field *)(void *)fields->data;
	guint kept = 0, removed = 0;

	for (guint i = 0; i < fields->len; i++) {
		if (!header_is(&list[i], name)) {
			list[kept++] = list[i];
			continue;
		}
		g_free(list[i].owned);
		removed++;
	}
	/* What is behind `kept` has moved up or is freed: the array must not free it again. */
	for (guint i = kept; i < fields->len; i++)
		list[i].owned = NULL;
	g_array_set_size(fields, kept);
	return removed;
}

void header_remove_index(struct header *header, guint index)
{
	if (index >= fields_of(header)->len)
		log_panic("header: no field %u to remove", index);
	g_array_remove_index(header->fields, index);
}

void header_prepend(struct header *header, const char *name, const char *value)
{
	struct header_field field = make_field(name, value);

	g_array_prepend_val(fields_of(header), field);
}

void header_append(struct header *header, const char *name, const char *value)
{
	struct header_field field = make_field(name, value);

	g_array_append_val(fields_of(header), field);
}

void header_replace(struct header *header, const char *name, const char *value)
{
	GArray *fields = fields_of(header);
	struct header_field made = make_field(name, value);
	guint place = 0;

	while (place < fields->len && !header_is(&g_array_index(fields, struct header_field, place), name))
		place++;
	/* Removing those of that name moves none of the fields before the first of them, so `place` stays right. */
	(void)header_remove(header, name);
	g_array_insert_val(fields, place, made);
}

void header_render(const struct header *header, GString *out)
{
	for (guint i = 0; header->fields && i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		g_string_append_len(out, field->data, (gssize)field->length);
	}
}

void header_set_raw(struct header *header, guint index, char *raw)
{
	struct header_field *field = &g_array_index(header->fields, struct header_field, index);

	g_free(field->owned);
	field->data = field->owned = raw;
	field->length = strlen(raw);
}
