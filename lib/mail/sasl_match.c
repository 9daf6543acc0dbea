/* Logins and authors; see sasl_match.h. */
#include "lib/mail/sasl_match.h"

#include <string.h>

#include "lib/list/address.h"

gboolean sasl_is_in(const char *const *domains, const char *author)
{
	const char *at = strrchr(author, '@');

	for (; at && domains && *domains; domains++)
		if (g_ascii_strcasecmp(*domains, at + 1) == 0)
			return TRUE;
	return FALSE;
}

gboolean sasl_match(const struct sasl_match *match, const char *login, const char *author)
{
	g_autoptr(GString) normal = g_string_new(NULL);
	const char *at = strrchr(author, '@');

	if (strcmp(match->how, "none") == 0 || !at)
		return FALSE;
	if (strcmp(match->how, "address") == 0)
		return address_normalise(login, strlen(login), TRUE, normal) == ADDRESS_OK && address_same(normal->str, author);
	/* Through the normal form, so that a login is no other way of writing a local part than an address is. */
	g_autofree char *address = g_strconcat(login, at, NULL);
	return !strchr(login, '@') && sasl_is_in(match->domains, author) &&
		address_normalise(address, strlen(address), TRUE, normal) == ADDRESS_OK && address_same(normal->str, author);
}
