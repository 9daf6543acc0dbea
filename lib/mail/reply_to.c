/* The Reply-To policy; see reply_to.h. */
#include "lib/mail/reply_to.h"

#include <string.h>

/*
 * Only to save a repetition: a longer address that ends alike costs nothing but that the list is
 * named once less.
 */
static gboolean names(const char *value, const char *address)
{
	g_autofree char *haystack = g_ascii_strdown(value, -1);

	return strstr(haystack, address) != NULL;
}

void reply_to_apply(struct header *header, const char *policy, const char *list)
{
	if (strcmp(policy, "author") == 0)
		return;
	if (strcmp(policy, "list") == 0) {
		header_replace(header, "Reply-To", list);
		return;
	}
	g_autofree char *wish = header_value(header, "Reply-To", 0);
	if (wish && *wish && names(wish, list))
		return;
	if (!wish || *wish == '\0') {
		g_free(wish);
		wish = header_value(header, "From", 0);
	}
	/* The list first: whatever an author's text breaks, it breaks behind it. */
	g_autofree char *value =
		wish && *wish ? g_strdup_printf("%s, %s", list, wish) : g_strdup(list);
	header_replace(header, "Reply-To", value);
}
