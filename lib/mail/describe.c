/* A message in a few words; see describe.h. */
#include "lib/mail/describe.h"

#include <string.h>

#include "lib/mail/clean.h"

enum { NAME = 80 }; /* bytes of a type or a file name */

char *describe_size(guint64 bytes, const char *language)
{
	guint64 kilo = MAX((bytes + 999) / 1000, 1), tenths = bytes / 100000;

	if (kilo < 1000)
		return g_strdup_printf("%" G_GUINT64_FORMAT " kB", kilo);
	return g_strdup_printf("%" G_GUINT64_FORMAT "%c%u MB", tenths / 10, strncmp(language, "en", 2) == 0 ? '.' : ',',
		(guint)(tenths % 10));
}

char *describe_parts(const struct walk *walk)
{
	GString *out = g_string_new(NULL);
	guint leaves = 0;

	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);

		if (walk_is_multipart(entity) || ++leaves > DESCRIBE_PARTS)
			continue;
		g_autofree char *type = clean_text(entity->type, NAME);
		g_autofree char *name = entity->name ? clean_text(entity->name, NAME) : NULL;
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", type);
		if (name && *name)
			g_string_append_printf(out, " (%s)", name);
	}
	if (leaves > DESCRIBE_PARTS)
		g_string_append_printf(out, ", … (%u)", leaves);
	return g_string_free(out, FALSE);
}
