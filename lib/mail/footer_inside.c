/*
 * A list's text inside the text of a post; see footer.h. Three ways, from the one that changes least: bytes beside the bytes that are there, in the
 * character set that is there; the same, but all encoded anew; all as UTF-8.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/footer.h"
#include "lib/mail/param.h"
#include "lib/mail/exact_text.h"
#include "lib/mail/transfer.h"

struct inside {
	struct draft *draft;
	const struct walk_entity *text;
	const struct footer_pieces *pieces;
	gboolean flowed, delsp;
	GString *bytes; /* of the text, out of its transfer encoding */
};

static gboolean has_parameter(const struct draft *draft, const char *name, const char *word)
{
	g_autofree char *type = header_value(draft->header, "Content-Type", 0);
	g_autoptr(GString) value = g_string_new(NULL);

	return type && param_value(type, strlen(type), name, value) == PARAM_FOUND && g_ascii_strcasecmp(value->str, word) == 0;
}

/* Charsets of one byte a letter, or none that ends in another state: ASCII behind anything, broken or not, is ASCII. */
static gboolean is_stateless(const char *charset)
{
	static const char *const families[] = {"utf-8", "us-ascii", "iso-8859-", "windows-125", "koi8-"};

	for (gsize i = 0; charset && i < G_N_ELEMENTS(families); i++)
		if (g_ascii_strncasecmp(charset, families[i], strlen(families[i])) == 0)
			return TRUE;
	return charset == NULL;
}

/* RFC 3676 section 4.4: a line that would look quoted, or like mbox's, gets a blank before it, which readers take away. */
static void append_lines(const struct inside *inside, const char *text, const char *line_end, GString *out)
{
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

	for (char **line = lines; *line && (line[1] || **line); line++) {
		gboolean stuff = inside->flowed && (**line == ' ' || **line == '>' || g_str_has_prefix(*line, "From "));

		g_string_append_printf(out, "%s%s%s", stuff ? " " : "", *line, line_end);
	}
}

/* Text that only has line ends of one kind: base64 may hold others than CRLF. */
static const char *line_end_of(const GString *text)
{
	return strstr(text->str, "\r\n") || !strchr(text->str, '\n') ? "\r\n" : "\n";
}

static gboolean has_clean_lines(const GString *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->str[i] == '\n' || (text->str[i] == '\r' && text->str[i + 1] != '\n'))
			return FALSE;
		i += text->str[i] == '\r';
	}
	return TRUE;
}

static gboolean is_blank(const GString *text)
{
	return strspn(text->str, " \t\r\n") == text->len;
}

/* Whether a reader of flowed text would join the next line to the last one. */
static gboolean flows_on(const struct inside *inside, const GString *text)
{
	size_t length = text->len;

	if (!inside->flowed || is_blank(text))
		return FALSE;
	while (length > 0 && memchr("\r\n", text->str[length - 1], 2))
		length--;
	return text->str[length - 1] == ' ' && !(length >= 3 && memcmp(text->str + length - 3, "-- ", 3) == 0);
}

/* What goes before and behind `text` (UTF-8, or anything of which only the end is looked at), with the empty lines between. */
static void make_pieces(const struct inside *inside, const GString *text, GString *before, GString *behind)
{
	const char *line_end = line_end_of(text);
	gboolean blank = is_blank(text);

	append_lines(inside, inside->pieces->above, line_end, before);
	if (before->len > 0 && (!blank || *inside->pieces->below))
		g_string_append(before, line_end);
	if (*inside->pieces->below == '\0')
		return;
	if (!blank) {
		if (text->str[text->len - 1] != '\n')
			g_string_append(behind, line_end);
		g_string_append(behind, line_end);
		if (flows_on(inside, text))
			g_string_append(behind, line_end);
	}
	append_lines(inside, inside->pieces->below, line_end, behind);
}

static GString *join(const GString *before, const GString *text, const GString *behind)
{
	GString *out = g_string_sized_new(before->len + text->len + behind->len + 1);

	g_string_append_len(out, before->str, (gssize)before->len);
	g_string_append_len(out, text->str, (gssize)text->len);
	g_string_append_len(out, behind->str, (gssize)behind->len);
	return out;
}

/* Quoted-printable bytes that are there already stay as they are, so what joins them is encoded alone. */
static GString *join_quoted(const struct inside *inside, const GString *before, const GString *behind)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GString) raw = g_string_new_len(inside->draft->data + inside->text->body,
		(gssize)(inside->text->end - inside->text->body));

	/* A soft break at the very end would swallow the first line end that follows. */
	size_t length = raw->len;
	while (length > 0 && memchr(" \t\r\n", raw->str[length - 1], 4))
		length--;
	if (behind->len > 0 && length > 0 && raw->str[length - 1] == '=')
		g_string_truncate(raw, length - 1);
	transfer_quote(before->str, before->len, out);
	g_string_append_len(out, raw->str, (gssize)raw->len);
	transfer_quote(behind->str, behind->len, out);
	return out;
}

static enum footer_place set_encoded(const struct inside *inside, const GString *text, const char *encoding)
{
	GString *out = g_string_new(NULL);

	if (strcmp(encoding, "base64") == 0)
		transfer_base64(text->str, text->len, out);
	else if (strcmp(encoding, "quoted-printable") == 0)
		transfer_quote(text->str, text->len, out);
	else
		g_string_append_len(out, text->str, (gssize)text->len);
	draft_set_field(inside->draft, "Content-Transfer-Encoding", encoding);
	draft_set_body(inside->draft, out);
	return FOOTER_INSIDE;
}

/* The encoding that text with these bytes needs where it stood in this one; NULL: as it is. */
static const char *encoding_for(enum walk_encoding encoding, const GString *text)
{
	g_autoptr(GString) scratch = g_string_new(NULL);

	switch (encoding) {
	case WALK_7BIT:
		return text_has_8bit(text->str, text->len) ? exact_text_encode(text->str, text->len, scratch) : NULL;
	case WALK_8BIT:
	case WALK_BINARY:
		return NULL;
	case WALK_QUOTED_PRINTABLE:
		return "quoted-printable";
	case WALK_BASE64:
	case WALK_UUENCODE:
	case WALK_UNKNOWN:
		return "base64";
	}
	return NULL;
}

/* The pieces as bytes of the text's charset: all that is known of it stays. FALSE when that charset cannot hold them. */
static gboolean in_charset(const struct inside *inside, GString *before, GString *behind)
{
	const char *charset = inside->text->charset;
	g_autoptr(GString) text = g_string_new(NULL), again = g_string_new(NULL);
	g_autoptr(GString) above = g_string_new(NULL), below = g_string_new(NULL);
	gboolean readable = exact_text_to_utf8(inside->bytes->str, inside->bytes->len, charset, text);
	const GString *known = readable ? text : inside->bytes;

	make_pieces(inside, known, above, below);
	if (!exact_text_from_utf8(above->str, above->len, charset, before) ||
		!exact_text_from_utf8(below->str, below->len, charset, behind))
		return FALSE;
	if (!readable)
		return is_stateless(charset) && !text_has_8bit(above->str, above->len) && !text_has_8bit(below->str, below->len);
	/* Charsets with states may not be where they began when the text ends. */
	g_autoptr(GString) whole = join(before, inside->bytes, behind), wanted = join(above, text, below);
	return exact_text_to_utf8(whole->str, whole->len, charset, again) && g_string_equal(again, wanted);
}

static enum footer_place put_bytes(const struct inside *inside, const GString *before, const GString *behind)
{
	if (inside->text->encoding == WALK_QUOTED_PRINTABLE) {
		draft_set_body(inside->draft, join_quoted(inside, before, behind));
		return FOOTER_INSIDE;
	}
	GString *whole = join(before, inside->bytes, behind);
	gboolean was_8bit = text_has_8bit(inside->bytes->str, inside->bytes->len);
	const char *encoding = was_8bit && inside->text->encoding == WALK_7BIT ? NULL : encoding_for(inside->text->encoding, whole);
	if (!encoding) {
		draft_set_body(inside->draft, whole);
		return FOOTER_INSIDE;
	}
	g_autoptr(GString) text = whole;
	return set_encoded(inside, text, encoding);
}

static enum footer_place put_utf8(const struct inside *inside)
{
	g_autoptr(GString) text = g_string_new(NULL), above = g_string_new(NULL), below = g_string_new(NULL);

	if (!exact_text_to_utf8(inside->bytes->str, inside->bytes->len, inside->text->charset, text))
		return FOOTER_PART;
	if (inside->text->encoding != WALK_BASE64 && !has_clean_lines(text))
		return FOOTER_PART;
	make_pieces(inside, text, above, below);
	g_autoptr(GString) whole = join(above, text, below);
	g_autofree char *type = g_strdup_printf("text/plain; charset=utf-8%s%s", inside->flowed ? "; format=flowed" : "",
		inside->delsp ? "; delsp=yes" : "");
	const char *encoding = encoding_for(inside->text->encoding, whole);
	draft_set_field(inside->draft, "Content-Type", type);
	return set_encoded(inside, whole, encoding ? encoding : "8bit");
}

enum footer_place footer_inside(struct draft *draft, const struct walk_entity *text, const struct footer_pieces *pieces)
{
	g_autoptr(GString) bytes = g_string_new(NULL), before = g_string_new(NULL), behind = g_string_new(NULL);
	struct inside inside = {
		.draft = draft,
		.text = text,
		.pieces = pieces,
		.flowed = has_parameter(draft, "format", "flowed"),
		.delsp = has_parameter(draft, "delsp", "yes"),
		.bytes = bytes,
	};

	if (!exact_text_decode(draft->data + text->body, text->end - text->body, text->encoding, bytes))
		return FOOTER_BROKEN;
	return in_charset(&inside, before, behind) ? put_bytes(&inside, before, behind) : put_utf8(&inside);
}
