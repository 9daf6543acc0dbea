/* Reception modes; see reception.h. */
#include "lib/list/reception.h"

#include <string.h>

#include "lib/base/text.h"

static const char *const words[] = {
	[RECEPTION_MAIL] = "mail",
	[RECEPTION_TXT] = "txt",
	[RECEPTION_NOTICE] = "notice",
	[RECEPTION_DIGEST] = "digest",
	[RECEPTION_DIGESTPLAIN] = "digestplain",
	[RECEPTION_SUMMARY] = "summary",
	[RECEPTION_NOMAIL] = "nomail",
};

const char *reception_word(guint reception)
{
	return reception < G_N_ELEMENTS(words) ? words[reception] : NULL;
}

static gboolean find(const char *word, gsize length, enum reception *reception)
{
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (text_equal_ascii_case(word, length, words[i])) {
			*reception = (enum reception)i;
			return TRUE;
		}
	return FALSE;
}

gboolean reception_find(const char *word, enum reception *reception)
{
	return find(word, strlen(word), reception);
}

gboolean reception_is_digest(enum reception reception)
{
	return reception >= RECEPTION_DIGEST && reception < RECEPTION_NOMAIL;
}

static gboolean is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

gboolean reception_read(const char *value, gsize length, enum reception *reception, gboolean *not_me)
{
	gboolean known = FALSE, unknown = FALSE;
	gsize end;

	*reception = RECEPTION_MAIL;
	*not_me = FALSE;
	for (gsize start = 0; start < length; start = end + 1) {
		for (end = start; end < length && !is_separator(value[end]);)
			end++;
		if (end == start)
			continue;
		if (text_equal_ascii_case(value + start, end - start, "not_me"))
			*not_me = TRUE;
		else if (!find(value + start, end - start, reception))
			unknown = TRUE;
		known = TRUE;
	}
	if (unknown)
		*reception = RECEPTION_MAIL;
	return known && !unknown;
}
