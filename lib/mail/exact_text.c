/* The text of a part; see exact_text.h. */
#include "lib/mail/exact_text.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/transfer.h"

enum {
	CHARSET_NAME = 40, /* bytes of a charset's name: the longest that is registered and in use has 23 */
	QUOTE_COST = 20,   /* percent; as in long_lines.c */
};

/* ---- transfer encodings ---- */

static gboolean decode_quoted(const char *data, size_t length, GString *out)
{
	for (size_t i = 0; i < length; i++) {
		if ((guchar)data[i] > 126)
			return FALSE;
		if (data[i] != '=') {
			g_string_append_c(out, data[i]);
			continue;
		}
		if (length - i >= 3 && g_ascii_isxdigit(data[i + 1]) && g_ascii_isxdigit(data[i + 2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(data[i + 1]) << 4 | g_ascii_xdigit_value(data[i + 2])));
			i += 2;
			continue;
		}
		/* A soft break; blanks that a server has put behind it do not count. At the very end its line end may be gone. */
		size_t place = i + 1;
		while (place < length && (data[place] == ' ' || data[place] == '\t'))
			place++;
		if (place < length && (length - place < 2 || data[place] != '\r' || data[place + 1] != '\n'))
			return FALSE;
		i = place + 1;
	}
	return TRUE;
}

/* Letters of the alphabet in fours, lines anywhere, padding only at the end. */
static gboolean decode_base64(const char *data, size_t length, GString *out)
{
	size_t letters = 0, padding = 0, start = out->len;
	gint state = 0;
	guint save = 0;

	for (size_t i = 0; i < length; i++) {
		if (memchr(" \t\r\n", data[i], 4))
			continue;
		if (data[i] == '=')
			padding++;
		else if (padding > 0 || !(g_ascii_isalnum(data[i]) || data[i] == '+' || data[i] == '/'))
			return FALSE;
		letters++;
	}
	if (padding > 2 || letters % 4 != 0)
		return FALSE;
	g_string_set_size(out, start + letters / 4 * 3 + 3);
	gsize got = g_base64_decode_step(data, length, (guchar *)out->str + start, &state, &save);
	g_string_set_size(out, start + got);
	return TRUE;
}

gboolean exact_text_decode(const char *data, size_t length, enum walk_encoding encoding, GString *out)
{
	switch (encoding) {
	case WALK_7BIT:
	case WALK_8BIT:
	case WALK_BINARY:
		g_string_append_len(out, data, (gssize)length);
		return TRUE;
	case WALK_QUOTED_PRINTABLE:
		return decode_quoted(data, length, out);
	case WALK_BASE64:
		return decode_base64(data, length, out);
	case WALK_UUENCODE:
	case WALK_UNKNOWN:
		return FALSE;
	}
	return FALSE;
}

/* ---- character sets ---- */

/* iconv takes more than names: "utf-8//IGNORE" would let it drop what it does not like. */
static gboolean is_charset_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > CHARSET_NAME)
		return FALSE;
	for (; *name; name++)
		if (!g_ascii_isalnum(*name) && !strchr("-_.:", *name))
			return FALSE;
	return TRUE;
}

static gboolean is_utf8_name(const char *charset)
{
	return g_ascii_strcasecmp(charset, "utf-8") == 0 || g_ascii_strcasecmp(charset, "utf8") == 0;
}

static gboolean is_ascii_name(const char *charset)
{
	return g_ascii_strcasecmp(charset, "us-ascii") == 0 || g_ascii_strcasecmp(charset, "ascii") == 0;
}

/* NULL when it does not convert without loss. */
static char *convert(const char *data, size_t length, const char *to, const char *from, gsize *written)
{
	iconv_t converter = g_mime_iconv_open(to, from);

	if (converter == (iconv_t)-1)
		return NULL;
	char *text = g_convert_with_iconv(data, (gssize)length, (GIConv)converter, NULL, written, NULL);
	g_mime_iconv_close(converter);
	return text;
}

gboolean exact_text_to_utf8(const char *data, size_t length, const char *charset, GString *out)
{
	gsize written = 0;

	charset = charset ? charset : "us-ascii";
	if (length > EXACT_TEXT_LIMIT)
		return FALSE;
	if (is_ascii_name(charset) ? !text_has_8bit(data, length) && !memchr(data, '\0', length)
							   : is_utf8_name(charset) && text_is_utf8(data, length)) {
		g_string_append_len(out, data, (gssize)length);
		return TRUE;
	}
	if (is_ascii_name(charset) || is_utf8_name(charset) || !is_charset_name(charset))
		return FALSE;
	g_autofree char *text = convert(data, length, "utf-8", charset, &written);
	if (!text || !text_is_utf8(text, written))
		return FALSE;
	g_string_append_len(out, text, (gssize)written);
	return TRUE;
}

/* UTF-16, UTF-7 and their kin: bytes of theirs cannot stand beside bytes that are there already. */
static gboolean contains_ascii(const char *charset)
{
	static const char sample[] = "Az09+&=\r\n";
	gsize written = 0;
	g_autofree char *text = convert(sample, strlen(sample), charset, "utf-8", &written);

	return text && written == strlen(sample) && memcmp(text, sample, written) == 0;
}

gboolean exact_text_from_utf8(const char *text, size_t length, const char *charset, GString *out)
{
	gsize written = 0;

	charset = charset ? charset : "us-ascii";
	if (is_utf8_name(charset) || (is_ascii_name(charset) && !text_has_8bit(text, length))) {
		g_string_append_len(out, text, (gssize)length);
		return TRUE;
	}
	if (is_ascii_name(charset) || !is_charset_name(charset) || !contains_ascii(charset))
		return FALSE;
	g_autofree char *made = convert(text, length, charset, "utf-8", &written);
	if (!made)
		return FALSE;
	g_string_append_len(out, made, (gssize)written);
	return TRUE;
}

gboolean exact_text_read(const char *message, const struct walk_entity *entity, GString *out)
{
	g_autoptr(GString) bytes = g_string_new(NULL);

	/* base64 takes a third more, quoted-printable at most three times as much. */
	return entity->end - entity->body <= 3 * (size_t)EXACT_TEXT_LIMIT &&
		exact_text_decode(message + entity->body, entity->end - entity->body, entity->encoding, bytes) &&
		exact_text_to_utf8(bytes->str, bytes->len, entity->charset, out);
}

/* ---- writing ---- */

const char *exact_text_encode(const char *data, size_t length, GString *out)
{
	if (!text_has_8bit(data, length) && !long_lines_found(data, length)) {
		g_string_append_len(out, data, (gssize)length);
		return "7bit";
	}
	if (transfer_quote_cost(data, length) <= QUOTE_COST) {
		transfer_quote(data, length, out);
		return "quoted-printable";
	}
	transfer_base64(data, length, out);
	return "base64";
}

const char *exact_text_charset(const char *text, size_t length)
{
	return text_has_8bit(text, length) ? "utf-8" : "us-ascii";
}
