/* Text parts, decoded; see part_text.h. */
#include "lib/mail/part_text.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/text.h"

static void decode(GMimeContentEncoding encoding, const char *data, size_t length, GString *out)
{
	GMimeEncoding state;

	g_mime_encoding_init_decode(&state, encoding);
	g_autofree char *buffer = g_malloc(g_mime_encoding_outlen(&state, length));
	size_t size = g_mime_encoding_step(&state, data, length, buffer);

	g_string_append_len(out, buffer, (gssize)size);
}

gboolean part_decode(const char *data, const struct walk_entity *entity, size_t limit, GString *out)
{
	const char *body = data + entity->body;
	size_t length = MIN(entity->end - entity->body, limit);

	if (entity->flags & WALK_ENCODING)
		return FALSE;
	switch (entity->encoding) {
	case WALK_7BIT:
	case WALK_8BIT:
	case WALK_BINARY:
		g_string_append_len(out, body, (gssize)length);
		return TRUE;
	case WALK_QUOTED_PRINTABLE:
		decode(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, body, length, out);
		return TRUE;
	case WALK_BASE64:
		decode(GMIME_CONTENT_ENCODING_BASE64, body, length, out);
		return TRUE;
	case WALK_UUENCODE:
	case WALK_UNKNOWN:
		return FALSE;
	}
	return FALSE;
}

/* ASCII that no charset of escape sequences (ISO-2022, HZ, UTF-7) reads otherwise. */
static gboolean is_plain(const char *bytes, size_t length)
{
	return !text_has_8bit(bytes, length) && !memchr(bytes, '\033', length) && !memchr(bytes, '~', length) &&
		!memchr(bytes, '+', length) && !memchr(bytes, '\0', length);
}

static char *convert(const char *charset, const char *bytes, size_t length, gsize *written)
{
	iconv_t converter = g_mime_iconv_open("UTF-8", charset);

	if (converter == (iconv_t)-1)
		return NULL;
	char *text = g_convert_with_iconv(bytes, (gssize)length, (GIConv)converter, NULL, written, NULL);
	g_mime_iconv_close(converter);
	return text;
}

char *part_utf8(const char *charset, const char *bytes, size_t length, gboolean *lossy)
{
	g_autofree char *made = NULL;
	gsize size = length;

	if (charset && !is_plain(bytes, length))
		made = convert(charset, bytes, length, &size);
	const char *text = made ? made : bytes;
	if (!made)
		size = length;
	if (lossy)
		*lossy = !g_utf8_validate(text, (gssize)size, NULL);
	/* A byte order mark is no letter of the first word. */
	size_t mark = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	return g_utf8_make_valid(text + mark, (gssize)(size - mark));
}

char *part_text(const char *data, const struct walk_entity *entity, size_t limit)
{
	g_autoptr(GString) bytes = g_string_new(NULL);

	if (!part_decode(data, entity, limit, bytes))
		return NULL;
	return part_utf8(entity->charset, bytes->str, bytes->len, NULL);
}
