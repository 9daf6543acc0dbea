/* Tokens in addresses; see token.h. */
#include "lib/list/token.h"

#include <string.h>

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

char *token_write(const guint8 *random)
{
	char *token = g_malloc(TOKEN_LENGTH + 1);
	guint bits = 0, held = 0, used = 0;

	for (guint i = 0; i < TOKEN_LENGTH; i++) {
		if (held < 5) {
			bits = bits << 8 | random[used++];
			held += 8;
		}
		held -= 5;
		token[i] = alphabet[bits >> held & 31];
	}
	token[TOKEN_LENGTH] = '\0';
	return token;
}

gboolean token_is_valid(const char *text)
{
	return text && strlen(text) == TOKEN_LENGTH && strspn(text, alphabet) == TOKEN_LENGTH;
}

char *token_address(const char *list, const char *token)
{
	const char *at = strrchr(list, '@');

	return g_strdup_printf("%.*s-confirm+%s%s", (int)(at - list), list, token, at);
}
