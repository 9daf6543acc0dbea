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

/* A stretch of a line that may be a word. */
struct span {
	const char *text;
	size_t length;
};

static gboolean begins(const struct span *span, const char *with)
{
	return span->length >= strlen(with) && memcmp(span->text, with, strlen(with)) == 0;
}

static gboolean drop_end(struct span *span, const char *what)
{
	size_t size = strlen(what);

	if (span->length < size || memcmp(span->text + span->length - size, what, size) != 0)
		return FALSE;
	span->length -= size;
	return TRUE;
}

static void drop_begin(struct span *span, size_t size)
{
	span->text += size;
	span->length -= size;
}

/* Blanks at the end, the wide and the narrow ones that do not break too, and a full stop or exclamation mark before them. */
static void drop_tail(struct span *span, gboolean mark)
{
	while (drop_end(span, " ") || drop_end(span, "\t") || drop_end(span, "\r") || drop_end(span, "\302\240") || drop_end(span, "\342\200\257"))
		;
	if (mark && (drop_end(span, ".") || drop_end(span, "!")))
		drop_tail(span, FALSE);
}

static void drop_blank(struct span *span)
{
	static const char *const blanks[] = {" ", "\302\240", "\342\200\257"};

	for (gsize i = 0; i < G_N_ELEMENTS(blanks); i++)
		if (begins(span, blanks[i])) {
			drop_begin(span, strlen(blanks[i]));
			return;
		}
}

/* Our texts name the words in quotes, so people write the quotes; and where a program makes text of bold or slanted letters, it puts marks around them. */
static void drop_pair(struct span *span)
{
	static const char *const pairs[][2] = {{"\"", "\""}, {"'", "'"}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}, {"*", "*"}, {"_", "_"}, {"/", "/"}};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (span->length > strlen(pairs[i][0]) && begins(span, pairs[i][0]) && drop_end(span, pairs[i][1])) {
			drop_begin(span, strlen(pairs[i][0]));
			drop_blank(span);
			drop_tail(span, TRUE);
			return;
		}
}

/* In the form of the table, or NULL. */
static char *fold(const char *line, size_t length)
{
	struct span span = {line, length};

	/* One: what is indented further is somebody's quote. */
	drop_blank(&span);
	drop_tail(&span, TRUE);
	drop_pair(&span);
	if (span.length == 0 || span.length > WORD_BYTES || !g_utf8_validate_len(span.text, span.length, NULL))
		return NULL;
	g_autofree char *composed = g_utf8_normalize(span.text, (gssize)span.length, G_NORMALIZE_DEFAULT_COMPOSE);

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
