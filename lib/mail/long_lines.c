/* Long lines; see long_lines.h. */
#include "lib/mail/long_lines.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/encoded_word.h"
#include "lib/mail/transfer.h"
#include "lib/mail/walk.h"

enum {
	/* More than that, and base64 is shorter: Cyrillic, Greek, Chinese and what is no text at all. */
	QUOTE_COST = 20,
	/* Bytes of a word that must be broken; what is left of the line is for a field's name of LIMIT_FIELD_NAME. */
	WORD = 800,
};

/* What is being rebuilt: everything up to `copied` stands in `out` already. */
struct rebuild {
	const char *message;
	size_t copied;
	GString *out; /* NULL until something changes */
	const struct walk *walk;
	struct header *header;
};

gboolean long_lines_found(const char *data, size_t length)
{
	const char *end = data + length;

	while (data < end) {
		const char *line_end = memchr(data, '\n', (size_t)(end - data));
		size_t size = (size_t)((line_end ? line_end : end) - data);

		if (line_end && size > 0 && line_end[-1] == '\r')
			size--;
		if (size > LIMIT_LINE)
			return TRUE;
		if (!line_end)
			break;
		data = line_end + 1;
	}
	return FALSE;
}

static struct verdict refuse(const char *why)
{
	return verdict_refused("5.6.0", "a line of more than 998 bytes %s", why);
}

static void copy_until(struct rebuild *rebuild, size_t place)
{
	if (!rebuild->out)
		rebuild->out = g_string_new(NULL);
	g_string_append_len(rebuild->out, rebuild->message + rebuild->copied,
		(gssize)(place - rebuild->copied));
	rebuild->copied = place;
}

/* ---- header fields ---- */

static gboolean can_be_rewritten(const struct header_field *field)
{
	if (field->name_length == 0 || memchr(field->data, '\0', field->length))
		return FALSE;
	for (size_t i = 0; i < field->name_length; i++)
		if (field->data[i] <= 32 || field->data[i] >= 127 || field->data[i] == ':')
			return FALSE;
	return TRUE;
}

/* Where a blank may stand in a value that has none: between identifiers, and in what software notes for itself. */
static gboolean may_have_blank(const struct header_field *field, const char *value, size_t place, size_t word)
{
	if (header_is(field, "References") || header_is(field, "In-Reply-To"))
		return value[place - 1] == '>' && value[place] == '<';
	return word >= WORD && (g_ascii_strncasecmp(field->data, "X-", 2) == 0 || header_is(field, "Autocrypt"));
}

/* The value of a field that cannot be folded where it has its blanks: one that can, if there is one. */
static char *loosen(const struct header_field *field, const char *value)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t word = 0;

	if (header_is(field, "Subject")) {
		encoded_word_append(out, value, strlen(value));
		return g_strdup(out->str);
	}
	for (size_t i = 0; value[i]; i++) {
		if (word > 0 && may_have_blank(field, value, i, word)) {
			g_string_append_c(out, ' ');
			word = 0;
		}
		g_string_append_c(out, value[i]);
		word = value[i] == ' ' || value[i] == '\t' ? 0 : word + 1;
	}
	return g_strdup(out->str);
}

/* The field folded anew. FALSE when a long line is left. */
static gboolean refold(const struct header_field *field, GString *out)
{
	struct header one = {.fields = g_array_new(FALSE, FALSE, sizeof(struct header_field))};
	g_autofree char *name = g_strndup(field->data, field->name_length);
	g_autofree char *value = header_field_value(field);
	size_t start = out->len;

	header_append(&one, name, value);
	header_render(&one, out);
	if (long_lines_found(out->str + start, out->len - start)) {
		g_autofree char *loose = loosen(field, value);

		header_replace(&one, name, loose);
		g_string_truncate(out, start);
		header_render(&one, out);
	}
	g_free(g_array_index(one.fields, struct header_field, 0).owned);
	header_clear(&one);
	return !long_lines_found(out->str + start, out->len - start);
}

static struct verdict mend_header(struct header *header)
{
	for (guint i = 0; i < header->fields->len; i++) {
		struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		if (field->length <= LIMIT_LINE || !long_lines_found(field->data, field->length))
			continue;
		GString *text = g_string_new(NULL);
		if (!refold(field, text)) {
			g_string_free(text, TRUE);
			return refuse("in a header field");
		}
		g_free(field->owned);
		field->length = text->len;
		field->data = field->owned = g_string_free(text, FALSE);
	}
	return VERDICT_UNDECIDED;
}

/* ---- parts ---- */

/*
 * Copies the header of a part: long lines folded, and with another transfer encoding if `encoding`
 * says one.
 */
static gboolean copy_part_header(
	struct rebuild *rebuild, const struct walk_entity *entity, const char *encoding)
{
	const char *place = rebuild->message + entity->header,
		   *end = rebuild->message + entity->body;
	struct header_field field;

	copy_until(rebuild, entity->header);
	while (walk_next_field(&place, end, &field)) {
		/* The empty line at the end. */
		if (field.length <= 2 && field.name_length == 0)
			break;
		if (encoding && header_is(&field, "Content-Transfer-Encoding"))
			continue;
		if (!long_lines_found(field.data, field.length))
			g_string_append_len(rebuild->out, field.data, (gssize)field.length);
		else if (!can_be_rewritten(&field) || !refold(&field, rebuild->out))
			return FALSE;
	}
	if (encoding)
		g_string_append_printf(rebuild->out, "Content-Transfer-Encoding: %s\r\n", encoding);
	g_string_append(rebuild->out, "\r\n");
	rebuild->copied = entity->body;
	return TRUE;
}

static gboolean put_encoding(
	struct rebuild *rebuild, const struct walk_entity *entity, const char *encoding)
{
	if (entity->parent >= 0)
		return copy_part_header(rebuild, entity, encoding);
	if (encoding) {
		header_replace(rebuild->header, "Content-Transfer-Encoding", encoding);
		if (header_count(rebuild->header, "MIME-Version") == 0)
			header_append(rebuild->header, "MIME-Version", "1.0");
	}
	copy_until(rebuild, entity->body);
	return TRUE;
}

static gboolean encode_leaf(struct rebuild *rebuild, const struct walk_entity *entity)
{
	const char *data = rebuild->message + entity->body;
	size_t length = entity->end - entity->body;
	gboolean quote = g_str_has_prefix(entity->type, "text/") &&
			 transfer_quote_cost(data, length) <= QUOTE_COST;

	if (!put_encoding(rebuild, entity, quote ? "quoted-printable" : "base64"))
		return FALSE;
	if (quote)
		transfer_quote(data, length, rebuild->out);
	else
		transfer_base64(data, length, rebuild->out);
	/* A part's last CRLF belongs to the delimiter behind it; a message has its own. */
	if (entity->parent < 0 && !g_str_has_suffix(rebuild->out->str, "\r\n"))
		g_string_append(rebuild->out, "\r\n");
	rebuild->copied = entity->end;
	return TRUE;
}

static gboolean rewrap_leaf(struct rebuild *rebuild, const struct walk_entity *entity)
{
	const char *data = rebuild->message + entity->body;
	size_t length = entity->end - entity->body;

	if (!put_encoding(rebuild, entity, NULL))
		return FALSE;
	if (entity->encoding == WALK_QUOTED_PRINTABLE)
		transfer_rewrap_quoted(data, length, LIMIT_LINE, rebuild->out);
	else if (!transfer_rewrap_base64(data, length, LIMIT_LINE, rebuild->out))
		return FALSE;
	rebuild->copied = entity->end;
	return TRUE;
}

/* A leaf with long lines in its body. */
static struct verdict mend_leaf(struct rebuild *rebuild, const struct walk_entity *entity)
{
	gboolean mended = FALSE;

	if (g_str_has_prefix(entity->type, "message/"))
		return refuse("in an attached report");
	switch (entity->encoding) {
	case WALK_7BIT:
	case WALK_8BIT:
	case WALK_BINARY:
		mended = encode_leaf(rebuild, entity);
		break;
	case WALK_QUOTED_PRINTABLE:
	case WALK_BASE64:
		mended = rewrap_leaf(rebuild, entity);
		break;
	case WALK_UUENCODE:
	case WALK_UNKNOWN:
		break;
	}
	return mended ? VERDICT_UNDECIDED : refuse("in a part that cannot be encoded anew");
}

static struct verdict mend_entity(struct rebuild *rebuild, const struct walk_entity *entity)
{
	const char *message = rebuild->message;
	gboolean part = entity->parent >= 0,
		 leaf = !walk_is_multipart(entity) && !walk_is_message(entity);
	gboolean head =
		part && long_lines_found(message + entity->header, entity->body - entity->header);

	leaf = leaf && long_lines_found(message + entity->body, entity->end - entity->body);
	if (!head && !leaf)
		return VERDICT_UNDECIDED;
	if (entity->flags & WALK_IN_SIGNED)
		return refuse("inside a signed part");
	if (entity->flags & (WALK_TYPE | WALK_ENCODING | WALK_FIELDS | WALK_NO_BODY))
		return refuse("in a part whose header is broken");
	if (leaf)
		return mend_leaf(rebuild, entity);
	return copy_part_header(rebuild, entity, NULL) ? VERDICT_UNDECIDED
						       : refuse("in the header of a part");
}

static struct verdict mend_body(struct rebuild *rebuild, size_t length)
{
	const struct walk *walk = rebuild->walk;

	if (walk->flags & WALK_AMBIGUOUS)
		return refuse("in a message whose parts are ambiguous");
	for (guint i = 0; i < walk->entities->len; i++) {
		struct verdict verdict = mend_entity(rebuild, walk_entity(walk, i));

		if (verdict_is_final(&verdict))
			return verdict;
	}
	copy_until(rebuild, length);
	/* Between the parts nothing was mended. */
	if (long_lines_found(rebuild->out->str, rebuild->out->len))
		return refuse("outside of all parts");
	return VERDICT_UNDECIDED;
}

struct verdict long_lines_mend(
	struct header *header, const char *message, size_t length, size_t body, GString **mended)
{
	struct walk walk = {0};
	struct rebuild rebuild = {
		.message = message, .copied = body, .walk = &walk, .header = header};
	struct verdict verdict = mend_header(header);

	*mended = NULL;
	if (verdict_is_final(&verdict) || !long_lines_found(message + body, length - body))
		return verdict;
	if (walk_message(message, length, &walk) == WALK_OK)
		verdict = mend_body(&rebuild, length);
	else
		verdict = refuse("in a message with too many parts");
	walk_clear(&walk);
	if (!verdict_is_final(&verdict))
		*mended = g_steal_pointer(&rebuild.out);
	if (rebuild.out)
		g_string_free(rebuild.out, TRUE);
	return verdict;
}
