/* Parts taken out of a message's bytes; see filter.h. */
#include <string.h>

#include "lib/mail/edits.h"
#include "lib/mail/filter_internal.h"
#include "lib/mail/html_text.h"
#include "lib/mail/exact_text.h"

static const struct walk_entity *entity_at(const struct cut *cut, guint index)
{
	return walk_entity(cut->walk, index);
}

/* ---- HTML that becomes text ---- */

/* As UTF-8. Without a charset, or in one that we cannot convert, what is no UTF-8 is taken for Latin text, as browsers do. */
static GString *read_html(const struct cut *cut, const struct walk_entity *entity)
{
	g_autoptr(GString) bytes = g_string_new(NULL), text = g_string_new(NULL);

	if (entity->end - entity->body > 3 * (size_t)HTML_TEXT_SIZE ||
		!exact_text_decode(cut->draft->data + entity->body, entity->end - entity->body, entity->encoding, bytes))
		return NULL;
	if (!exact_text_to_utf8(bytes->str, bytes->len, entity->charset ? entity->charset : "utf-8", text) &&
		!exact_text_to_utf8(bytes->str, bytes->len, "windows-1252", text)) {
		g_autofree char *valid = g_utf8_make_valid(bytes->str, (gssize)bytes->len);

		g_string_append(text, valid);
	}
	return g_steal_pointer(&text);
}

gboolean filter_convert(struct cut *cut, guint index)
{
	const struct walk_entity *entity = entity_at(cut, index);
	const char *place = cut->draft->data + entity->header, *end = cut->draft->data + entity->body;
	g_autoptr(GString) text = g_string_new(NULL), encoded = g_string_new(NULL);
	struct header_field field;

	if (entity->flags & (WALK_TYPE | WALK_ENCODING | WALK_FIELDS))
		return FALSE;
	GString *html = read_html(cut, entity);
	gboolean read = html && html_text_append(html->str, html->len, text);
	if (html)
		g_string_free(html, TRUE);
	if (!read)
		return FALSE;
	const char *encoding = exact_text_encode(text->str, text->len, encoded);
	GString *part = g_string_new(NULL);
	g_string_append_printf(part, "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n",
		exact_text_charset(text->str, text->len), encoding);
	while (walk_next_field(&place, end, &field))
		if (field.name_length > 0 && !header_is(&field, "Content-Type") && !header_is(&field, "Content-Transfer-Encoding"))
			g_string_append_len(part, field.data, (gssize)field.length);
	/* The last line end is the delimiter's. */
	g_string_append_printf(part, "\r\n%.*s", (int)(g_str_has_suffix(encoded->str, "\r\n") ? encoded->len - 2 : encoded->len),
		encoded->str);
	g_ptr_array_index(cut->texts, index) = part;
	return TRUE;
}

/* ---- places ---- */

/* The first byte of the delimiter line before a part. */
static size_t delimiter_of(const struct cut *cut, const struct walk_entity *part)
{
	size_t place = part->header - 1;

	while (place > cut->draft->body && cut->draft->data[place - 1] != '\n')
		place--;
	return place;
}

/* Where what follows a part of a multipart begins: the next delimiter line, or the multipart's end. */
static size_t behind(const struct cut *cut, guint index)
{
	const struct walk_entity *part = entity_at(cut, index);

	for (guint i = index + 1; i < cut->walk->entities->len; i++)
		if (entity_at(cut, i)->parent == part->parent)
			return delimiter_of(cut, entity_at(cut, i));
	size_t end = entity_at(cut, (guint)part->parent)->end;
	return end - part->end >= 4 && memcmp(cut->draft->data + part->end, "\r\n--", 4) == 0 ? part->end + 2 : part->end;
}

/* ---- edits ---- */

static gboolean is_around_gone(const struct cut *cut, guint index)
{
	int parent = entity_at(cut, index)->parent;

	return parent >= 0 && (cut->fates[parent] == FATE_GOES || cut->fates[parent] == FATE_SUPERFLUOUS);
}

static void edit_entity(const struct cut *cut, guint index, struct edits *edits)
{
	const struct walk_entity *entity = entity_at(cut, index);

	switch (cut->fates[index]) {
	case FATE_STAYS:
		if (cut->chosen[index] != 0) {
			const struct walk_entity *chosen = entity_at(cut, cut->chosen[index]);

			edits_put(edits, entity->header, chosen->header, NULL);
			edits_put(edits, chosen->end, entity->end, NULL);
		}
		break;
	case FATE_TEXT:
		edits_put(edits, entity->header, entity->end, g_steal_pointer(&g_ptr_array_index(cut->texts, index)));
		break;
	case FATE_GOES:
	case FATE_SUPERFLUOUS:
		if (!is_around_gone(cut, index))
			edits_put(edits, delimiter_of(cut, entity), behind(cut, index), NULL);
		break;
	}
}

/* A part becomes the message: its fields called Content-... are the message's. */
static void promote(struct draft *draft, GString *part)
{
	const char *place = part->str, *end = part->str + part->len;
	GString *gone = draft_take_content_fields(draft);
	struct header_field field;

	g_string_free(gone, TRUE);
	while (place < end && !g_str_has_prefix(place, "\r\n") && walk_next_field(&place, end, &field)) {
		g_autofree char *name = g_strndup(field.data, field.name_length), *value = header_field_value(&field);

		if (g_ascii_strncasecmp(name, "Content-", 8) == 0 && name[8])
			draft_set_field(draft, name, value);
	}
	place += g_str_has_prefix(place, "\r\n") ? 2 : 0;
	g_string_erase(part, 0, place - part->str);
	draft_set_body(draft, part);
}

void filter_cut(struct cut *cut)
{
	struct edits edits = {0};
	guint count = cut->walk->entities->len, top = 0;

	/* What takes the top's place may be an alternative itself. */
	while (cut->chosen[top] != 0)
		top = cut->chosen[top];
	for (guint i = top > 0 ? top : 1; i < count; i++)
		edit_entity(cut, i, &edits);
	if (top == 0 && cut->fates[0] == FATE_TEXT)
		promote(cut->draft, g_steal_pointer(&g_ptr_array_index(cut->texts, 0)));
	else if (top > 0)
		promote(cut->draft, edits_apply(&edits, cut->draft->data, entity_at(cut, top)->header, entity_at(cut, top)->end));
	else if (edits.list)
		draft_set_body(cut->draft, edits_apply(&edits, cut->draft->data, cut->draft->body, cut->draft->length));
	edits_clear(&edits);
}
