/* The mbox format; see mbox.h. */
#include "lib/archive/mbox.h"

#include <string.h>
#include <time.h>

enum {
	PIECE = 64 * 1024, /* bytes read at a time: a line may be longer */
	LINE_LIMIT = 500,  /* bytes of a "From " line; what is longer is none */
};

static const char from[] = "From ";
enum { FROM_LENGTH = sizeof(from) - 1 };

void mbox_append_line(GString *out, const char *sender, gint64 at)
{
	time_t seconds = (time_t)at;
	struct tm parts;
	char date[64];

	/* The days and months of the format are English, whatever the locale says. */
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	if (!gmtime_r(&seconds, &parts)) {
		seconds = 0;
		gmtime_r(&seconds, &parts);
	}
	g_snprintf(date, sizeof(date), "%s %s %2d %02d:%02d:%02d %d", days[parts.tm_wday], months[parts.tm_mon], parts.tm_mday, parts.tm_hour,
		parts.tm_min, parts.tm_sec, parts.tm_year + 1900);
	g_string_append_printf(out, "From %s %s\n", sender, date);
}

static gboolean is_quotable(const char *line, gsize length)
{
	while (length > 0 && *line == '>') {
		line++;
		length--;
	}
	return length >= FROM_LENGTH && memcmp(line, from, FROM_LENGTH) == 0;
}

void mbox_append_message(GString *out, const char *data, gsize length)
{
	while (length > 0) {
		const char *end = memchr(data, '\n', length);
		gsize size = end ? (gsize)(end - data) + 1 : length;

		if (is_quotable(data, size))
			g_string_append_c(out, '>');
		g_string_append_len(out, data, (gssize)size);
		if (!end)
			g_string_append_c(out, '\n');
		data += size;
		length -= size;
	}
	g_string_append_c(out, '\n');
}

/* ---- reading ---- */

struct mbox_reader {
	FILE *file;
	gsize most;
	char piece[PIECE];
	gsize length;         /* of the piece */
	gboolean at_start;    /* the piece begins a line */
	gboolean ahead;       /* the piece is the "From " line of the next message */
	gboolean begun, is_empty_before;
};

struct mbox_reader *mbox_reader_new(FILE *file, gsize most)
{
	struct mbox_reader *reader = g_new0(struct mbox_reader, 1);

	reader->file = file;
	reader->most = most;
	reader->is_empty_before = TRUE;
	reader->at_start = TRUE;
	return reader;
}

void mbox_reader_free(struct mbox_reader *reader)
{
	g_free(reader);
}

/* A line, or a piece of one that is too long, into `piece`, without the CR before its LF. FALSE at the end. */
static gboolean read_piece(struct mbox_reader *reader)
{
	gboolean ended = reader->length == 0 || reader->piece[reader->length - 1] == '\n';
	gsize length = 0;
	int c = EOF;

	/* One less, so that a CR at the end of a piece can wait for its LF. */
	while (length < PIECE - 1 && (c = getc_unlocked(reader->file)) != EOF) {
		reader->piece[length++] = (char)c;
		if (c == '\n')
			break;
	}
	if (length == PIECE - 1 && reader->piece[length - 1] == '\r' && (c = getc_unlocked(reader->file)) != EOF)
		reader->piece[length++] = (char)c;
	if (length >= 2 && reader->piece[length - 1] == '\n' && reader->piece[length - 2] == '\r')
		reader->piece[--length - 1] = '\n';
	reader->at_start = ended;
	reader->length = length;
	return length > 0;
}

/* HH:MM and a year somewhere behind the sender. */
static gboolean has_time(const char *text)
{
	gboolean time = FALSE, year = FALSE;

	for (const char *c = text; *c; c++) {
		time = time || (g_ascii_isdigit(c[0]) && c[1] == ':' && g_ascii_isdigit(c[2]) && g_ascii_isdigit(c[3]));
		year = year || (c[0] == ' ' && (strncmp(c + 1, "19", 2) == 0 || strncmp(c + 1, "20", 2) == 0) && g_ascii_isdigit(c[3]) &&
			g_ascii_isdigit(c[4]) && !g_ascii_isdigit(c[5]));
	}
	return time && year;
}

/* HH:MM or HH:MM:SS. */
static void read_clock(const char *word, int time[3])
{
	g_auto(GStrv) parts = g_strsplit(word, ":", 4);

	for (guint i = 0; i < 3 && parts[i]; i++)
		time[i] = (int)g_ascii_strtoll(parts[i], NULL, 10);
}

/* "… Sat Nov 21 14:56:08 2026", a zone before the year or behind it not looked at: a day more or less does no harm. */
static gint64 read_time(const char *line)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	g_auto(GStrv) words = g_strsplit_set(line, " \t\n", -1);
	int month = 0, day = 0, year = 0, time[3] = {0};

	for (char **word = words; *word; word++) {
		const char *found = strlen(*word) == 3 ? strstr(months, *word) : NULL;
		gsize length = strlen(*word);
		gboolean number = length > 0 && strspn(*word, "0123456789") == length;

		if (found && (found - months) % 3 == 0)
			month = (int)(found - months) / 3 + 1;
		else if (number && length <= 2)
			day = (int)g_ascii_strtoll(*word, NULL, 10);
		else if (number && length == 4)
			year = (int)g_ascii_strtoll(*word, NULL, 10);
		else if (strchr(*word, ':') && strspn(*word, "0123456789:") == length && length <= 8)
			read_clock(*word, time);
	}
	g_autoptr(GDateTime) found = g_date_time_new_utc(year, month, day, time[0], time[1], time[2]);
	return found && year >= 1970 ? g_date_time_to_unix(found) : 0;
}

static gboolean begins_message(const struct mbox_reader *reader)
{
	char line[LINE_LIMIT];

	if (!reader->at_start || !reader->is_empty_before || reader->length < FROM_LENGTH || reader->length >= sizeof(line) ||
		memcmp(reader->piece, from, FROM_LENGTH) != 0)
		return FALSE;
	memcpy(line, reader->piece, reader->length);
	line[reader->length] = '\0';
	return has_time(line);
}

static gint64 take_line(const struct mbox_reader *reader)
{
	g_autofree char *line = g_strndup(reader->piece, reader->length);

	return read_time(line);
}

/* FALSE when it is too large, and grows no more. */
static gboolean take_piece(const struct mbox_reader *reader, GString *out)
{
	gsize quote = reader->at_start && *reader->piece == '>' && is_quotable(reader->piece, reader->length) ? 1 : 0;

	if (out->len + reader->length - quote > reader->most + 1)
		return FALSE;
	g_string_append_len(out, reader->piece + quote, (gssize)(reader->length - quote));
	return TRUE;
}

enum mbox_read mbox_reader_next(struct mbox_reader *reader, GString *out, gint64 *at)
{
	gboolean good = TRUE;

	g_string_truncate(out, 0);
	*at = 0;
	if (!reader->ahead && !read_piece(reader))
		return ferror(reader->file) ? MBOX_TROUBLE : MBOX_END;
	if (!reader->ahead && !begins_message(reader))
		return MBOX_NO_MBOX;
	*at = take_line(reader);
	reader->ahead = FALSE;
	reader->is_empty_before = FALSE;
	while (!reader->ahead && read_piece(reader)) {
		reader->ahead = begins_message(reader);
		if (!reader->ahead)
			good = good && take_piece(reader, out);
		reader->is_empty_before = reader->at_start && reader->length == 1 && *reader->piece == '\n';
	}
	if (ferror(reader->file))
		return MBOX_TROUBLE;
	/* The empty line before the next "From " belongs to the format. */
	if ((out->len >= 2 && memcmp(out->str + out->len - 2, "\n\n", 2) == 0) || (out->len == 1 && *out->str == '\n'))
		g_string_truncate(out, out->len - 1);
	return good && out->len > 0 && out->len <= reader->most ? MBOX_MESSAGE : MBOX_TOO_LARGE;
}
