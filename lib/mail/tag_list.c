/* Tag lists; see tag_list.h. */
#include "lib/mail/tag_list.h"

#include <string.h>

#include "lib/base/text.h"

/* Bytes of the blank or fold at `place`, 0 when there is none. RFC 6376 section 2.8. */
static size_t blank_length(const char *place, const char *end)
{
	if (place < end && (*place == ' ' || *place == '\t'))
		return 1;
	return end - place > 2 && place[0] == '\r' && place[1] == '\n' && (place[2] == ' ' || place[2] == '\t') ? 3 : 0;
}

static const char *skip_blanks(const char *place, const char *end)
{
	size_t size;

	while ((size = blank_length(place, end)) > 0)
		place += size;
	return place;
}

/* VALCHAR, or a byte of UTF-8, which is looked at as a whole. */
static gboolean is_value_byte(char c)
{
	return (guchar)c > ' ' && c != ';' && c != 0x7f;
}

/* ALPHA *(ALPHA / DIGIT / "_"). */
static size_t name_length(const char *place, const char *end)
{
	const char *start = place;

	if (place == end || !g_ascii_isalpha(*place))
		return 0;
	while (place < end && (g_ascii_isalnum(*place) || *place == '_'))
		place++;
	return (size_t)(place - start);
}

static gboolean is_known(const struct tag_list *list, const struct tag *tag)
{
	for (guint i = 0; i < list->count; i++)
		if (list->tags[i].name_length == tag->name_length &&
			memcmp(list->tags[i].name, tag->name, tag->name_length) == 0)
			return TRUE;
	return FALSE;
}

/* One tag at `place`. Where it ends, behind the ';' or at the end; NULL when it is none. */
static const char *parse_tag(const char *place, const char *end, struct tag *tag)
{
	size_t size;

	tag->name = skip_blanks(place, end);
	tag->name_length = name_length(tag->name, end);
	place = skip_blanks(tag->name + tag->name_length, end);
	if (tag->name_length == 0 || place == end || *place != '=')
		return NULL;
	tag->start = ++place;
	tag->value = place = skip_blanks(place, end);
	const char *last = place;
	while (place < end && *place != ';') {
		if ((size = blank_length(place, end)) > 0) {
			place += size;
		} else if (is_value_byte(*place)) {
			last = ++place;
		} else {
			return NULL;
		}
	}
	tag->length = (size_t)(last - tag->value);
	tag->whole = (size_t)(place - tag->start);
	if (!text_is_utf8(tag->value, tag->length))
		return NULL;
	return place < end ? place + 1 : end;
}

static gboolean parse(const char *data, size_t length, struct tag_list *list)
{
	const char *end = data + length;

	list->count = 0;
	for (const char *place = data;;) {
		/* A ';' behind the last tag is allowed. */
		if (list->count > 0 && skip_blanks(place, end) == end)
			return TRUE;
		if (list->count == TAG_LIST_TAGS)
			return FALSE;
		struct tag *tag = &list->tags[list->count];
		place = parse_tag(place, end, tag);
		if (!place || is_known(list, tag))
			return FALSE;
		list->count++;
	}
}

gboolean tag_list_parse(const char *data, size_t length, struct tag_list *list)
{
	if (length > 0 && parse(data, length, list))
		return TRUE;
	list->count = 0;
	return FALSE;
}

const struct tag *tag_list_find(const struct tag_list *list, const char *name)
{
	size_t length = strlen(name);

	for (guint i = 0; i < list->count; i++)
		if (list->tags[i].name_length == length && memcmp(list->tags[i].name, name, length) == 0)
			return &list->tags[i];
	return NULL;
}

char *tag_list_text(const struct tag_list *list, const char *name)
{
	const struct tag *tag = tag_list_find(list, name);

	if (!tag)
		return NULL;
	char *text = g_malloc(tag->length + 1);
	size_t used = 0;
	for (size_t i = 0; i < tag->length; i++)
		if (!strchr(" \t\r\n", tag->value[i]))
			text[used++] = tag->value[i];
	text[used] = '\0';
	return text;
}

gboolean tag_list_is(const struct tag_list *list, const char *name, const char *word, gboolean any_case)
{
	const struct tag *tag = tag_list_find(list, name);

	if (!tag)
		return FALSE;
	if (any_case)
		return text_equal_ascii_case(tag->value, tag->length, word);
	return tag->length == strlen(word) && memcmp(tag->value, word, tag->length) == 0;
}

gboolean tag_list_has(const struct tag_list *list, const char *name, const char *word)
{
	g_autofree char *text = tag_list_text(list, name);
	g_auto(GStrv) words = text ? g_strsplit(text, ":", -1) : NULL;

	for (guint i = 0; words && words[i]; i++)
		if (g_ascii_strcasecmp(words[i], word) == 0)
			return TRUE;
	return FALSE;
}

/* RFC 4648 section 4, whole groups only; GLib's decoder would skip what it does not know. */
static gboolean is_base64(const char *text)
{
	size_t length = strlen(text), plain = 0;

	while (g_ascii_isalnum(text[plain]) || (text[plain] && strchr("+/", text[plain])))
		plain++;
	return plain > 0 && length % 4 == 0 && length - plain <= 2 && strspn(text + plain, "=") == length - plain;
}

GBytes *tag_list_base64(const struct tag_list *list, const char *name)
{
	g_autofree char *text = tag_list_text(list, name);
	gsize length;

	if (!text || !is_base64(text))
		return NULL;
	guchar *data = g_base64_decode(text, &length);
	return g_bytes_new_take(data, length);
}

gboolean tag_list_number(const struct tag_list *list, const char *name, gint64 *number)
{
	const struct tag *tag = tag_list_find(list, name);
	guint64 found;

	if (!tag || tag->length > 12 || !text_parse_number(tag->value, tag->length, 0, G_MAXINT64, &found))
		return FALSE;
	*number = (gint64)found;
	return TRUE;
}
