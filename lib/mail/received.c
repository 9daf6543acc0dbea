/* Received fields; see received.h. A field is a row of words and comments; what each is, the one before it says. */
#include "lib/mail/received.h"

#include <string.h>

#include "lib/base/text.h"

#define LOGIN "Authenticated sender: "

struct token {
	const char *text; /* of a comment, what is between its parentheses */
	size_t length;
	gboolean comment;
};

/* The next token; FALSE at the end, at the ';' before the date, or when a comment has no end. */
static gboolean next_token(const char **at, const char *end, struct token *token)
{
	const char *c = *at;
	guint depth = 0;

	while (c < end && (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\n'))
		c++;
	if (c == end || *c == ';')
		return FALSE;
	const char *start = c;
	token->comment = *c == '(';
	if (!token->comment) {
		while (c < end && (guchar)*c > 32 && *c != '(' && *c != ';')
			c++;
		token->text = start;
		token->length = (size_t)(c - start);
		*at = c;
		return c > start;
	}
	do {
		if (c == end || (*c == '(' && ++depth > RECEIVED_NESTING))
			return FALSE;
		if (*c == ')')
			depth--;
		else if (*c == '\\' && ++c == end)
			return FALSE;
		c++;
	} while (depth > 0);
	token->text = start + 1;
	token->length = (size_t)(c - start) - 2;
	*at = c;
	return TRUE;
}

static gboolean is_word(const struct token *token, const char *word)
{
	return !token->comment && text_equal_ascii_case(token->text, token->length, word);
}

/* "NAME [ADDRESS]" */
static void read_client(const struct token *token, struct received *received)
{
	const char *blank = memchr(token->text, ' ', token->length);

	if (blank && blank > token->text && blank + 1 < token->text + token->length && blank[1] == '[')
		received->client = g_ascii_strdown(token->text, blank - token->text);
}

static void read_login(const struct token *token, struct received *received)
{
	size_t prefix = strlen(LOGIN);

	if (token->length <= prefix || token->length > prefix + RECEIVED_LOGIN || strncmp(token->text, LOGIN, prefix) != 0)
		return;
	/* A second one was not written by Postfix, and nobody knows which is. */
	if (received->login) {
		*received->login = '\0';
		return;
	}
	if (text_is_utf8(token->text + prefix, token->length - prefix))
		received->login = g_strndup(token->text + prefix, token->length - prefix);
}

/* All before "by": the client. FALSE when there is no "by". */
static gboolean read_from(const char **at, const char *end, struct received *received)
{
	struct token token;
	gboolean first = TRUE, from = FALSE;
	guint place = 0; /* behind "from": 1 is HELO, 2 what the server saw */

	for (; next_token(at, end, &token); first = FALSE, place++) {
		if (first && is_word(&token, "from"))
			from = TRUE;
		else if (from && place == 1)
			continue;
		else if (from && place == 2 && token.comment)
			read_client(&token, received);
		else if (token.comment)
			read_login(&token, received);
		else
			return is_word(&token, "by");
	}
	return FALSE;
}

/* HOST, and the queue id behind "id". */
static void read_by(const char **at, const char *end, struct received *received)
{
	struct token token;
	gboolean id = FALSE;

	if (next_token(at, end, &token) && !token.comment)
		received->by = g_ascii_strdown(token.text, (gssize)token.length);
	while (received->by && next_token(at, end, &token)) {
		if (token.comment)
			continue;
		if (id) {
			received->id = g_strndup(token.text, token.length);
			return;
		}
		id = is_word(&token, "id");
	}
}

gboolean received_parse(const char *value, size_t length, struct received *received)
{
	const char *end = value + length;

	*received = (struct received){0};
	if (length <= RECEIVED_BYTES && read_from(&value, end, received))
		read_by(&value, end, received);
	if (received->login && !*received->login)
		g_clear_pointer(&received->login, g_free);
	if (received->by)
		return TRUE;
	received_clear(received);
	return FALSE;
}

void received_clear(struct received *received)
{
	g_clear_pointer(&received->by, g_free);
	g_clear_pointer(&received->client, g_free);
	g_clear_pointer(&received->id, g_free);
	g_clear_pointer(&received->login, g_free);
}
