/* Header fields that are not ASCII; see eight_bit.h. */
#include "lib/mail/eight_bit.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/encoded_word.h"

enum kind { KIND_TEXT, KIND_ADDRESSES, KIND_PARAMETERS, KIND_OPAQUE };

static const struct {
	const char *name;
	enum kind kind;
} structured[] = {
	{"From", KIND_ADDRESSES},
	{"Sender", KIND_ADDRESSES},
	{"Reply-To", KIND_ADDRESSES},
	{"To", KIND_ADDRESSES},
	{"Cc", KIND_ADDRESSES},
	{"Resent-From", KIND_ADDRESSES},
	{"Resent-Sender", KIND_ADDRESSES},
	{"Resent-Reply-To", KIND_ADDRESSES},
	{"Resent-To", KIND_ADDRESSES},
	{"Resent-Cc", KIND_ADDRESSES},
	{"Content-Type", KIND_PARAMETERS},
	{"Content-Disposition", KIND_PARAMETERS},
	{"Message-ID", KIND_OPAQUE},
	{"In-Reply-To", KIND_OPAQUE},
	{"References", KIND_OPAQUE},
	{"Resent-Message-ID", KIND_OPAQUE},
	{"Date", KIND_OPAQUE},
	{"Resent-Date", KIND_OPAQUE},
	{"Received", KIND_OPAQUE},
	{"Delivered-To", KIND_OPAQUE},
	{"X-Original-To", KIND_OPAQUE},
	{"MIME-Version", KIND_OPAQUE},
	{"Content-Transfer-Encoding", KIND_OPAQUE},
	{"Content-ID", KIND_OPAQUE},
	{"DKIM-Signature", KIND_OPAQUE},
	{"ARC-Seal", KIND_OPAQUE},
	{"ARC-Message-Signature", KIND_OPAQUE},
	{"ARC-Authentication-Results", KIND_OPAQUE},
	{"Authentication-Results", KIND_OPAQUE},
	{"Received-SPF", KIND_OPAQUE},
};

/*
 * Reads `text` and writes the field's new value; `encoded` tells whether the last thing written is
 * an encoded word of ours.
 */
struct writer {
	const char *text;
	size_t length, place;
	GString *out;
	gboolean encoded;
};

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum kind kind_of(const struct header_field *field)
{
	for (size_t i = 0; i < G_N_ELEMENTS(structured); i++)
		if (header_is(field, structured[i].name))
			return structured[i].kind;
	return KIND_TEXT;
}

static void put_plain(struct writer *writer, const char *text, size_t length)
{
	g_string_append_len(writer->out, text, (gssize)length);
	for (size_t i = 0; i < length; i++)
		writer->encoded &= is_blank(text[i]);
}

/* The blanks between two encoded words are not shown, so the one that is meant goes inside. */
static void put_encoded(struct writer *writer, const char *text, size_t length)
{
	g_autofree char *spaced =
		g_strdup_printf("%s%.*s", writer->encoded ? " " : "", (int)length, text);

	encoded_word_append(writer->out, spaced, strlen(spaced));
	writer->encoded = TRUE;
}

static size_t word_end(const char *text, size_t length, size_t place)
{
	while (place < length && !is_blank(text[place]))
		place++;
	return place;
}

/*
 * Encodes the words that need it, neighbours together, and leaves the others and the blanks around
 * as they are.
 */
static void put_words(struct writer *writer, const char *text, size_t length)
{
	size_t place = 0;

	while (place < length) {
		size_t end = word_end(text, length, place), stop = end;

		if (end == place) {
			put_plain(writer, text + place++, 1);
			continue;
		}
		if (!text_has_8bit(text + place, end - place)) {
			/* An encoded word that was there already joins ours just so. */
			gboolean word = encoded_word_run(text + place, end - place) == end - place;

			put_plain(writer, text + place, end - place);
			writer->encoded = word;
			place = end;
			continue;
		}
		for (;;) {
			size_t next = stop;

			while (next < length && is_blank(text[next]))
				next++;
			size_t next_end = word_end(text, length, next);
			if (next_end == next || !text_has_8bit(text + next, next_end - next))
				break;
			stop = next_end;
		}
		put_encoded(writer, text + place, stop - place);
		place = stop;
	}
}

/*
 * The length of the quoted string at the place, with both quotes; to the end when it is never
 * closed.
 */
static size_t quoted_length(const struct writer *writer)
{
	size_t place = writer->place + 1;

	while (place < writer->length && writer->text[place] != '"')
		place += writer->text[place] == '\\' ? 2 : 1;
	return MIN(place + 1, writer->length) - writer->place;
}

/* What stands inside the quotes, backslashes taken away. */
static char *unquote(const char *text, size_t length)
{
	GString *out = g_string_new(NULL);
	size_t end = length > 1 && text[length - 1] == '"' ? length - 1 : length;

	for (size_t i = 1; i < end; i++) {
		if (text[i] == '\\' && i + 1 < end)
			i++;
		g_string_append_c(out, text[i]);
	}
	return g_string_free(out, FALSE);
}

static char next_sign(const struct writer *writer, size_t place)
{
	while (place < writer->length && is_blank(writer->text[place]))
		place++;
	return place < writer->length ? writer->text[place] : '\0';
}

/*
 * One piece of an address list: a quoted string, a comment's sign, an address in brackets, or
 * words. FALSE for an address that is not ASCII.
 */
static gboolean put_quoted(struct writer *writer)
{
	const char *text = writer->text + writer->place;
	size_t length = quoted_length(writer);

	writer->place += length;
	if (!text_has_8bit(text, length)) {
		put_plain(writer, text, length);
		return TRUE;
	}
	if (next_sign(writer, writer->place) == '@')
		return FALSE;
	g_autofree char *inside = unquote(text, length);
	put_encoded(writer, inside, strlen(inside));
	return TRUE;
}

static gboolean put_bracket(struct writer *writer)
{
	const char *text = writer->text + writer->place;
	const char *end = memchr(text, '>', writer->length - writer->place);
	size_t length = end ? (size_t)(end + 1 - text) : writer->length - writer->place;

	writer->place += length;
	put_plain(writer, text, length);
	return !text_has_8bit(text, length);
}

static gboolean put_atoms(struct writer *writer, gboolean comment)
{
	const char *text = writer->text + writer->place;
	size_t length = 0, left = writer->length - writer->place;

	/* Inside a comment only its own signs end the text. */
	while (length < left && !strchr(comment ? "()\\" : "\"(<>,;:@\\", text[length]))
		length++;
	char before = writer->place > 0 ? writer->text[writer->place - 1] : '\0';
	char after = length < left ? text[length] : '\0';
	if (text_has_8bit(text, length) && !comment && (before == '@' || after == '@'))
		return FALSE;
	put_words(writer, text, length);
	writer->place += length;
	return TRUE;
}

static gboolean put_addresses(struct writer *writer)
{
	guint comments = 0;
	gboolean good = TRUE;

	while (good && writer->place < writer->length) {
		char c = writer->text[writer->place];

		if (c == '"' && comments == 0) {
			good = put_quoted(writer);
		} else if (c == '<' && comments == 0) {
			good = put_bracket(writer);
		} else if (strchr(comments ? "()\\" : "(>,;:@\\", c)) {
			/* A sign, and with a backslash what it protects. */
			size_t length = c == '\\' && writer->place + 1 < writer->length ? 2 : 1;

			comments += c == '(';
			comments -= c == ')' && comments > 0;
			good = !text_has_8bit(writer->text + writer->place, length);
			put_plain(writer, writer->text + writer->place, length);
			writer->place += length;
		} else {
			good = put_atoms(writer, comments > 0);
		}
	}
	return good;
}

/* Whether the parameter whose value begins at `place` is the name of a file. */
static gboolean is_file_name(const struct writer *writer, size_t place)
{
	const char *text = writer->text;

	while (place > 0 && is_blank(text[place - 1]))
		place--;
	if (place == 0 || text[--place] != '=')
		return FALSE;
	while (place > 0 && is_blank(text[place - 1]))
		place--;
	return (place >= 4 && g_ascii_strncasecmp(text + place - 4, "name", 4) == 0);
}

/*
 * "name" and "filename" in quotes; anything else that is not ASCII here means something to a
 * parser, and we do not guess what.
 */
static gboolean put_parameters(struct writer *writer)
{
	while (writer->place < writer->length) {
		const char *text = writer->text + writer->place;
		size_t length = *text == '"' ? quoted_length(writer) : 1;

		if (!text_has_8bit(text, length)) {
			put_plain(writer, text, length);
		} else if (*text == '"' && is_file_name(writer, writer->place)) {
			g_autofree char *inside = unquote(text, length);

			put_plain(writer, "\"", 1);
			put_encoded(writer, inside, strlen(inside));
			put_plain(writer, "\"", 1);
		} else {
			return FALSE;
		}
		writer->place += length;
	}
	return TRUE;
}

static gboolean put_opaque(struct writer *writer)
{
	for (size_t i = 0; i < writer->length; i++) {
		if ((guchar)writer->text[i] > 127)
			g_string_append_printf(writer->out, "%%%02X", (guchar)writer->text[i]);
		else
			g_string_append_c(writer->out, writer->text[i]);
	}
	return TRUE;
}

static gboolean write_value(enum kind kind, const char *value, GString *out)
{
	struct writer writer = {.text = value, .length = strlen(value), .out = out};

	switch (kind) {
	case KIND_TEXT:
		put_words(&writer, value, writer.length);
		return TRUE;
	case KIND_ADDRESSES:
		return put_addresses(&writer);
	case KIND_PARAMETERS:
		return put_parameters(&writer);
	case KIND_OPAQUE:
		return put_opaque(&writer);
	}
	return FALSE;
}

/* A new field in the place of an old one. */
static void put_field(struct header *header, guint index, const char *value)
{
	struct header_field *old = &g_array_index(header->fields, struct header_field, index);
	g_autofree char *name = g_strndup(old->data, old->name_length);

	header_append(header, name, value);
	guint last = header->fields->len - 1;
	struct header_field made = g_array_index(header->fields, struct header_field, last);
	g_array_index(header->fields, struct header_field, last).owned = NULL;
	g_array_set_size(header->fields, last);
	header_remove_index(header, index);
	g_array_insert_val(header->fields, index, made);
}

struct verdict eight_bit_encode(struct header *header, gboolean smtputf8)
{
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
			&g_array_index(header->fields, struct header_field, i);

		if (!text_has_8bit(field->data, field->length))
			continue;
		g_autofree char *value = header_field_value(field);
		g_autoptr(GString) out = g_string_new(NULL);
		gboolean written = write_value(kind_of(field), value, out);
		if (!written && smtputf8 && text_is_utf8(field->data, field->length))
			continue;
		if (!written)
			return verdict_refused("5.6.7",
				"%.*s is not ASCII, and the post came without SMTPUTF8",
				(int)field->name_length, field->data);
		put_field(header, i, out->str);
	}
	return VERDICT_UNDECIDED;
}
