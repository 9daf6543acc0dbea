/*
 * Parsing replies; see smtp_reply.h. Strict where two readings would be possible (codes that differ, NUL), generous where servers are sloppy
 * (LF alone, no text). Decided at the first byte that cannot be right.
 */
#include "lib/relay/smtp_reply.h"

#include <string.h>

#include "lib/base/text.h"

enum {
	CODE_LENGTH = 3,
	QUEUE_ID_LIMIT = 64, /* characters */
	WORDS_LIMIT = 4096,  /* bytes of text that are looked at for a reason; more would not be repeated anyway */
};

/* The code at the start of a line of `length` bytes that may be cut off; 0: none yet, -1: never. */
static int read_code(const char *line, gsize length)
{
	int code = 0;

	for (gsize i = 0; i < CODE_LENGTH; i++) {
		if (i == length)
			return 0;
		if (!g_ascii_isdigit(line[i]) || (i == 0 && (line[i] < '2' || line[i] > '5')) || (i == 1 && line[i] > '5'))
			return -1;
		code = code * 10 + line[i] - '0';
	}
	if (length > CODE_LENGTH && !memchr(" -\r\n", line[CODE_LENGTH], 4))
		return -1;
	return code;
}

enum smtp_reply_result smtp_reply_parse(const char *data, gsize length, struct smtp_reply *reply)
{
	gsize place = 0;
	int first = 0;

	if (length == 0)
		return SMTP_REPLY_INCOMPLETE;
	for (;;) {
		const char *line = data + place;
		gsize left = MIN(length, SMTP_REPLY_LIMIT) - place;
		const char *end = left > 0 ? memchr(line, '\n', left) : NULL;
		gsize size = end ? (gsize)(end - line) : left;
		int code = read_code(line, end ? size + 1 : size);

		if (size > SMTP_LINE_LIMIT || code < 0 || (size > 0 && memchr(line, '\0', size)) || (first && code && code != first))
			return SMTP_REPLY_NONSENSE;
		if (!end)
			return length < SMTP_REPLY_LIMIT ? SMTP_REPLY_INCOMPLETE : SMTP_REPLY_NONSENSE;
		if (code == 0)
			return SMTP_REPLY_NONSENSE;
		first = code;
		place += size + 1;
		if (line[CODE_LENGTH] == '-')
			continue;
		*reply = (struct smtp_reply){.code = (guint)code, .data = data, .length = place};
		return SMTP_REPLY_COMPLETE;
	}
}

gboolean smtp_reply_line(const struct smtp_reply *reply, gsize *place, const char **text, gsize *length)
{
	if (*place >= reply->length)
		return FALSE;
	const char *line = reply->data + *place;
	gsize size = (gsize)((const char *)memchr(line, '\n', reply->length - *place) - line);
	gsize skip = MIN(size, CODE_LENGTH + 1);

	*place += size + 1;
	while (size > skip && line[size - 1] == '\r')
		size--;
	*text = line + skip;
	*length = size > skip ? size - skip : 0;
	return TRUE;
}

/* ---- words ---- */

/* The next word of (text, length); FALSE when there is none. */
static gboolean next_word(const char **text, gsize *length, const char **word, gsize *size)
{
	while (*length > 0 && **text == ' ') {
		(*text)++;
		(*length)--;
	}
	*word = *text;
	while (*length > 0 && **text != ' ') {
		(*text)++;
		(*length)--;
	}
	*size = (gsize)(*text - *word);
	return *size > 0;
}

static gboolean holds(const char *word, gsize size, const char *part)
{
	gsize length = strlen(part);

	for (gsize i = 0; length > 0 && i + length <= size; i++)
		if (g_ascii_strncasecmp(word + i, part, length) == 0)
			return TRUE;
	return FALSE;
}

void smtp_reply_text(const struct smtp_reply *reply, const char *secret, char text[SMTP_TEXT_SIZE])
{
	g_autoptr(GString) all = g_string_new(NULL);
	const char *line, *word;
	gsize place = 0, length, size;

	g_string_printf(all, "%u", reply->code);
	while (all->len < WORDS_LIMIT && smtp_reply_line(reply, &place, &line, &length))
		while (next_word(&line, &length, &word, &size)) {
			g_string_append_c(all, ' ');
			if (memchr(word, '@', size) || (secret && holds(word, size, secret)))
				g_string_append(all, "[...]");
			else
				g_string_append_len(all, word, (gssize)size);
		}
	text_printable(all->str, all->len, text, SMTP_TEXT_SIZE);
}

/* ---- what it means ---- */

/* The enhanced code in front of the first line's text. FALSE when there is none. */
static gboolean read_status(const struct smtp_reply *reply, guint64 *subject, guint64 *detail)
{
	const char *text, *word;
	gsize place = 0, length, size;

	if (!smtp_reply_line(reply, &place, &text, &length) || !next_word(&text, &length, &word, &size))
		return FALSE;
	const char *dot = size > 2 ? memchr(word + 2, '.', size - 2) : NULL;
	return dot && (guint)(word[0] - '0') == reply->code / 100 && word[1] == '.' &&
		text_parse_number(word + 2, (gsize)(dot - word - 2), 0, 999, subject) &&
		text_parse_number(dot + 1, (gsize)(word + size - dot - 1), 0, 999, detail);
}

gboolean smtp_reply_is_limit(const struct smtp_reply *reply)
{
	guint64 subject, detail;

	if (reply->code != 452 && reply->code != 552)
		return FALSE;
	if (read_status(reply, &subject, &detail))
		return subject == 5 && detail == 3;
	/* Without one, the word tells it from a full disk and a full mailbox. */
	return holds(reply->data, reply->length, "many recipients");
}

static gboolean is_id(char byte)
{
	return g_ascii_isalnum(byte) || byte == '-' || byte == '_' || byte == '.';
}

void smtp_reply_queue_id(const struct smtp_reply *reply, GString *out)
{
	static const char *const marks[] = {"queued as ", "id="};
	const char *text;
	gsize place = 0, length;

	g_string_truncate(out, 0);
	if (!smtp_reply_line(reply, &place, &text, &length))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
		const char *found = g_strstr_len(text, (gssize)length, marks[i]);
		gsize start = found ? (gsize)(found - text) + strlen(marks[i]) : length;
		gsize end = start;

		while (end < length && is_id(text[end]))
			end++;
		if (end > start && end - start <= QUEUE_ID_LIMIT) {
			g_string_append_len(out, text + start, (gssize)(end - start));
			return;
		}
	}
}

/* ---- EHLO ---- */

static void read_mechanisms(const char *text, gsize length, struct smtp_offers *offers)
{
	const char *word;
	gsize size;

	while (next_word(&text, &length, &word, &size)) {
		offers->auth_plain = offers->auth_plain || text_equal_ascii_case(word, size, "PLAIN");
		offers->auth_login = offers->auth_login || text_equal_ascii_case(word, size, "LOGIN");
	}
}

static void read_limits(const char *text, gsize length, struct smtp_offers *offers)
{
	static const char mark[] = "RCPTMAX=";
	const char *word;
	gsize size, skip = sizeof(mark) - 1;
	guint64 number;

	while (next_word(&text, &length, &word, &size))
		if (size > skip && g_ascii_strncasecmp(word, mark, skip) == 0 &&
			text_parse_number(word + skip, size - skip, 1, G_MAXUINT, &number))
			offers->recipients = (guint)number;
}

static void read_size(const char *text, gsize length, struct smtp_offers *offers)
{
	const char *word;
	gsize size;

	offers->size = TRUE;
	if (next_word(&text, &length, &word, &size) && !text_parse_number(word, size, 0, G_MAXINT64, &offers->size_limit))
		offers->size_limit = 0;
}

static void read_offer(const char *text, gsize length, struct smtp_offers *offers)
{
	const char *word;
	gsize size;

	if (!next_word(&text, &length, &word, &size))
		return;
	if (text_equal_ascii_case(word, size, "PIPELINING"))
		offers->pipelining = TRUE;
	else if (text_equal_ascii_case(word, size, "8BITMIME"))
		offers->eight_bit = TRUE;
	else if (text_equal_ascii_case(word, size, "SMTPUTF8"))
		offers->utf8 = TRUE;
	else if (text_equal_ascii_case(word, size, "XVERP"))
		offers->xverp = TRUE;
	else if (text_equal_ascii_case(word, size, "STARTTLS"))
		offers->starttls = TRUE;
	else if (text_equal_ascii_case(word, size, "SIZE"))
		read_size(text, length, offers);
	else if (text_equal_ascii_case(word, size, "AUTH"))
		read_mechanisms(text, length, offers);
	else if (text_equal_ascii_case(word, size, "LIMITS"))
		read_limits(text, length, offers);
}

void smtp_reply_offers(const struct smtp_reply *reply, struct smtp_offers *offers)
{
	const char *text;
	gsize place = 0, length;

	*offers = (struct smtp_offers){0};
	/* The first line is the server's name. */
	if (!smtp_reply_line(reply, &place, &text, &length))
		return;
	while (smtp_reply_line(reply, &place, &text, &length))
		read_offer(text, length, offers);
}
