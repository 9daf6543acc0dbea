/* Lines of text from HTML; see html_text.h. */
#include <string.h>

#include "lib/mail/html_internal.h"
#include "lib/mail/text_flow.h"

static gboolean is_gap(gunichar c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == 0xa0 || c == 0x2028 || c == 0x2029;
}

/* Controls, what fills the preview of a newsletter, and what turns the direction of the text around it. Joiners are letters to some scripts. */
static gboolean is_unseen(gunichar c)
{
	return c < 32 || (c >= 127 && c < 160) || c == 0xad || c == 0x34f || c == 0x200b || c == 0xfeff ||
		(c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* A line end of preformatted text. */
static void put_line_end(struct html_writer *writer)
{
	if (writer->line->len == 0)
		html_line_gap(writer);
	html_line_break(writer);
}

static void put_gap(struct html_writer *writer, gunichar c)
{
	gboolean kept = writer->preformatted > 0 && c != '\r';

	if (kept && c == '\n')
		put_line_end(writer);
	else if (kept || (writer->line->len > 0 && writer->line->str[writer->line->len - 1] != ' '))
		g_string_append_c(writer->line, ' ');
}

void html_line_text(struct html_writer *writer, const char *text, size_t length)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);

	for (const char *place = valid; *place; place = g_utf8_next_char(place)) {
		gunichar c = g_utf8_get_char(place);

		if (is_gap(c))
			put_gap(writer, c);
		else if (!is_unseen(c))
			g_string_append_unichar(writer->line, c);
	}
}

void html_line_put(struct html_writer *writer, const char *text)
{
	g_string_append(writer->line, text);
}

static void append_times(GString *out, const char *text, guint count)
{
	while (count-- > 0)
		g_string_append(out, text);
}

static void put_empty_line(struct html_writer *writer)
{
	g_autoptr(GString) quotes = g_string_new(NULL);

	append_times(quotes, "> ", MIN(MIN(writer->quotes, writer->gap_quotes), HTML_QUOTES));
	g_string_append_printf(writer->out, "%s\r\n", g_strchomp(quotes->str));
}

void html_line_break(struct html_writer *writer)
{
	g_autoptr(GString) first = g_string_new(NULL), again = g_string_new(NULL);
	guint lists = MIN(writer->lists, HTML_LISTS);

	while (writer->line->len > 0 && writer->line->str[writer->line->len - 1] == ' ')
		g_string_truncate(writer->line, writer->line->len - 1);
	if (writer->line->len == 0)
		return;
	if (writer->gap && writer->out->len > writer->start)
		put_empty_line(writer);
	append_times(first, "> ", MIN(writer->quotes, HTML_QUOTES));
	append_times(first, "  ", lists);
	g_string_append(again, first->str);
	size_t marker = strlen(writer->marker);
	if (marker > 0 && first->len >= 2 && lists > 0)
		g_string_truncate(first, first->len - 2);
	g_string_append_printf(first, "%s%s", writer->marker, writer->line->str);
	text_flow_append(writer->out, first->str, again->str);
	writer->gap = FALSE;
	writer->marker[0] = '\0';
	writer->link_start = 0;
	g_string_truncate(writer->line, 0);
}

void html_line_gap(struct html_writer *writer)
{
	html_line_break(writer);
	/* Between a quote and what is around it, the empty line is the latter's. */
	writer->gap_quotes = writer->gap ? MIN(writer->gap_quotes, writer->quotes) : writer->quotes;
	writer->gap = TRUE;
}

void html_line_finish(struct html_writer *writer)
{
	html_line_break(writer);
	g_string_free(writer->line, TRUE);
	g_free(writer->link);
}
