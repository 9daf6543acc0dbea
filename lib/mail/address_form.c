/*
 * Addresses in Postfix's own form; see address_form.h. One pass, item by item: an item is what stands between
 * commas, and inside a group between the commas of the group.
 */
#include "lib/mail/address_form.h"

#include <string.h>

enum { ROUNDS = 4 }; /* what is cut off or put on can bring something new to light */

struct reader {
	const char *place, *end;
	GString *out, *item;
	gboolean changed, malformed;
	gboolean in_group;
	gboolean has_word, has_at, has_angle; /* of the item */
	gboolean in_angle;
	gboolean after_quote;                 /* a quoted string ends right before `place` */
	gsize angle;                          /* where '<' stands in the item while its address is read */
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
	return g_ascii_isalnum(c) || (unsigned char)c > 127 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static gboolean is_dot_atom(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_atom(text[i]) && !(text[i] == '.' && i > 0 && i + 1 < length && text[i - 1] != '.'))
			return FALSE;
	return length > 0;
}

/* Behind a quoted string, comment or literal that begins at `place`; NULL when it is not closed. */
static const char *skip_quoted(const char *place, const char *end)
{
	for (place++; place < end; place++) {
		if (*place == '\\')
			place++;
		else if (*place == '"')
			return place + 1;
	}
	return NULL;
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
	return NULL;
}

/* An address literal may hold colons. */
static const char *skip_literal(const char *place, const char *end)
{
	const char *close = memchr(place, ']', (size_t)(end - place));

	return close ? close + 1 : NULL;
}

static void copy_until(struct reader *reader, const char *place)
{
	g_string_append_len(reader->item, reader->place, place - reader->place);
	reader->place = place;
	reader->after_quote = FALSE;
}

/* Nobody can say what an unclosed or unopened quote, comment or bracket means: then the whole value stays as it is. */
static void copy_skipped(struct reader *reader, const char *behind)
{
	if (behind) {
		copy_until(reader, behind);
		return;
	}
	reader->place = reader->end;
	reader->malformed = TRUE;
}

static void read_quoted(struct reader *reader)
{
	const char *close = skip_quoted(reader->place, reader->end);

	if (!close) {
		copy_skipped(reader, close);
		return;
	}
	size_t length = (size_t)(close - reader->place);
	reader->has_word = TRUE;
	if (close < reader->end && *close == '@' && is_dot_atom(reader->place + 1, length - 2)) {
		g_string_append_len(reader->item, reader->place + 1, (gssize)length - 2);
		reader->place = close;
		reader->changed = TRUE;
	} else {
		copy_until(reader, close);
	}
	reader->after_quote = TRUE;
}

/* "<@a,@b:c@d>": the route goes, when it is one for certain. */
static void read_angle(struct reader *reader)
{
	const char *colon = reader->place + 1;

	if (reader->has_angle) {
		copy_skipped(reader, NULL);
		return;
	}
	reader->in_angle = TRUE;
	reader->angle = reader->item->len;
	reader->has_angle = TRUE;
	/* What stands in front of it is a name. */
	reader->has_word = reader->has_at = FALSE;
	copy_until(reader, colon);
	if (colon >= reader->end || *colon != '@')
		return;
	while (colon < reader->end && *colon && (is_atom(*colon) || strchr("@.,", *colon)))
		colon++;
	if (colon < reader->end && *colon == ':') {
		reader->place = colon + 1;
		reader->changed = TRUE;
	}
}

/* "Bob <bob>" becomes "Bob  bob", which the end of the item makes a group of. */
static void close_angle(struct reader *reader)
{
	if (!reader->in_angle) {
		copy_skipped(reader, NULL);
		return;
	}
	reader->in_angle = FALSE;
	if (reader->has_word && !reader->has_at && reader->angle < reader->item->len) {
		reader->item->str[reader->angle] = ' ';
		reader->has_angle = FALSE;
		reader->place++;
		reader->changed = TRUE;
		return;
	}
	copy_until(reader, reader->place + 1);
}

static void append_local(struct reader *reader, const char *local, size_t length)
{
	if (length == 0 || reader->after_quote || is_dot_atom(local, length)) {
		g_string_append_len(reader->item, local, (gssize)length);
		return;
	}
	g_string_append_c(reader->item, '"');
	g_string_append_len(reader->item, local, (gssize)length);
	g_string_append_c(reader->item, '"');
	reader->changed = TRUE;
}

/* A run of atoms, dots and '@': a word, or an address without quotes. */
static void read_run(struct reader *reader)
{
	const char *run = reader->place, *stop = run;

	while (stop < reader->end && (is_atom(*stop) || *stop == '.' || *stop == '@'))
		stop++;
	const char *at = memrchr(run, '@', (size_t)(stop - run));
	if (!at) {
		reader->has_word = TRUE;
		copy_until(reader, stop);
		return;
	}
	reader->has_at = TRUE;
	append_local(reader, run, (size_t)(at - run));
	const char *last = stop;
	if (last - at > 2 && last[-1] == '.' && last[-2] != '.') {
		last--;
		reader->changed = TRUE;
	}
	reader->place = at;
	copy_until(reader, last);
	reader->place = stop;
}

static void end_item(struct reader *reader)
{
	reader->malformed = reader->malformed || reader->in_angle;
	if (reader->has_word && !reader->has_at && !reader->has_angle) {
		/* Groups do not nest: inside one a bare name can only be a comment. */
		gsize tail = reader->item->len;
		while (tail > 0 && strchr(" \t\r\n", reader->item->str[tail - 1]))
			tail--;
		gsize head = strspn(reader->item->str, " \t\r\n");
		g_string_insert(reader->item, (gssize)tail, reader->in_group ? ")" : ":;");
		if (reader->in_group)
			g_string_insert_c(reader->item, (gssize)head, '(');
		reader->changed = TRUE;
	}
	g_string_append_len(reader->out, reader->item->str, (gssize)reader->item->len);
	g_string_truncate(reader->item, 0);
	reader->has_word = reader->has_at = reader->has_angle = FALSE;
}

static void read_separator(struct reader *reader)
{
	char c = *reader->place;

	if (c == ':') {
		/* The name of a group. */
		reader->in_group = TRUE;
		reader->has_word = FALSE;
	}
	end_item(reader);
	if (c == ';')
		reader->in_group = FALSE;
	g_string_append_c(reader->out, c);
	reader->place++;
	reader->after_quote = FALSE;
}

static void read_one(struct reader *reader)
{
	switch (*reader->place) {
	case '"':
		read_quoted(reader);
		break;
	case '(':
		copy_skipped(reader, skip_comment(reader->place, reader->end));
		break;
	case '[':
		copy_skipped(reader, skip_literal(reader->place, reader->end));
		break;
	case '<':
		read_angle(reader);
		break;
	case '>':
		close_angle(reader);
		break;
	case ')':
	case '\\':
		copy_skipped(reader, NULL);
		break;
	case ',':
	case ';':
	case ':':
		read_separator(reader);
		break;
	default:
		if (is_atom(*reader->place) || *reader->place == '.' || *reader->place == '@')
			read_run(reader);
		else
			copy_until(reader, reader->place + 1);
	}
}

static char *settle_once(const char *value, size_t length)
{
	g_autoptr(GString) item = g_string_new(NULL);
	struct reader reader = {
		.place = value,
		.end = value + length,
		.out = g_string_sized_new(length + 1),
		.item = item,
	};

	if (memchr(value, '\0', length))
		reader.place = reader.end;
	while (reader.place < reader.end)
		read_one(&reader);
	end_item(&reader);
	return g_string_free(reader.out, !reader.changed || reader.malformed);
}

char *address_form_value(const char *value, size_t length)
{
	g_autofree char *last = settle_once(value, length);

	for (guint round = 0; last && round < ROUNDS; round++) {
		char *next = settle_once(last, strlen(last));

		if (!next)
			return g_steal_pointer(&last);
		g_free(last);
		last = next;
	}
	return NULL;
}

void address_form_settle(struct header *header)
{
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);
		size_t name = field->name_length + 1;

		if (!is_address_field(field))
			continue;
		g_autofree char *settled = address_form_value(field->data + name, field->length - name);
		if (settled)
			header_set_raw(header, i, g_strdup_printf("%.*s%s", (int)name, field->data, settled));
	}
}
