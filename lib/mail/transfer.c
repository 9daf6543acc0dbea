/* Quoted-printable and base64; see transfer.h. */
#include "lib/mail/transfer.h"

#include <string.h>

enum { LINE = 76 };

/* The length of the line at `data` without its CRLF; `*whole` with it. */
static size_t line_length(const char *data, size_t length, size_t *whole)
{
	const char *end = memchr(data, '\n', length);

	*whole = end ? (size_t)(end + 1 - data) : length;
	if (end && end > data && end[-1] == '\r')
		end--;
	return end ? (size_t)(end - data) : length;
}

static gboolean is_safe(char c)
{
	return (c >= 33 && c <= 126 && c != '=') || c == ' ' || c == '\t';
}

/*
 * Appends one unit (a byte or a "=XX") behind a soft break if the line is full. A '-' may not begin
 * a line that we begin.
 */
static void append_unit(GString *out, const char *unit, size_t length, size_t *column)
{
	/* One place is kept for the '=' of a soft break. */
	if (*column + length > LINE - 1) {
		g_string_append(out, "=\r\n");
		*column = 0;
		if (length == 1 && *unit == '-') {
			g_string_append(out, "=2D");
			*column = 3;
			return;
		}
	}
	g_string_append_len(out, unit, (gssize)length);
	*column += length;
}

static void quote_line(const char *line, size_t length, GString *out)
{
	size_t column = 0;

	for (size_t i = 0; i < length; i++) {
		char c = line[i], escaped[4];
		gboolean blank_at_end = (c == ' ' || c == '\t') && i + 1 == length;
		/*
		 * "From " at the start of a line is not safe in mailboxes, "--" not in multiparts,
		 * a lone dot not in old mailers.
		 */
		gboolean risky_start =
			i == 0 &&
			(c == '-' || c == '.' ||
				(c == 'F' && length > 4 && memcmp(line, "From ", 5) == 0));

		if (is_safe(c) && !blank_at_end && !risky_start) {
			append_unit(out, &c, 1, &column);
			continue;
		}
		g_snprintf(escaped, sizeof escaped, "=%02X", (guchar)c);
		append_unit(out, escaped, 3, &column);
	}
}

void transfer_quote(const char *data, size_t length, GString *out)
{
	while (length > 0) {
		size_t whole, size = line_length(data, length, &whole);

		quote_line(data, size, out);
		if (whole > size)
			g_string_append(out, "\r\n");
		data += whole;
		length -= whole;
	}
}

guint transfer_quote_cost(const char *data, size_t length)
{
	size_t unsafe = 0;

	for (size_t i = 0; i < length; i++)
		unsafe += !is_safe(data[i]) && data[i] != '\r' && data[i] != '\n';
	return length ? (guint)(unsafe * 100 / length) : 0;
}

void transfer_base64(const char *data, size_t length, GString *out)
{
	enum { BYTES = LINE / 4 * 3 };

	for (size_t place = 0; place < length; place += BYTES) {
		g_autofree char *line =
			g_base64_encode((const guchar *)data + place, MIN(length - place, BYTES));

		if (place > 0)
			g_string_append(out, "\r\n");
		g_string_append(out, line);
	}
}

static void rewrap_quoted_line(const char *line, size_t length, GString *out)
{
	size_t column = 0;

	for (size_t i = 0; i < length;) {
		size_t unit = 1;

		if (line[i] == '=' && length - i >= 3 && g_ascii_isxdigit(line[i + 1]) &&
			g_ascii_isxdigit(line[i + 2]))
			unit = 3;
		else if (line[i] == '=')
			/*
			 * A soft break of its own, or something broken that belongs together: not
			 * torn apart.
			 */
			unit = MIN(length - i, 3);
		append_unit(out, line + i, unit, &column);
		i += unit;
	}
}

void transfer_rewrap_quoted(const char *data, size_t length, size_t limit, GString *out)
{
	while (length > 0) {
		size_t whole, size = line_length(data, length, &whole), text = size;

		if (size <= limit) {
			g_string_append_len(out, data, (gssize)whole);
		} else {
			/*
			 * Blanks at the end of a line do not count (RFC 2045 section 6.7, rule 3);
			 * behind a break of ours they would be a line of blanks.
			 */
			while (text > 0 && (data[text - 1] == ' ' || data[text - 1] == '\t'))
				text--;
			rewrap_quoted_line(data, text, out);
			if (whole > size)
				g_string_append(out, "\r\n");
		}
		data += whole;
		length -= whole;
	}
}

static gboolean is_base64(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isalnum(line[i]) && line[i] != '+' && line[i] != '/' && line[i] != '=')
			return FALSE;
	return TRUE;
}

gboolean transfer_rewrap_base64(const char *data, size_t length, size_t limit, GString *out)
{
	while (length > 0) {
		size_t whole, size = line_length(data, length, &whole), place = 0;

		if (size > limit) {
			if (!is_base64(data, size))
				return FALSE;
			for (; size - place > LINE; place += LINE) {
				g_string_append_len(out, data + place, LINE);
				g_string_append(out, "\r\n");
			}
		}
		g_string_append_len(out, data + place, (gssize)(whole - place));
		data += whole;
		length -= whole;
	}
	return TRUE;
}
