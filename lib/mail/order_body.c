/* The text of a mail that may hold an order; see order.h. GMime decodes; what is read has a bound first. */
#include "lib/mail/order_internal.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/text.h"

/* The first leaf that is text, not a file, and not inside an attached message. */
static const struct walk_entity *find_text(const struct walk *walk)
{
	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);
		gboolean inside = FALSE;

		for (int around = entity->parent; around >= 0; around = walk_entity(walk, (guint)around)->parent)
			inside |= !walk_is_multipart(walk_entity(walk, (guint)around));
		if (!inside && !entity->name && strcmp(entity->type, "text/plain") == 0)
			return entity;
	}
	return NULL;
}

static void decode(GMimeContentEncoding encoding, const char *data, size_t length, GString *out)
{
	GMimeEncoding state;

	g_mime_encoding_init_decode(&state, encoding);
	g_autofree char *buffer = g_malloc(g_mime_encoding_outlen(&state, length));
	size_t size = g_mime_encoding_step(&state, data, length, buffer);

	g_string_append_len(out, buffer, (gssize)size);
}

static gboolean decode_transfer(const struct walk_entity *entity, const char *data, size_t length, GString *out)
{
	switch (entity->encoding) {
	case WALK_7BIT:
	case WALK_8BIT:
	case WALK_BINARY:
		g_string_append_len(out, data, (gssize)length);
		return TRUE;
	case WALK_QUOTED_PRINTABLE:
		decode(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, data, length, out);
		return TRUE;
	case WALK_BASE64:
		decode(GMIME_CONTENT_ENCODING_BASE64, data, length, out);
		return TRUE;
	case WALK_UUENCODE:
	case WALK_UNKNOWN:
		return FALSE;
	}
	return FALSE;
}

/* What stays unreadable is shown as U+FFFD: our words are then not among it. */
static char *to_utf8(const char *charset, const GString *bytes)
{
	gsize length = 0;
	g_autofree char *text = NULL;

	if (charset && !text_is_utf8(bytes->str, bytes->len)) {
		iconv_t converter = g_mime_iconv_open("UTF-8", charset);

		if (converter != (iconv_t)-1) {
			text = g_convert_with_iconv(bytes->str, (gssize)bytes->len, (GIConv)converter, NULL, &length, NULL);
			g_mime_iconv_close(converter);
		}
	}
	return text ? g_utf8_make_valid(text, (gssize)length) : g_utf8_make_valid(bytes->str, (gssize)bytes->len);
}

char *order_body(const char *data, const struct walk *walk)
{
	const struct walk_entity *entity = walk->flags & WALK_AMBIGUOUS ? NULL : find_text(walk);
	g_autoptr(GString) bytes = g_string_new(NULL);

	if (!entity || (entity->flags & (WALK_TYPE | WALK_ENCODING)))
		return NULL;
	size_t length = MIN(entity->end - entity->body, (size_t)ORDER_BODY);
	if (!decode_transfer(entity, data + entity->body, length, bytes))
		return NULL;
	/* A byte order mark is no letter of the first word. */
	if (g_str_has_prefix(bytes->str, "\xEF\xBB\xBF"))
		g_string_erase(bytes, 0, 3);
	return to_utf8(entity->charset, bytes);
}
