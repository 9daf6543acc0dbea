/*
 * What the author's DKIM signatures name; see author_signed.h. RFC 6376 section 3.5 (h=), 3.2 (tag
 * lists).
 */
#include "lib/mail/author_signed.h"

#include <string.h>

/* One tag of the list, "h=from:to"; folding blanks may stand nearly everywhere. */
static gboolean tag_names(const char *tag, const char *field)
{
	const char *equals = strchr(tag, '=');

	if (!equals)
		return FALSE;
	g_autofree char *name = g_strstrip(g_strndup(tag, (gsize)(equals - tag)));
	if (strcmp(name, "h") != 0)
		return FALSE;
	g_auto(GStrv) names = g_strsplit(equals + 1, ":", -1);
	for (char **one = names; *one; one++)
		if (g_ascii_strcasecmp(g_strstrip(*one), field) == 0)
			return TRUE;
	return FALSE;
}

static gboolean signature_names(const char *value, const char *field)
{
	g_auto(GStrv) tags = g_strsplit(value, ";", -1);

	for (char **tag = tags; *tag; tag++)
		if (tag_names(*tag, field))
			return TRUE;
	return FALSE;
}

gboolean author_signed(const struct header *header, const char *field)
{
	g_autofree char *value = NULL;

	for (guint i = 0; (value = header_value(header, "DKIM-Signature", i)); i++) {
		if (signature_names(value, field))
			return TRUE;
		g_clear_pointer(&value, g_free);
	}
	return FALSE;
}
