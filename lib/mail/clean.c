/* Cleaning of decoded text; see clean.h. */
#include "lib/mail/clean.h"

/* Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9). */
static gboolean is_direction(gunichar c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean is_gap(gunichar c)
{
	return c == ' ' || g_unichar_type(c) == G_UNICODE_CONTROL || c == 0x2028 || c == 0x2029;
}

char *clean_text(const char *text, size_t limit)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean gap = FALSE;

	for (const char *place = valid; *place; place = g_utf8_next_char(place)) {
		gunichar c = g_utf8_get_char(place);
		char bytes[6];

		if (is_direction(c))
			continue;
		if (is_gap(c)) {
			gap = out->len > 0;
			continue;
		}
		int size = g_unichar_to_utf8(c, bytes);
		if (out->len + (size_t)size + gap > limit)
			break;
		if (gap)
			g_string_append_c(out, ' ');
		g_string_append_len(out, bytes, size);
		gap = FALSE;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
