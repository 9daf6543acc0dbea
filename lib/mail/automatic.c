/* Loops and automatic mail; see automatic.h for the promise. */
#include "lib/mail/automatic.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/list/list.h"
#include "lib/mail/param.h"

/* What mail software puts before the subject that it answers; a colon follows. Case folded. */
static const char *const vacation_prefixes[] = {"automatic reply", "auto reply", "auto-reply", "autoreply",
	"auto response", "auto-response", "autoresponse", "out of office", "out of office autoreply",
	"out of office reply", "automatisch antwoord", "automatische beantwoording", "afwezigheidsbericht",
	"niet aanwezig", "automatische antwort", "abwesenheitsnotiz", "abwesenheitsnachricht",
	"réponse automatique", "absence du bureau", "respuesta automática", "fuera de la oficina",
	"resposta automática", "fora do escritório", "risposta automatica", "fuori sede", "fuori ufficio",
	"automatiskt svar", "autosvar", "automatisk svar", "ikke til stede", "automaattinen vastaus",
	"odpowiedź automatyczna", "automatická odpověď", "automatická odpoveď", "automatikus válasz",
	"răspuns automat", "otomatik yanıt", "автоматический ответ", "автоответ", "автоматична відповідь",
	"αυτόματη απάντηση", "自動回覆", "自动答复", "自动回复", "自動応答", "자동 회신"};

static const char *const autoreply_fields[] = {"X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder",
	"X-Autoreply-From", "X-Mail-Autoreply", "X-Vacation", "X-Auto-Responder"};

/* Whether the address is the list's own or one of its roles, with anything behind a '+'. */
static gboolean is_own(const char *list, const char *address)
{
	if (address_same(list, address))
		return TRUE;
	for (int role = LIST_ROLE_POST + 1; role < LIST_ROLE_COUNT; role++) {
		g_autofree char *own = list_role_address(list, list_role_word((enum list_role)role));
		const char *at = strrchr(own, '@'), *its = strrchr(address, '@');
		size_t length = (size_t)(at - own);

		if (its && (size_t)(its - address) >= length && g_ascii_strcasecmp(at, its) == 0 &&
			g_ascii_strncasecmp(own, address, length) == 0 &&
			(address + length == its || address[length] == '+'))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_daemon(const char *address)
{
	static const char daemon[] = "mailer-daemon";

	return g_ascii_strncasecmp(address, daemon, strlen(daemon)) == 0 && strchr("@", address[strlen(daemon)]);
}

/* Whether a field of this name has this value, as it is or in angle brackets. */
static gboolean has_value(const struct header *header, const char *name, const char *wanted)
{
	for (guint i = 0; i < header_count(header, name); i++) {
		g_autofree char *value = header_value(header, name, i);
		char *open = strrchr(value, '<'), *close = open ? strchr(open, '>') : NULL;

		if (g_ascii_strcasecmp(value, wanted) == 0)
			return TRUE;
		if (close && text_equal_ascii_case(open + 1, (size_t)(close - open - 1), wanted))
			return TRUE;
	}
	return FALSE;
}

/* The first word of the field's value, in lower case; NULL when there is no such field. */
static char *word_at(const struct header *header, const char *name, guint place)
{
	g_autofree char *value = header_value(header, name, place);

	return value ? g_ascii_strdown(value, (gssize)strcspn(value, " \t;,(")) : NULL;
}

static char *first_word(const struct header *header, const char *name)
{
	return word_at(header, name, 0);
}

static const char *envelope_word(const struct automatic_post *post)
{
	if (*post->sender == '\0')
		return "null-sender";
	if (is_daemon(post->sender) || (post->author && is_daemon(post->author)))
		return "mailer-daemon";
	if (is_own(post->list, post->sender))
		return "own-sender";
	return post->author && is_own(post->list, post->author) ? "from-list" : NULL;
}

static const char *loop_word(const struct automatic_post *post)
{
	g_autofree char *list_id = g_strdup(post->list);

	*strrchr(list_id, '@') = '.';
	if (has_value(post->header, "X-Loop", post->list))
		return "own-loop-mark";
	if (has_value(post->header, "List-Id", list_id))
		return "own-list-id";
	if (has_value(post->header, "Delivered-To", post->list))
		return "own-delivered-to";
	return header_count(post->header, "Received") > LIMIT_RECEIVED ? "hops" : NULL;
}

static gboolean is_autoreply(const struct header *header)
{
	for (guint i = 0; i < G_N_ELEMENTS(autoreply_fields); i++) {
		g_autofree char *word = first_word(header, autoreply_fields[i]);

		if (word && strcmp(word, "no") != 0 && strcmp(word, "false") != 0)
			return TRUE;
	}
	return FALSE;
}

gboolean automatic_is_generated(const struct header *header)
{
	guint count = header_count(header, "Auto-Submitted");

	for (guint i = 0; i < count; i++) {
		g_autofree char *word = word_at(header, "Auto-Submitted", i);

		if (strcmp(word, "auto-generated") != 0)
			return FALSE;
	}
	return count > 0;
}

static const char *robot_word(const struct automatic_post *post)
{
	const struct header *header = post->header;
	g_autofree char *submitted = first_word(header, "Auto-Submitted");
	g_autofree char *precedence = first_word(header, "Precedence");
	g_autofree char *type = header_value(header, "Content-Type", 0);
	g_autoptr(GString) head = g_string_new(NULL);

	if (submitted && strcmp(submitted, "no") != 0 && !(post->takes_generated && automatic_is_generated(header)))
		return "auto-submitted";
	/* "list" is another list's post, which may well go out over this one; "auto_reply" is what vacation(1) writes. */
	if (precedence && (strcmp(precedence, "bulk") == 0 || strcmp(precedence, "junk") == 0 ||
		strcmp(precedence, "auto_reply") == 0))
		return "precedence";
	if (is_autoreply(header))
		return "autoreply";
	if (type)
		(void)param_head(type, strlen(type), head);
	return strcmp(head->str, "multipart/report") == 0 ? "report" : NULL;
}

/* Anchored at both ends of the prefix: "Out of office: x", not "Out of office plants". */
static gboolean is_vacation(const char *subject)
{
	g_autofree char *composed = g_utf8_normalize(subject, -1, G_NORMALIZE_DEFAULT_COMPOSE);
	g_autofree char *folded = composed ? g_utf8_casefold(composed, -1) : NULL;

	for (guint i = 0; folded && i < G_N_ELEMENTS(vacation_prefixes); i++) {
		const char *rest = folded + strlen(vacation_prefixes[i]);

		if (!g_str_has_prefix(folded, vacation_prefixes[i]))
			continue;
		/* French sets a blank, or one that does not break, before the colon; Chinese has a wide colon. */
		while (*rest == ' ' || g_str_has_prefix(rest, "\302\240"))
			rest += *rest == ' ' ? 1 : 2;
		if (*rest == ':' || g_str_has_prefix(rest, "\357\274\232"))
			return TRUE;
	}
	return FALSE;
}

struct verdict automatic_check(const struct automatic_post *post)
{
	const char *word = envelope_word(post);

	if (!word)
		word = loop_word(post);
	if (!word)
		word = robot_word(post);
	if (!word && post->subject && is_vacation(post->subject))
		word = "vacation-subject";
	return word ? verdict_discarded("automatic mail (%s)", word) : VERDICT_UNDECIDED;
}
