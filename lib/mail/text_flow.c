/* Line breaking; see text_flow.h. */
#include "lib/mail/text_flow.h"

#include <string.h>

guint text_flow_width(const char *text, size_t length)
{
	const char *end = text + length;
	guint width = 0;

	for (; text < end; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return width;
}

void text_flow_append(GString *out, const char *text, const char *again)
{
	size_t lead = strspn(text, " ");
	guint column = (guint)lead;
	gboolean fresh = TRUE;

	g_string_append_len(out, text, (gssize)lead);
	for (const char *word = text + lead; *word;) {
		size_t length = strcspn(word, " ");
		guint width = text_flow_width(word, length);

		if (!fresh && column + 1 + width > TEXT_FLOW_COLUMNS) {
			g_string_append(out, "\r\n");
			g_string_append(out, again);
			column = text_flow_width(again, strlen(again));
		} else if (!fresh) {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append_len(out, word, (gssize)length);
		column += width;
		fresh = FALSE;
		word += length;
		/* Blanks inside a line that fits stay as they are: they may be a table. */
		size_t gap = strspn(word, " ");
		for (size_t i = 1; i < gap && word[gap] && column < TEXT_FLOW_COLUMNS; i++, column++)
			g_string_append_c(out, ' ');
		word += gap;
	}
	g_string_append(out, "\r\n");
}
