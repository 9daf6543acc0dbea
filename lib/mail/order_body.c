/* The text of a mail that may hold an order; see order.h. What is read has a bound first. */
#include "lib/mail/order_internal.h"

#include <string.h>

#include "lib/mail/part_text.h"

/* The first leaf that is text, not a file, and not inside an attached message. */
static const struct walk_entity *find_text(const struct walk *walk)
{
	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);
		gboolean inside = FALSE;

		for (int around = entity->parent; around >= 0; around = walk_entity(walk, (guint)around)->parent)
			inside |= !walk_is_multipart(walk_entity(walk, (guint)around));
		if (!inside && !entity->name && strcmp(entity->type, "text/plain") == 0)
			return entity;
	}
	return NULL;
}

char *order_body(const char *data, const struct walk *walk)
{
	const struct walk_entity *entity = walk->flags & WALK_AMBIGUOUS ? NULL : find_text(walk);

	if (!entity || (entity->flags & WALK_TYPE))
		return NULL;
	return part_text(data, entity, ORDER_BODY);
}
