/* The words of order.h in our languages, and the links that use them. All are in lower case, composed (NFC). */
#include "lib/mail/order_internal.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/list/token.h"
#include "lib/mail/mailto.h"
#include "lib/mail/texts.h"

enum { WORD_BYTES = 40, SUBJECT_CHARACTERS = 40 }; /* of a line that can be a word; of a post's subject in a link */

/* In the order of texts_languages; the first word of each is the one that texts and links use. */
static const char *const words[ORDER_COUNT][4][6] = {
	[ORDER_ACCEPT] = {{"accept", "approve"}, {"goedkeuren", "accepteren"}, {"accepter", "approuver"},
		{"annehmen", "freigeben", "akzeptieren"}},
	[ORDER_REJECT] = {{"reject", "refuse"}, {"afwijzen", "weigeren"}, {"refuser", "rejeter"},
		{"ablehnen", "zurückweisen", "zurueckweisen"}},
	[ORDER_DISCARD] = {{"discard", "delete"}, {"weggooien", "verwijderen"}, {"supprimer", "jeter"},
		{"verwerfen", "löschen", "loeschen"}},
	[ORDER_CONFIRM] = {{"confirm"}, {"bevestigen", "bevestig"}, {"confirmer", "confirme"},
		{"bestätigen", "bestaetigen"}},
	[ORDER_WITHDRAW] = {{"withdraw"}, {"intrekken"}, {"retirer"}, {"zurückziehen", "zurueckziehen"}},
	[ORDER_HELP] = {{"help", "info"}, {"hulp"}, {"aide"}, {"hilfe"}},
	[ORDER_SUBSCRIBE] = {{"subscribe", "join"}, {"aanmelden"}, {"s'abonner", "s’abonner", "abonner", "abonnement"},
		{"anmelden", "abonnieren"}},
	[ORDER_UNSUBSCRIBE] = {{"unsubscribe", "leave", "signoff"}, {"afmelden", "uitschrijven"},
		{"se désabonner", "désabonner", "desabonner", "désabonnement"}, {"abmelden", "abbestellen"}},
};

const char *order_kind_word(enum order_kind kind)
{
	switch (kind) {
	case ORDER_NONE:
		return "none";
	case ORDER_ACCEPT:
	case ORDER_REJECT:
	case ORDER_DISCARD:
	case ORDER_CONFIRM:
	case ORDER_WITHDRAW:
	case ORDER_HELP:
	case ORDER_SUBSCRIBE:
	case ORDER_UNSUBSCRIBE:
		return words[kind][0][0];
	}
	log_panic("order_kind_word: kind %d", (int)kind);
}

const char *order_word(enum order_kind kind, const char *language)
{
	for (guint i = 0; kind != ORDER_NONE && texts_languages[i]; i++)
		if (strncmp(language, texts_languages[i], 2) == 0)
			return words[kind][i][0];
	return order_kind_word(kind);
}

/* In the form of the table, or NULL. */
static char *fold(const char *line, size_t length)
{
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t' || line[length - 1] == '\r'))
		length--;
	while (length >= 2 && memcmp(line + length - 2, "\302\240", 2) == 0)
		length -= 2;
	if (length > 0 && line[length - 1] == '.')
		length--;
	if (length == 0 || length > WORD_BYTES || !g_utf8_validate_len(line, length, NULL))
		return NULL;
	g_autofree char *composed = g_utf8_normalize(line, (gssize)length, G_NORMALIZE_DEFAULT_COMPOSE);

	return composed ? g_utf8_casefold(composed, -1) : NULL;
}

enum order_kind order_line(const char *line, size_t length)
{
	g_autofree char *text = fold(line, length);

	for (int kind = ORDER_NONE + 1; text && kind < ORDER_COUNT; kind++)
		for (guint i = 0; i < G_N_ELEMENTS(words[0]); i++)
			for (guint j = 0; j < G_N_ELEMENTS(words[0][0]) && words[kind][i][j]; j++)
				if (strcmp(words[kind][i][j], text) == 0)
					return (enum order_kind)kind;
	return ORDER_NONE;
}

enum order_kind order_subject(const char *subject)
{
	const char *colon = strchr(subject, ':');
	enum order_kind kind = order_line(subject, colon ? (size_t)(colon - subject) : strlen(subject));

	/* "Help: the door is locked" is for the owners; only about a post our links write a colon. */
	return colon && kind > ORDER_WITHDRAW ? ORDER_NONE : kind;
}

/* The first characters of a subject; cut at a blank where there is one. */
static char *cut(const char *subject)
{
	if (g_utf8_strlen(subject, -1) <= SUBJECT_CHARACTERS)
		return g_strdup(subject);
	g_autofree char *begin = g_utf8_substring(subject, 0, SUBJECT_CHARACTERS);
	char *blank = strrchr(begin, ' ');

	if (blank && blank > begin)
		*blank = '\0';
	return g_strconcat(begin, "…", NULL);
}

char *order_link(const char *list, const char *token, enum order_kind kind, const char *language, const char *subject)
{
	g_autofree char *address = token_address(list, token);
	const char *word = order_word(kind, language);
	g_autofree char *about = subject && g_utf8_validate(subject, -1, NULL) ? cut(subject) : NULL;
	g_autofree char *head = about && *about ? g_strdup_printf("%s: %s", word, about) : g_strdup(word);
	g_autofree char *body = g_strconcat(word, kind == ORDER_REJECT ? "\n\n" : "\n", NULL);

	return mailto_link(address, head, body);
}
