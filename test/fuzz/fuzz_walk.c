/*
 * Scan, walk and GMime over one message. Ranges lie in each other and in the message; what scan lets through has its limits;
 * and unless a flag says that software may see another structure, GMime sees the same leaves.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/scan.h"
#include "lib/mail/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint gmime_leaves(GMimeObject *object)
{
	guint count = 0;

	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		GMimeObject *inside = message ? g_mime_message_get_mime_part(message) : NULL;

		return inside ? gmime_leaves(inside) : 0;
	}
	if (!GMIME_IS_MULTIPART(object))
		return 1;
	for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)); i++)
		count += gmime_leaves(g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
	return count;
}

static guint check_entities(const struct walk *walk, size_t length)
{
	guint leaves = 0;

	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);

		if (entity->header > entity->body || entity->body > entity->end || entity->end > length)
			abort();
		if (entity->name && !text_is_utf8(entity->name, strlen(entity->name)))
			abort();
		if (i > 0) {
			const struct walk_entity *around = walk_entity(walk, (guint)entity->parent);

			if (entity->parent >= (int)i || entity->depth != around->depth + 1 || entity->header < around->body ||
				entity->end > around->end)
				abort();
		}
		gboolean composite = walk_is_multipart(entity) || (walk_is_message(entity) && !(entity->flags & WALK_NO_BODY));
		leaves += !composite;
	}
	return leaves;
}

static void compare(const struct walk *walk, const GString *text, guint leaves)
{
	size_t mbox = header_mbox_line(text->str, text->len);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text->str + mbox, text->len - mbox);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	if (message) {
		GMimeObject *top = g_mime_message_get_mime_part(message);
		guint seen = top ? gmime_leaves(top) : 0;
		gboolean broken = walk->flags & (WALK_FIELDS | WALK_NO_BODY);

		/* In broken part headers we may see leaves where GMime gives up, never the other way about. */
		if (broken ? seen > leaves : seen != leaves)
			abort();
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static gboolean started;
	g_autoptr(GString) text = g_string_new(NULL);
	struct walk walk;

	if (!started)
		g_mime_init();
	started = TRUE;
	/* As it is, with bare CR, LF and NUL … */
	if (walk_message((const char *)data, size, &walk) == WALK_OK)
		(void)check_entities(&walk, size);
	walk_clear(&walk);
	struct verdict verdict = scan_message((const char *)data, size);
	if (verdict.class != VERDICT_NONE && verdict.class != VERDICT_UNCLEAR && verdict.class != VERDICT_REFUSED)
		abort();
	/* … and as LMTP lets it through. */
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			g_string_append_c(text, '\r');
		if (data[i] != '\r' && data[i] != '\0')
			g_string_append_c(text, (char)data[i]);
	}
	g_string_append(text, "\r\n");
	verdict = scan_message(text->str, text->len);
	if (verdict.class != VERDICT_NONE)
		return 0;
	if (walk_message(text->str, text->len, &walk) != WALK_OK || walk.depth > LIMIT_MIME_DEPTH_HOLD)
		abort();
	guint leaves = check_entities(&walk, text->len);
	if (!(walk.flags & WALK_AMBIGUOUS))
		compare(&walk, text, leaves);
	walk_clear(&walk);
	return 0;
}
