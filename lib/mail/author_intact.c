/* What survives; see author_intact.h. */
#include "lib/mail/author_intact.h"

#include <string.h>

#include "lib/mail/tag_list.h"

/* The number'th field of that name, counted from the bottom as signatures do. */
static const struct header_field *from_bottom(const struct header *header, const char *name, guint number)
{
	guint count = header_count(header, name);

	return number < count ? header_find(header, name, count - 1 - number) : NULL;
}

/* The relaxed form: folds and runs of blanks are one blank. */
static char *relax(const struct header_field *field)
{
	g_autofree char *value = header_field_value(field);
	GString *out = g_string_new(NULL);

	for (const char *c = value; *c; c++) {
		gboolean blank = *c == ' ' || *c == '\t';

		if (!blank)
			g_string_append_c(out, *c);
		else if (out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	return g_string_free(out, FALSE);
}

static gboolean is_same(const struct header_field *one, const struct header_field *other, gboolean relaxed)
{
	if (!one || !other)
		return one == other;
	if (!relaxed)
		return one->length == other->length && memcmp(one->data, other->data, one->length) == 0;
	g_autofree char *first = relax(one), *second = relax(other);
	return strcmp(first, second) == 0;
}

/* How often a name stands among those before it: the second "from" covers the second field. */
static guint count_before(char **names, guint place)
{
	guint count = 0;

	for (guint i = 0; i < place; i++)
		count += g_ascii_strcasecmp(names[i], names[place]) == 0;
	return count;
}

/* Its own field, byte for byte: a flood of signatures is thinned out. */
static gboolean still_stands(const struct header *after, const struct header_field *signature)
{
	const struct header_field *field;

	for (guint i = 0; (field = header_find(after, "DKIM-Signature", i)); i++)
		if (field->length == signature->length && memcmp(field->data, signature->data, field->length) == 0)
			return TRUE;
	return FALSE;
}

gboolean author_intact(const struct header *before, const struct header *after, guint place)
{
	const struct header_field *signature = header_find(before, "DKIM-Signature", place);
	struct tag_list tags;

	if (!signature || !still_stands(after, signature))
		return FALSE;
	g_autofree char *value = header_field_value(signature);
	if (!tag_list_parse(value, strlen(value), &tags))
		return FALSE;
	g_autofree char *covered = tag_list_text(&tags, "h"), *form = tag_list_text(&tags, "c");
	if (!covered)
		return FALSE;
	gboolean relaxed = form && g_ascii_strncasecmp(form, "relaxed", 7) == 0;
	g_auto(GStrv) names = g_strsplit(covered, ":", -1);
	for (guint i = 0; names[i]; i++) {
		guint number = count_before(names, i);

		if (!is_same(from_bottom(before, names[i], number), from_bottom(after, names[i], number), relaxed))
			return FALSE;
	}
	return TRUE;
}
