/*
 * Encoded words, see encoded_word.h. Decoding is ours and not GMime's, because we must know whether
 * it was lossless: GMime puts a '?' where it does not understand and says nothing. Charsets other
 * than UTF-8 and its subsets go through GMime's iconv cache, which the parent fills before the
 * sandbox closes; one that is missing there is a charset that we cannot read, not an error.
 */
#include "lib/mail/encoded_word.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/text.h"

/* RFC 2047 allows 75; shorter, so that a field's name fits before the first one. */
enum { WORD_LENGTH = 64 };

struct word {
	const char *charset;
	size_t charset_length;
	char encoding; /* 'Q' or 'B' */
	const char *text;
	size_t text_length;
	size_t length; /* of the whole word */
};

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A token of RFC 2047, and a '*' with a language after the charset. */
static gboolean is_token(char c)
{
	return c > 32 && c < 127 && !strchr("()<>@,;:\"/[]?=", c);
}

static gboolean read_word(const char *text, size_t length, struct word *word)
{
	const char *end = text + length, *place = text + 2;

	if (length < 8 || text[0] != '=' || text[1] != '?')
		return FALSE;
	word->charset = place;
	while (place < end && is_token(*place))
		place++;
	word->charset_length = (size_t)(place - word->charset);
	if (word->charset_length == 0 || end - place < 5 || place[0] != '?' || place[2] != '?')
		return FALSE;
	word->encoding = g_ascii_toupper(place[1]);
	if (word->encoding != 'Q' && word->encoding != 'B')
		return FALSE;
	word->text = place += 3;
	while (place + 1 < end && !(place[0] == '?' && place[1] == '='))
		if (is_blank(*place++))
			return FALSE;
	if (place + 1 >= end)
		return FALSE;
	word->text_length = (size_t)(place - word->text);
	word->length = (size_t)(place + 2 - text);
	const char *language = memchr(word->charset, '*', word->charset_length);
	if (language)
		word->charset_length = (size_t)(language - word->charset);
	return word->charset_length > 0;
}

size_t encoded_word_length(const char *text, size_t length)
{
	struct word word;

	return read_word(text, length, &word) ? word.length : 0;
}

size_t encoded_word_run(const char *text, size_t length)
{
	size_t place = 0, end = 0, size;

	while ((size = encoded_word_length(text + place, length - place)) > 0) {
		end = place = place + size;
		while (place < length && is_blank(text[place]))
			place++;
	}
	return end;
}

static gboolean decode_q(const struct word *word, GString *out)
{
	gboolean good = TRUE;

	for (size_t i = 0; i < word->text_length; i++) {
		char c = word->text[i];

		if (c == '=' && i + 2 < word->text_length && g_ascii_isxdigit(word->text[i + 1]) &&
			g_ascii_isxdigit(word->text[i + 2])) {
			c = (char)(g_ascii_xdigit_value(word->text[i + 1]) << 4 |
				   g_ascii_xdigit_value(word->text[i + 2]));
			i += 2;
		} else if (c == '=') {
			good = FALSE;
		} else if (c == '_') {
			c = ' ';
		}
		g_string_append_c(out, c);
	}
	return good;
}

static gboolean decode_b(const struct word *word, GString *out)
{
	size_t room = word->text_length / 4 * 3 + 3, start = out->len;
	gint state = 0;
	guint save = 0;

	g_string_set_size(out, start + room);
	gsize got = g_base64_decode_step(
		word->text, word->text_length, (guchar *)out->str + start, &state, &save);
	g_string_set_size(out, start + got);
	return word->text_length % 4 == 0;
}

static gboolean same_charset(const struct word *a, const struct word *b)
{
	return a->charset_length == b->charset_length &&
	       g_ascii_strncasecmp(a->charset, b->charset, a->charset_length) == 0;
}

static gboolean is_utf8_name(const struct word *word)
{
	return text_equal_ascii_case(word->charset, word->charset_length, "utf-8") ||
	       text_equal_ascii_case(word->charset, word->charset_length, "utf8") ||
	       text_equal_ascii_case(word->charset, word->charset_length, "us-ascii");
}

/*
 * For looking at only: what is UTF-8 as it is, other bytes as Latin-1. A tag that is there already
 * shows through nearly every charset.
 */
static void append_guess(const GString *bytes, GString *out)
{
	const char *place = bytes->str, *end = bytes->str + bytes->len, *valid;

	while (place < end) {
		(void)g_utf8_validate_len(place, (gsize)(end - place), &valid);
		g_string_append_len(out, place, valid - place);
		if (valid < end && *valid)
			g_string_append_unichar(out, (guchar)*valid);
		place = valid + 1;
	}
}

/* Bytes that claim to be of the word's charset, to UTF-8. */
static gboolean convert(const struct word *word, const GString *bytes, GString *out)
{
	if (is_utf8_name(word) && text_is_utf8(bytes->str, bytes->len)) {
		g_string_append_len(out, bytes->str, (gssize)bytes->len);
		return TRUE;
	}
	if (!is_utf8_name(word)) {
		g_autofree char *name = g_strndup(word->charset, word->charset_length);
		GIConv converter = g_iconv_open("UTF-8", name);

		if (converter != (GIConv)-1) {
			gsize length = 0;
			g_autofree char *text = g_convert_with_iconv(bytes->str, (gssize)bytes->len,
				(GIConv)converter, NULL, &length, NULL);

			g_iconv_close(converter);
			if (text && text_is_utf8(text, length)) {
				g_string_append_len(out, text, (gssize)length);
				return TRUE;
			}
		}
	}
	append_guess(bytes, out);
	return FALSE;
}

gboolean encoded_word_decode(const char *run, size_t length, GString *out)
{
	g_autoptr(GString) bytes = g_string_new(NULL);
	struct word word, next;
	gboolean good = TRUE, more = read_word(run, length, &word);
	size_t place = 0;

	/*
	 * Words of one charset are put together before they are converted: a character may be cut
	 * in two between them.
	 */
	while (more) {
		good &= word.encoding == 'Q' ? decode_q(&word, bytes) : decode_b(&word, bytes);
		place += word.length;
		while (place < length && is_blank(run[place]))
			place++;
		more = read_word(run + place, length - place, &next);
		if (!more || !same_charset(&word, &next)) {
			good &= convert(&word, bytes, out);
			g_string_truncate(bytes, 0);
		}
		word = next;
	}
	return good;
}

gboolean encoded_word_is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < 32 || text[i] > 126)
			return FALSE;
		if (text[i] == '=' && i + 1 < length && text[i + 1] == '?')
			return FALSE;
	}
	return TRUE;
}

static size_t q_length(char c)
{
	return g_ascii_isalnum(c) || c == ' ' || (c && strchr("!*+-/", c)) ? 1 : 3;
}

static void append_q(GString *out, char c)
{
	if (c == ' ')
		g_string_append_c(out, '_');
	else if (q_length(c) == 1)
		g_string_append_c(out, c);
	else
		g_string_append_printf(out, "=%02X", (guchar)c);
}

void encoded_word_append(GString *out, const char *text, size_t length)
{
	gboolean utf8 = text_is_utf8(text, length);
	const char *charset = utf8 ? "utf-8" : ENCODED_WORD_UNKNOWN;
	size_t room = WORD_LENGTH - strlen(charset) -
		      strlen("=?"
			     "?Q?"
			     "?="),
	       used = 0;

	for (size_t place = 0; place < length;) {
		size_t size = utf8 ? (size_t)(g_utf8_next_char(text + place) - (text + place)) : 1,
		       want = 0;

		for (size_t i = 0; i < size; i++)
			want += q_length(text[place + i]);
		if (place == 0 || used + want > room) {
			g_string_append_printf(out, "%s=?%s?Q?", place == 0 ? "" : "?= ", charset);
			used = 0;
		}
		for (size_t i = 0; i < size; i++)
			append_q(out, text[place + i]);
		used += want;
		place += size;
	}
	if (length > 0)
		g_string_append(out, "?=");
}
