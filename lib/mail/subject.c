/* The subject's tag; see subject.h. */
#include "lib/mail/subject.h"

#include <string.h>

#include "lib/mail/encoded_word.h"

/* Bytes of the longest word before a ':' that we take for a "Re" of some language. */
enum { REPLY_WORD = 12 };

struct chain {
	const char *tag;
	size_t tag_length;
	guint tags;    /* seen so far */
	gboolean open; /* still among prefixes and tags */
};

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *text, size_t length, size_t place)
{
	while (place < length && is_blank(text[place]))
		place++;
	return place;
}

static size_t skip_digits(const char *text, size_t length, size_t place)
{
	while (place < length && g_ascii_isdigit(text[place]))
		place++;
	return place;
}

/* "[2]", "(2)", "^2" behind a "Re". */
static size_t skip_count(const char *text, size_t length, size_t place)
{
	if (place >= length || (text[place] != '[' && text[place] != '(' && text[place] != '^'))
		return place;
	char closing = text[place] == '[' ? ']' : text[place] == '(' ? ')' : '\0';
	size_t end = skip_digits(text, length, place + 1);
	if (end == place + 1)
		return place;
	if (closing == '\0')
		return end;
	return end < length && text[end] == closing ? end + 1 : place;
}

/*
 * The length of a "Re:" of any language: a short word of letters (bytes above 127 are letters),
 * perhaps a count, and a colon. A list of known words would miss the next one ("Odp:", "Ynt:",
 * "回复："), and then each reply would bring one tag more.
 */
static size_t reply_length(const char *text, size_t length)
{
	static const char wide_colon[] = "\xEF\xBC\x9A";
	size_t place = 0;

	while (place < length && place < REPLY_WORD &&
		(g_ascii_isalpha(text[place]) || (guchar)text[place] > 127)) {
		if (place > 0 && length - place >= 3 && memcmp(text + place, wide_colon, 3) == 0)
			return place + 3;
		place++;
	}
	if (place == 0)
		return 0;
	place = skip_blanks(
		text, length, skip_count(text, length, skip_blanks(text, length, place)));
	return place < length && text[place] == ':' ? place + 1 : 0;
}

/*
 * Copies a stretch of the subject without the tags after the first one. TRUE when some were left
 * out.
 */
static gboolean copy_stretch(struct chain *chain, const char *text, size_t length, GString *out)
{
	gboolean changed = FALSE;
	size_t place = 0, size;

	while (chain->open && place < length) {
		if (is_blank(text[place])) {
			g_string_append_c(out, text[place++]);
		} else if (length - place >= chain->tag_length &&
			   g_ascii_strncasecmp(text + place, chain->tag, chain->tag_length) == 0) {
			if (chain->tags++ == 0) {
				g_string_append_len(out, text + place, (gssize)chain->tag_length);
				place += chain->tag_length;
				continue;
			}
			changed = TRUE;
			place = skip_blanks(text, length, place + chain->tag_length);
		} else if ((size = reply_length(text + place, length - place)) > 0) {
			g_string_append_len(out, text + place, (gssize)size);
			place += size;
		} else {
			chain->open = FALSE;
		}
	}
	g_string_append_len(out, text + place, (gssize)(length - place));
	return changed;
}

static gboolean copy_run(struct chain *chain, const char *run, size_t length, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL), kept = g_string_new(NULL);
	gboolean lossless = encoded_word_decode(run, length, text);

	if (copy_stretch(chain, text->str, text->len, kept) && lossless) {
		encoded_word_append(out, kept->str, kept->len);
		return TRUE;
	}
	g_string_append_len(out, run, (gssize)length);
	return FALSE;
}

/*
 * The next stretch of plain text: up to an encoded word that stands after a blank, as RFC 2047
 * section 5 wants it.
 */
static size_t plain_length(const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (is_blank(text[i - 1]) && encoded_word_length(text + i, length - i) > 0)
			return i;
	return length;
}

static gboolean copy_subject(struct chain *chain, const char *value, GString *out)
{
	size_t length = strlen(value), place = 0;
	gboolean changed = FALSE;

	while (chain->open && place < length) {
		size_t run = encoded_word_run(value + place, length - place);
		size_t size = run ? run : plain_length(value + place, length - place);

		changed |= run ? copy_run(chain, value + place, size, out)
			       : copy_stretch(chain, value + place, size, out);
		place += size;
	}
	g_string_append(out, value + place);
	return changed;
}

/*
 * The tag as it stands before `value`. A blank between two encoded words is not shown, so it goes
 * into the first one.
 */
static char *put_in_front(const char *tag, const char *value)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (encoded_word_is_plain(tag, strlen(tag))) {
		g_string_append(out, tag);
	} else {
		g_autofree char *spaced = g_strconcat(
			tag, encoded_word_length(value, strlen(value)) ? " " : "", NULL);

		encoded_word_append(out, spaced, strlen(spaced));
	}
	if (*value)
		g_string_append_c(out, ' ');
	g_string_append(out, value);
	return g_strdup(out->str);
}

void subject_put_tag(struct header *header, const char *tag)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(tag));
	g_autofree char *value = header_value(header, "Subject", 0);
	g_autoptr(GString) kept = g_string_new(NULL);
	struct chain chain = {.tag = trimmed, .tag_length = strlen(trimmed), .open = TRUE};

	if (chain.tag_length == 0)
		return;
	gboolean changed = value && copy_subject(&chain, value, kept);
	if (changed) {
		header_replace(header, "Subject", kept->str);
	} else if (chain.tags == 0) {
		g_autofree char *tagged = put_in_front(trimmed, value ? value : "");

		header_replace(header, "Subject", tagged);
	}
}
