/* Helpers for foreign text; see text.h. */
#include "lib/base/text.h"

#include <string.h>

void text_printable(const char *data, size_t length, char *out, size_t size)
{
	size_t room = size - 1;
	size_t take = MIN(length, room);

	for (size_t i = 0; i < take; i++) {
		unsigned char c = (unsigned char)data[i];

		out[i] = (c >= 32 && c < 127) ? (char)c : '?';
	}
	out[take] = '\0';
	if (length > room && room >= 3)
		memcpy(out + room - 3, "...", 3);
}

char *text_printable_dup(const char *data, size_t length, size_t limit)
{
	size_t size = MIN(length, limit) + 1;
	char *out = g_malloc(size);

	text_printable(data, length, out, size);
	return out;
}

gboolean text_equal_ascii_case(const char *data, size_t length, const char *word)
{
	return strlen(word) == length && g_ascii_strncasecmp(data, word, length) == 0;
}

gboolean text_is_utf8(const char *data, size_t length)
{
	return g_utf8_validate_len(data, length, NULL);
}

gboolean text_has_clean_lines(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] == '\0' || data[i] == '\n')
			return FALSE;
		if (data[i] != '\r')
			continue;
		if (i + 1 == length || data[i + 1] != '\n')
			return FALSE;
		i++;
	}
	return TRUE;
}

gboolean text_has_8bit(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)data[i] > 127)
			return TRUE;
	return FALSE;
}

gboolean text_parse_number(const char *data, size_t length, guint64 minimum, guint64 maximum,
	guint64 *number)
{
	guint64 value = 0;

	if (length == 0)
		return FALSE;
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isdigit(data[i]))
			return FALSE;
		if (!g_uint64_checked_mul(&value, value, 10) ||
			!g_uint64_checked_add(&value, value, (guint64)(data[i] - '0')))
			return FALSE;
	}
	if (value < minimum || value > maximum)
		return FALSE;
	*number = value;
	return TRUE;
}

char *text_write_hex(const guint8 *data, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *text = g_malloc(2 * length + 1);

	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	text[2 * length] = '\0';
	return text;
}

gboolean text_read_hex(const char *text, guint8 *data, size_t length)
{
	if (strlen(text) != 2 * length)
		return FALSE;
	for (size_t i = 0; i < length; i++) {
		int high = g_ascii_xdigit_value(text[2 * i]), low = g_ascii_xdigit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return FALSE;
		data[i] = (guint8)(high << 4 | low);
	}
	return TRUE;
}
