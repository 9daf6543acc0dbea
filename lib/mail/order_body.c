/* The text of a mail that may hold an order; see order.h. What is read has a bound first. */
#include "lib/mail/order_internal.h"

#include <string.h>

#include "lib/mail/html_text.h"
#include "lib/mail/part_text.h"

/* The first leaf of this type that is not a file, and not inside an attached message. */
static const struct walk_entity *find_text(const struct walk *walk, const char *type)
{
	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);
		gboolean inside = FALSE;

		for (int around = entity->parent; around >= 0; around = walk_entity(walk, (guint)around)->parent)
			inside |= !walk_is_multipart(walk_entity(walk, (guint)around));
		if (!inside && !entity->name && strcmp(entity->type, type) == 0)
			return entity;
	}
	return NULL;
}

static char *read_first(const char *data, const struct walk *walk, const char *type)
{
	const struct walk_entity *entity = walk->flags & WALK_AMBIGUOUS ? NULL : find_text(walk, type);

	if (!entity || (entity->flags & WALK_TYPE))
		return NULL;
	return part_text(data, entity, ORDER_BODY);
}

char *order_body(const char *data, const struct walk *walk)
{
	return read_first(data, walk, "text/plain");
}

char *order_html(const char *data, const struct walk *walk)
{
	g_autofree char *html = read_first(data, walk, "text/html");
	g_autoptr(GString) text = g_string_new(NULL);

	if (!html || !html_text_append(html, strlen(html), text))
		return NULL;
	return g_string_free(g_steal_pointer(&text), FALSE);
}
