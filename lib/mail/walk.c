/* The walk over the lines of a message; see walk.h for the promise. Headers of entities are read in walk_header.c. */
#include "lib/mail/walk.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/walk_internal.h"

/* A multipart whose delimiters count at this place. */
struct frame {
	const char *boundary;
	size_t length;
	int entity;
	gboolean has_parts;
};

struct walker {
	const char *data;
	size_t length;
	struct walk *walk;
	struct frame frames[LIMIT_MIME_DEPTH + 1];
	guint frame_count;
	int current;        /* the entity that the next line belongs to */
	gboolean in_header; /* of that entity */
	gboolean closed;    /* it is a multipart behind its closing delimiter */
};

static struct walk_entity *entity_at(struct walk *walk, int index)
{
	return &g_array_index(walk->entities, struct walk_entity, (guint)index);
}

const struct walk_entity *walk_entity(const struct walk *walk, guint index)
{
	return &g_array_index(walk->entities, struct walk_entity, index);
}

gboolean walk_is_multipart(const struct walk_entity *entity)
{
	return g_str_has_prefix(entity->type, "multipart/");
}

gboolean walk_is_message(const struct walk_entity *entity)
{
	static const char *const types[] = {"message/rfc822", "message/rfc2822", "message/global", "message/news", NULL};

	if (entity->encoding == WALK_QUOTED_PRINTABLE || entity->encoding == WALK_BASE64 ||
		entity->encoding == WALK_UUENCODE)
		return FALSE;
	return g_strv_contains(types, entity->type);
}

static enum walk_result open_entity(struct walker *walker, int parent, size_t place)
{
	struct walk *walk = walker->walk;
	struct walk_entity entity = {.header = place, .body = place, .end = place, .parent = parent, .type = "text/plain"};

	if (parent >= 0) {
		const struct walk_entity *around = entity_at(walk, parent);

		entity.depth = around->depth + 1;
		entity.flags = around->flags & (WALK_IN_SIGNED | WALK_IN_ENCRYPTED);
		if (strcmp(around->type, "multipart/signed") == 0)
			entity.flags |= WALK_IN_SIGNED;
		else if (strcmp(around->type, "multipart/encrypted") == 0)
			entity.flags |= WALK_IN_ENCRYPTED;
	}
	if (entity.depth > LIMIT_MIME_DEPTH)
		return WALK_DEPTH;
	if (walk->entities->len >= LIMIT_MIME_PARTS)
		return WALK_PARTS;
	walk->depth = MAX(walk->depth, entity.depth);
	walker->current = (int)walk->entities->len;
	walker->in_header = TRUE;
	walker->closed = FALSE;
	g_array_append_val(walk->entities, entity);
	return WALK_OK;
}

gboolean walk_would_end_at(const struct walk *walk, const char *boundary)
{
	for (guint i = 0; i < walk->entities->len; i++) {
		const char *inner = walk_entity(walk, i)->boundary;

		if (inner && *inner && g_str_has_prefix(boundary, inner))
			return TRUE;
	}
	return FALSE;
}

/* A multipart's body begins: from here its delimiters count. Without a body they only matter to software that sees one. */
static void push_frame(struct walker *walker, struct walk_entity *entity, gboolean has_body)
{
	if (!entity->boundary) {
		entity->flags |= WALK_NO_BOUNDARY;
		return;
	}
	size_t length = strlen(entity->boundary);
	for (guint i = 0; i < walker->frame_count; i++) {
		const struct frame *frame = &walker->frames[i];

		if (memcmp(frame->boundary, entity->boundary, MIN(frame->length, length)) == 0)
			entity->flags |= frame->length == length ? WALK_SAME_BOUNDARY : WALK_PREFIX_BOUNDARY;
	}
	/* Each frame is an open entity of another depth, so there is room for all of them. */
	if (has_body)
		walker->frames[walker->frame_count++] =
			(struct frame){.boundary = entity->boundary, .length = length, .entity = walker->current};
}

/* The header of the current entity ends before `end`; its body, if it has one, begins at `body`. */
static enum walk_result end_header(struct walker *walker, size_t end, size_t body, gboolean has_body)
{
	struct walk_entity *entity = entity_at(walker->walk, walker->current);

	walker->in_header = FALSE;
	entity->body = entity->end = body;
	if (!walk_header(walker->walk, entity, walker->data, end))
		return WALK_HEADER_LIMIT;
	if (!has_body)
		entity->flags |= WALK_NO_BODY;
	if (walk_is_multipart(entity))
		push_frame(walker, entity, has_body);
	else if (walk_is_message(entity) && has_body)
		return open_entity(walker, walker->current, body);
	return WALK_OK;
}

/* Ends all open entities inside the one with this index (-1: all), and the frames among them. */
static void close_inside(struct walker *walker, int outer, size_t end)
{
	struct walk *walk = walker->walk;

	for (int i = walker->current; i != outer; i = entity_at(walk, i)->parent) {
		struct walk_entity *entity = entity_at(walk, i);

		if (walker->frame_count > 0 && walker->frames[walker->frame_count - 1].entity == i) {
			entity->flags |= WALK_UNCLOSED;
			if (!walker->frames[walker->frame_count - 1].has_parts)
				entity->flags |= WALK_NO_PARTS;
			walker->frame_count--;
		}
		/* The line end before a delimiter may be the empty line of the innermost header: then it is no body's. */
		end = MAX(entity->body, end);
		entity->end = end;
		walk->flags |= entity->flags;
	}
	walker->current = outer;
}

/*
 * Which frame's delimiter the line (text, length) is, -1 for none; `*closing` says which kind. The innermost wins, as
 * everywhere. Only an exact line counts: RFC 2046 wants a match of the beginning, but software does not do that.
 */
static int find_delimiter(struct walker *walker, const char *text, size_t length, gboolean *closing)
{
	if (length < 2 || text[0] != '-' || text[1] != '-')
		return -1;
	while (length > 2 && memchr(" \t\r\n", text[length - 1], 4))
		length--;
	text += 2;
	length -= 2;
	for (int i = (int)walker->frame_count - 1; i >= 0; i--) {
		const struct frame *frame = &walker->frames[i];

		if (length < frame->length || memcmp(text, frame->boundary, frame->length) != 0)
			continue;
		size_t more = length - frame->length;
		*closing = more == 2 && memcmp(text + frame->length, "--", 2) == 0;
		if (more == 0 || *closing)
			return i;
		entity_at(walker->walk, frame->entity)->flags |= WALK_NEAR_BOUNDARY;
	}
	return -1;
}

static enum walk_result take_delimiter(struct walker *walker, int place, gboolean closing, size_t line, size_t next)
{
	struct frame *frame = &walker->frames[place];
	size_t end = line;

	if (walker->in_header) {
		enum walk_result result = end_header(walker, line, line, FALSE);

		if (result != WALK_OK)
			return result;
	} else if (end > 0) {
		/* The line end before a delimiter belongs to it. */
		end -= end >= 2 && walker->data[end - 2] == '\r' ? 2 : 1;
	}
	close_inside(walker, frame->entity, end);
	if (!closing) {
		frame->has_parts = TRUE;
		return open_entity(walker, frame->entity, next);
	}
	if (!frame->has_parts)
		entity_at(walker->walk, frame->entity)->flags |= WALK_NO_PARTS;
	walker->frame_count--;
	walker->in_header = FALSE;
	walker->closed = TRUE;
	return WALK_OK;
}

/* A line of content; text in a multipart itself stands before or behind its parts. */
static void take_content(struct walker *walker, const char *text, size_t length)
{
	struct walk_entity *entity = entity_at(walker->walk, walker->current);
	guint flag = walker->closed ? WALK_EPILOGUE : WALK_PREAMBLE;

	if ((entity->flags & flag) || !walk_is_multipart(entity) || (entity->flags & WALK_NO_BOUNDARY))
		return;
	for (size_t i = 0; i < length; i++)
		if (!memchr(" \t\r\n", text[i], 4)) {
			entity->flags |= flag;
			return;
		}
}

static enum walk_result take_line(struct walker *walker, size_t line, size_t next)
{
	const char *text = walker->data + line;
	gboolean closing;
	int place = find_delimiter(walker, text, next - line, &closing);

	if (place >= 0)
		return take_delimiter(walker, place, closing, line, next);
	if (!walker->in_header) {
		take_content(walker, text, next - line);
		return WALK_OK;
	}
	if (text[0] == '\n' || (text[0] == '\r' && next - line == 2 && text[1] == '\n'))
		return end_header(walker, line, next, TRUE);
	return WALK_OK;
}

static enum walk_result walk_lines(struct walker *walker)
{
	size_t place = header_mbox_line(walker->data, walker->length);
	enum walk_result result = open_entity(walker, -1, place);

	while (result == WALK_OK && place < walker->length) {
		const char *newline = memchr(walker->data + place, '\n', walker->length - place);
		size_t next = newline ? (size_t)(newline - walker->data) + 1 : walker->length;

		result = take_line(walker, place, next);
		place = next;
	}
	if (result == WALK_OK && walker->in_header)
		result = end_header(walker, walker->length, walker->length, FALSE);
	return result;
}

enum walk_result walk_message(const char *data, size_t length, struct walk *walk)
{
	struct walker walker = {.data = data, .length = length, .walk = walk, .current = -1};

	*walk = (struct walk){.text = g_string_chunk_new(1024)};
	walk->entities = g_array_new(FALSE, FALSE, sizeof(struct walk_entity));
	enum walk_result result = walk_lines(&walker);
	close_inside(&walker, -1, length);
	return result;
}

void walk_clear(struct walk *walk)
{
	g_clear_pointer(&walk->entities, g_array_unref);
	g_clear_pointer(&walk->text, g_string_chunk_free);
}
