/*
 * Raw header fields: splitting and looking up; edits are in header_edit.c. See header.h for the promise.
 *
 * Strict where another reader could see other fields than we do: a line that is no field, a blank before the colon
 * and a CR, LF or NUL inside a field all stop the parse. So whatever was parsed can be rendered, and taken as a C
 * string, without a new field appearing. A line of blanks only is a fold, as in obs-FWS (RFC 5322 section 4.2).
 */
#include "lib/mail/header.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static gboolean starts_with(const char *data, size_t length, const char *prefix)
{
	size_t size = strlen(prefix);

	return length >= size && memcmp(data, prefix, size) == 0;
}

/* Bytes up to and with the next CRLF; `length` when there is none. */
static size_t line_length(const char *data, size_t length)
{
	const char *place = data, *end = data + length;

	while ((place = memchr(place, '\n', (size_t)(end - place)))) {
		place++;
		if (place - data >= 2 && place[-2] == '\r')
			return (size_t)(place - data);
	}
	return length;
}

/* Bytes of the field at `data`: its line and all lines after it that begin with a blank. */
static size_t field_length(const char *data, size_t length)
{
	size_t size = line_length(data, length);

	while (size < length && is_blank(data[size]))
		size += line_length(data + size, length - size);
	return size;
}

/* Fills name_length; `*colon` is where it stands. */
static enum header_result read_name(struct header_field *field, const char **colon)
{
	*colon = memchr(field->data, ':', line_length(field->data, field->length));
	if (!*colon || is_blank(field->data[0]))
		return HEADER_NO_COLON;
	const char *end = *colon;
	while (end > field->data && is_blank(end[-1]))
		end--;
	for (const char *c = field->data; c < end; c++)
		if (*c <= 32 || *c >= 127)
			return HEADER_NAME;
	field->name_length = (size_t)(end - field->data);
	return field->name_length == 0 ? HEADER_NAME : HEADER_OK;
}

/* Without the blanks before its colon, which then is where everybody looks for it. */
static void close_gap(struct header_field *field, const char *colon)
{
	size_t rest = field->length - (size_t)(colon - field->data);
	char *closed = g_malloc(field->name_length + rest);

	memcpy(closed, field->data, field->name_length);
	memcpy(closed + field->name_length, colon, rest);
	g_free(field->owned);
	field->data = field->owned = closed;
	field->length = field->name_length + rest;
}

static enum header_result add_field(struct header *header, const char *data, size_t length, guint *odd)
{
	struct header_field field = {.data = data, .length = length};
	const char *colon;

	if (header->fields->len >= LIMIT_HEADER_FIELDS || length > LIMIT_HEADER_FIELD)
		return HEADER_LIMIT;
	enum header_result result = read_name(&field, &colon);
	if (result != HEADER_OK)
		return result;
	if (!text_has_clean_lines(data, length))
		return HEADER_NO_COLON;
	if (field.name_length > LIMIT_FIELD_NAME_HOLD)
		return HEADER_NAME_LENGTH;
	if (field.name_length > LIMIT_FIELD_NAME)
		*odd |= HEADER_ODD_LONG;
	if (data[length - 1] != '\n') {
		/* The message ends inside its header: without a CRLF of our own, a field put behind this one would melt into it. */
		field.owned = g_malloc(length + 2);
		memcpy(field.owned, data, length);
		memcpy(field.owned + length, "\r\n", 2);
		field.data = field.owned;
		field.length = length + 2;
		colon = field.data + (colon - data);
	}
	if (colon > field.data + field.name_length) {
		close_gap(&field, colon);
		*odd |= HEADER_ODD_BLANK;
	}
	g_array_append_val(header->fields, field);
	return HEADER_OK;
}

static void clear_field(gpointer data)
{
	struct header_field *field = data;

	g_free(field->owned);
}

size_t header_mbox_line(const char *data, size_t length)
{
	size_t behind = starts_with(data, length, ">From ") ? 6 : 5;

	if (behind == 5 && !starts_with(data, length, "From "))
		return 0;
	/* "From : a@b" is a broken field, and some software takes it for a good one. */
	while (behind < length && is_blank(data[behind]))
		behind++;
	return behind < length && data[behind] == ':' ? 0 : line_length(data, length);
}

static enum header_result parse_fields(const char *data, size_t length, struct header *header, size_t *body, guint *odd)
{
	/* One byte over the limit is enough to see that the block is too long, however long the message is. */
	size_t bound = MIN(length, (size_t)LIMIT_HEADER_BLOCK + 1);
	size_t place = header_mbox_line(data, bound);

	while (place < bound && !starts_with(data + place, bound - place, "\r\n")) {
		size_t size = field_length(data + place, bound - place);

		if (place + size == bound && bound < length)
			return HEADER_LIMIT;
		enum header_result result = add_field(header, data + place, size, odd);
		if (result != HEADER_OK)
			return result;
		place += size;
	}
	if (place < bound)
		place += 2;
	if (place > LIMIT_HEADER_BLOCK)
		return HEADER_LIMIT;
	*body = place;
	return HEADER_OK;
}

enum header_result header_parse_odd(const char *data, size_t length, struct header *header, size_t *body, guint *odd)
{
	header->fields = g_array_new(FALSE, FALSE, sizeof(struct header_field));
	g_array_set_clear_func(header->fields, clear_field);
	*body = 0;
	*odd = 0;
	enum header_result result = parse_fields(data, length, header, body, odd);
	if (result != HEADER_OK)
		header_clear(header);
	return result;
}

enum header_result header_parse(const char *data, size_t length, struct header *header, size_t *body)
{
	guint odd;
	enum header_result result = header_parse_odd(data, length, header, body, &odd);

	if (result != HEADER_OK || odd == 0)
		return result;
	header_clear(header);
	*body = 0;
	return odd & HEADER_ODD_BLANK ? HEADER_NAME : HEADER_NAME_LENGTH;
}

void header_clear(struct header *header)
{
	g_clear_pointer(&header->fields, g_array_unref);
}

void header_copy(const struct header *from, struct header *to)
{
	to->fields = g_array_sized_new(FALSE, FALSE, sizeof(struct header_field), from->fields->len);
	g_array_set_clear_func(to->fields, clear_field);
	for (guint i = 0; i < from->fields->len; i++) {
		struct header_field field = g_array_index(from->fields, struct header_field, i);

		if (field.owned)
			field.data = field.owned = g_memdup2(field.data, field.length);
		g_array_append_val(to->fields, field);
	}
}

gboolean header_is(const struct header_field *field, const char *name)
{
	return text_equal_ascii_case(field->data, field->name_length, name);
}

guint header_count(const struct header *header, const char *name)
{
	guint count = 0;

	for (guint i = 0; header->fields && i < header->fields->len; i++)
		if (header_is(&g_array_index(header->fields, struct header_field, i), name))
			count++;
	return count;
}

const struct header_field *header_find(const struct header *header, const char *name, guint place)
{
	for (guint i = 0; header->fields && i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		if (header_is(field, name) && place-- == 0)
			return field;
	}
	return NULL;
}

char *header_value(const struct header *header, const char *name, guint place)
{
	const struct header_field *field = header_find(header, name, place);

	return field ? header_field_value(field) : NULL;
}

char *header_field_value(const struct header_field *field)
{
	const char *place = field->data + field->name_length + 1, *end = field->data + field->length;
	char *value = g_malloc((size_t)(end - place) + 1), *out = value;

	for (; place < end; place++)
		if (*place != '\r' && *place != '\n')
			*out++ = *place;
	*out = '\0';
	/* Not g_strstrip(): that takes VT and FF for blanks too. */
	while (out > value && is_blank(out[-1]))
		*--out = '\0';
	size_t lead = strspn(value, " \t");
	memmove(value, value + lead, (size_t)(out - value) - lead + 1);
	return value;
}
