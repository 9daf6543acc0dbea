/* Where a list's text goes; see footer.h. */
#include "lib/mail/footer.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/param.h"
#include "lib/mail/exact_text.h"

enum {
	TEXTS_LOOKED_AT = 20, /* texts of a post that are searched for a footer that is there already */
	BOUNDARY_BYTES = 8,
};

/* A part of our own, without the line end before the next delimiter. */
static void put_part(GString *out, const char *text)
{
	g_autoptr(GString) encoded = g_string_new(NULL);
	const char *encoding = exact_text_encode(text, strlen(text), encoded);

	g_string_append_printf(out, "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n"
		"Content-Disposition: inline\r\n\r\n", exact_text_charset(text, strlen(text)), encoding);
	g_string_append_len(out, encoded->str, (gssize)encoded->len);
}

/* ---- a multipart/mixed around it ---- */

/*
 * One that is nowhere in the post, and that no boundary there begins like: after "=" come letters, of which a post that means no harm has one at most as a
 * boundary. One that has them all gets the last.
 */
static char *make_boundary(const struct draft *draft, const struct footer *footer, const struct walk *walk)
{
	static const char begins[] = "=ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	g_autofree char *name = text_write_hex(footer->key, BOUNDARY_BYTES);

	for (guint number = 0;; number++) {
		guint begin = MIN(number, (guint)sizeof(begins) - 2);
		char *boundary = g_strdup_printf("%c_%s.%u", begins[begin], name, number);

		if (!memmem(draft->data, draft->length, boundary, strlen(boundary)) &&
			(number >= sizeof(begins) || !walk_would_end_at(walk, boundary)))
			return boundary;
		g_free(boundary);
	}
}

static void declare(struct draft *draft, const char *boundary, enum walk_encoding encoding)
{
	g_autofree char *type = g_strdup_printf("multipart/mixed; boundary=\"%s\"", boundary);
	gboolean eight_bit = text_has_8bit(draft->data + draft->body, draft->length - draft->body);

	draft_set_field(draft, "Content-Type", type);
	if (encoding == WALK_BINARY)
		draft_set_field(draft, "Content-Transfer-Encoding", "binary");
	else if (encoding == WALK_8BIT || eight_bit)
		draft_set_field(draft, "Content-Transfer-Encoding", "8bit");
}

static enum footer_place put_around(struct draft *draft, const struct footer *footer, const struct footer_pieces *pieces,
	const struct walk *walk)
{
	if (walk->depth + 1 >= LIMIT_MIME_DEPTH || walk->entities->len + 3 > LIMIT_MIME_PARTS)
		return FOOTER_BROKEN;
	g_autofree char *boundary = make_boundary(draft, footer, walk);
	enum walk_encoding encoding = walk_entity(walk, 0)->encoding;
	g_autoptr(GString) fields = draft_take_content_fields(draft);
	GString *body = g_string_sized_new(draft->length + 4096);

	if (*pieces->above) {
		g_string_append_printf(body, "--%s\r\n", boundary);
		put_part(body, pieces->above);
		g_string_append(body, "\r\n");
	}
	g_string_append_printf(body, "--%s\r\n%s\r\n", boundary, fields->str);
	g_string_append_len(body, draft->data + draft->body, (gssize)(draft->length - draft->body));
	if (*pieces->below) {
		g_string_append_printf(body, "\r\n--%s\r\n", boundary);
		put_part(body, pieces->below);
	}
	g_string_append_printf(body, "\r\n--%s--\r\n", boundary);
	declare(draft, boundary, encoding);
	draft_set_body(draft, body);
	return FOOTER_AROUND;
}

/* ---- a part in a multipart/mixed that is there ---- */

/* The delimiters before the first and behind the last of the parts. FALSE when they are not where one would look for them. */
static gboolean find_ends(const struct draft *draft, const struct walk *walk, size_t *first, size_t *last)
{
	const char *boundary = walk_entity(walk, 0)->boundary;
	size_t length = strlen(boundary), place = 0;
	const struct walk_entity *child = NULL;

	for (guint i = 1; i < walk->entities->len; i++) {
		if (walk_entity(walk, i)->parent != 0)
			continue;
		if (!child)
			place = walk_entity(walk, i)->header;
		child = walk_entity(walk, i);
	}
	if (!child || place < draft->body + length + 4)
		return FALSE;
	/* Back over the whole delimiter line, which may have blanks at its end. */
	for (place -= 2; place > draft->body && draft->data[place - 1] != '\n';)
		place--;
	*first = place;
	*last = child->end;
	return draft->length - child->end >= length + 6 && memcmp(draft->data + child->end, "\r\n--", 4) == 0 &&
		memcmp(draft->data + child->end + 4, boundary, length) == 0;
}

static enum footer_place put_part_in(struct draft *draft, const struct footer_pieces *pieces, const struct walk *walk)
{
	const char *boundary = walk_entity(walk, 0)->boundary;
	size_t first, last;

	if (walk->entities->len + 2 > LIMIT_MIME_PARTS || !find_ends(draft, walk, &first, &last))
		return FOOTER_BROKEN;
	if (strstr(pieces->above, boundary) || strstr(pieces->below, boundary))
		return FOOTER_BROKEN;
	GString *body = g_string_sized_new(draft->length + 4096);
	g_string_append_len(body, draft->data + draft->body, (gssize)(first - draft->body));
	if (*pieces->above) {
		g_string_append_printf(body, "--%s\r\n", boundary);
		put_part(body, pieces->above);
		g_string_append(body, "\r\n");
	}
	g_string_append_len(body, draft->data + first, (gssize)(last - first));
	if (*pieces->below) {
		g_string_append_printf(body, "\r\n--%s\r\n", boundary);
		put_part(body, pieces->below);
	}
	g_string_append_len(body, draft->data + last, (gssize)(draft->length - last));
	draft_set_body(draft, body);
	return FOOTER_PART;
}

/* ---- which of them ---- */

static gboolean is_sealed(const struct walk_entity *top)
{
	static const char *const types[] = {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime",
		"application/x-pkcs7-mime", NULL};

	return g_strv_contains(types, top->type);
}

static gboolean is_attachment(const struct draft *draft)
{
	g_autofree char *value = header_value(draft->header, "Content-Disposition", 0);
	g_autoptr(GString) word = g_string_new(NULL);

	if (value)
		(void)param_head(value, strlen(value), word);
	return strcmp(word->str, "attachment") == 0;
}

static gboolean is_broken(const struct walk *walk)
{
	const struct walk_entity *top = walk_entity(walk, 0);

	return (walk->flags & (WALK_AMBIGUOUS | WALK_UNCLOSED | WALK_NO_PARTS)) ||
		(top->flags & (WALK_TYPE | WALK_ENCODING | WALK_FIELDS | WALK_EPILOGUE));
}

/* Not in an attached message: what that says is not what this post says. */
static gboolean is_own_text(const struct walk *walk, const struct walk_entity *entity)
{
	if (strcmp(entity->type, "text/plain") != 0)
		return FALSE;
	for (int i = entity->parent; i >= 0; i = walk_entity(walk, (guint)i)->parent)
		if (!walk_is_multipart(walk_entity(walk, (guint)i)))
			return FALSE;
	return TRUE;
}

/* Bytes that are no clean text of their charset may still have ours among them. */
static GString *read_text(const struct draft *draft, const struct walk_entity *entity)
{
	GString *text = g_string_new(NULL);

	if (exact_text_read(draft->data, entity, text))
		return text;
	g_string_truncate(text, 0);
	if (!exact_text_decode(draft->data + entity->body, entity->end - entity->body, entity->encoding, text))
		g_string_truncate(text, 0);
	return text;
}

/* Looks from that end of the message on where it would be put. */
static gboolean is_there(const struct draft *draft, const struct walk *walk, const struct footer_text *text, gboolean at_end)
{
	guint seen = 0, last = walk->entities->len - 1;

	for (guint i = 0; i <= last && seen < TEXTS_LOOKED_AT; i++) {
		const struct walk_entity *entity = walk_entity(walk, at_end ? last - i : i);

		if (!is_own_text(walk, entity))
			continue;
		seen++;
		g_autoptr(GString) part = read_text(draft, entity);
		if (footer_text_stands_in(text, part->str, part->len))
			return TRUE;
	}
	return FALSE;
}

static enum footer_place put(struct draft *draft, const struct footer *footer, const struct footer_pieces *pieces,
	const struct walk *walk)
{
	const struct walk_entity *top = walk_entity(walk, 0);

	if (is_broken(walk))
		return footer->note ? put_around(draft, footer, pieces, walk) : FOOTER_BROKEN;
	if (is_sealed(top))
		return footer->around_signed ? put_around(draft, footer, pieces, walk) : FOOTER_SIGNED;
	if (strcmp(top->type, "multipart/mixed") == 0)
		return put_part_in(draft, pieces, walk);
	if (strcmp(top->type, "text/plain") == 0 && !is_attachment(draft)) {
		enum footer_place place = footer_inside(draft, top, pieces);

		if (place != FOOTER_PART && !(place == FOOTER_BROKEN && footer->note))
			return place;
	}
	return put_around(draft, footer, pieces, walk);
}

static enum footer_place add(struct draft *draft, const struct footer *footer, const struct walk *walk)
{
	const char *note = footer->note ? footer->note : "";
	gboolean above = footer->above && *footer->above->text && !is_there(draft, walk, footer->above, FALSE);
	gboolean below = footer->below && *footer->below->text && !is_there(draft, walk, footer->below, TRUE);

	if (!above && !below && *note == '\0')
		return footer->above || footer->below ? FOOTER_THERE : FOOTER_NOTHING;
	struct footer_pieces pieces = {
		.above = above ? footer->above->text : "",
		.below = g_strconcat(note, *note && below ? "\r\n" : "", below ? footer->below->text : "", NULL),
	};
	enum footer_place place = put(draft, footer, &pieces, walk);
	g_free(pieces.below);
	return place;
}

enum footer_place footer_add(struct draft *draft, const struct footer *footer)
{
	struct walk walk = {0};
	enum footer_place place = FOOTER_BROKEN;

	if (!footer->above && !footer->below && !footer->note)
		return FOOTER_NOTHING;
	if (walk_message(draft->data, draft->length, &walk) == WALK_OK)
		place = add(draft, footer, &walk);
	walk_clear(&walk);
	return place;
}
