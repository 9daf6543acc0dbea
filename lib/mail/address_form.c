/* Addresses in Postfix's own form; see address_form.h. One pass over the value, no recursion. */
#include "lib/mail/address_form.h"

#include <string.h>

struct reader {
	const char *place, *end;
	GString *out;
	gboolean in_domain; /* behind an '@', before anything that ends a domain */
	gboolean changed;
};

static gboolean is_address_field(const struct header_field *field)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-Sender",
		"Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (header_is(field, names[i]))
			return TRUE;
	return FALSE;
}

static gboolean is_atom(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static gboolean is_dot_atom(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_atom(text[i]) && !(text[i] == '.' && i > 0 && i + 1 < length && text[i - 1] != '.'))
			return FALSE;
	return length > 0;
}

/* Behind a quoted string or comment that begins at `place`; `end` when it is not closed. */
static const char *skip_quoted(const char *place, const char *end)
{
	for (place++; place < end; place++) {
		if (*place == '\\')
			place++;
		else if (*place == '"')
			return place + 1;
	}
	return end;
}

static const char *skip_comment(const char *place, const char *end)
{
	guint depth = 0;

	for (; place < end; place++) {
		if (*place == '\\')
			place++;
		else if (*place == '(')
			depth++;
		else if (*place == ')' && --depth == 0)
			return place + 1;
	}
	return end;
}

static void copy_until(struct reader *reader, const char *place)
{
	g_string_append_len(reader->out, reader->place, place - reader->place);
	reader->place = place;
}

static void read_quoted(struct reader *reader)
{
	const char *close = skip_quoted(reader->place, reader->end);

	if (close < reader->end && *close == '@' && is_dot_atom(reader->place + 1, (size_t)(close - reader->place) - 2)) {
		g_string_append_len(reader->out, reader->place + 1, close - reader->place - 2);
		reader->place = close;
		reader->changed = TRUE;
		return;
	}
	copy_until(reader, close);
}

/* "<@a,@b:c@d>": the route goes, when it is one for certain. */
static void read_angle(struct reader *reader)
{
	const char *route = reader->place + 1;
	const char *colon = route;

	copy_until(reader, route);
	if (route >= reader->end || *route != '@')
		return;
	while (colon < reader->end && (is_atom(*colon) || strchr("@.,", *colon)) && *colon)
		colon++;
	if (colon < reader->end && *colon == ':') {
		reader->place = colon + 1;
		reader->changed = TRUE;
	}
}

static gboolean ends_domain(const struct reader *reader, const char *place)
{
	return place == reader->end || (*place != '\0' && strchr(">,; \t\r\n(", *place));
}

static void read_plain(struct reader *reader)
{
	char c = *reader->place;

	if (c == '.' && reader->in_domain && ends_domain(reader, reader->place + 1)) {
		reader->place++;
		reader->changed = TRUE;
		return;
	}
	if (c == '@')
		reader->in_domain = TRUE;
	else if (!is_atom(c) && c != '.')
		reader->in_domain = FALSE;
	copy_until(reader, reader->place + 1);
}

char *address_form_value(const char *value, size_t length)
{
	struct reader reader = {.place = value, .end = value + length, .out = g_string_sized_new(length + 1)};

	while (reader.place < reader.end) {
		switch (*reader.place) {
		case '"':
			read_quoted(&reader);
			break;
		case '(':
			copy_until(&reader, skip_comment(reader.place, reader.end));
			break;
		case '<':
			read_angle(&reader);
			break;
		default:
			read_plain(&reader);
		}
	}
	return g_string_free(reader.out, !reader.changed);
}

void address_form_settle(struct header *header)
{
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		if (!is_address_field(field))
			continue;
		char *settled = address_form_value(field->data, field->length);
		if (settled)
			header_set_raw(header, i, settled);
	}
}
