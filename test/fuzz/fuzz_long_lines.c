/* room: intake */
/*
 * Long lines in any message: refused, or mended so that no long line is left and the parts are the same
 * ones as before, each decoding to the same. In the input '@' stands for 1,000 letters and '%' for
 * 1,000 letters with blanks, so that a fuzzer need not find them.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <string.h>

#include "lib/mail/long_lines.h"
#include "lib/mail/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static GString *expand(const uint8_t *data, size_t size)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '@' || data[i] == '%')
			for (guint j = 0; j < 1000; j++)
				g_string_append_c(out, data[i] == '%' && j % 10 == 9 ? ' ' : 'k');
		else if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			g_string_append(out, "\r\n");
		else if (data[i] != '\0' && data[i] != '\r')
			g_string_append_c(out, (char)data[i]);
		else if (data[i] == '\r' && i + 1 < size && data[i + 1] == '\n')
			g_string_append_c(out, '\r');
	}
	/* LMTP data ends in CRLF always. */
	g_string_append(out, g_str_has_suffix(out->str, "\r") ? "\n" : "\r\n");
	return out;
}

/* What a reader sees of a leaf: bytes, without what the encodings say to ignore at the end of lines. */
static GString *decode(const struct walk_entity *entity, const char *message)
{
	gboolean quoted = entity->encoding == WALK_QUOTED_PRINTABLE, base64 = entity->encoding == WALK_BASE64;
	GString *out = g_string_new(NULL);
	size_t length = entity->end - entity->body;
	GMimeEncoding state;

	g_mime_encoding_init_decode(&state, quoted	? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
					    : base64	? GMIME_CONTENT_ENCODING_BASE64
							: GMIME_CONTENT_ENCODING_BINARY);
	g_string_set_size(out, g_mime_encoding_outlen(&state, length) + 4);
	g_string_set_size(out, g_mime_encoding_step(&state, message + entity->body, length, out->str));
	return out;
}

static void same_parts(const struct walk *before, const char *old, const struct walk *after, const char *new)
{
	demand(before->entities->len == after->entities->len);
	for (guint i = 0; i < before->entities->len; i++) {
		const struct walk_entity *a = walk_entity(before, i), *b = walk_entity(after, i);

		demand(strcmp(a->type, b->type) == 0 && a->parent == b->parent && a->depth == b->depth);
		demand(g_strcmp0(a->charset, b->charset) == 0 && g_strcmp0(a->name, b->name) == 0);
		if (walk_is_multipart(a) || walk_is_message(a) || a->encoding == WALK_QUOTED_PRINTABLE)
			continue;
		g_autoptr(GString) was = decode(a, old), is = decode(b, new);
		demand(g_string_equal(was, is));
	}
}

static void mend_and_look(const char *data, size_t length, struct header *header, size_t body)
{
	GString *mended = NULL;
	struct verdict verdict = long_lines_mend(header, data, length, body, &mended);
	struct walk before, after;

	if (verdict_is_final(&verdict)) {
		demand(mended == NULL);
		return;
	}
	g_autoptr(GString) whole = g_string_new(NULL);
	header_render(header, whole);
	demand(!long_lines_found(whole->str, whole->len));
	if (!mended)
		return;
	demand(!long_lines_found(mended->str, mended->len));
	g_string_append(whole, "\r\n");
	g_string_append_len(whole, mended->str, (gssize)mended->len);
	demand(walk_message(data, length, &before) == WALK_OK);
	enum walk_result again = walk_message(whole->str, whole->len, &after);
	/* Folds add bytes: a header that was just within a limit may be over it now. */
	demand(again == WALK_OK || again == WALK_HEADER_LIMIT);
	if (again == WALK_OK)
		same_parts(&before, data, &after, whole->str);
	walk_clear(&before);
	walk_clear(&after);
	g_string_free(mended, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	size_t body;

	if (size > 4000)
		return 0;
	g_autoptr(GString) text = expand(data, size);
	g_autofree char *block = g_memdup2(text->str, MAX(text->len, 1));
	if (header_parse(block, text->len, &header, &body) != HEADER_OK)
		return 0;
	mend_and_look(block, text->len, &header, body);
	header_clear(&header);
	return 0;
}
