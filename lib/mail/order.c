/* Reading an order; see order.h for the rules. Words are in order_words.c, the text comes from order_body.c. */
#include "lib/mail/order_internal.h"

#include <string.h>

#include "lib/mail/clean.h"

/* Under these, mail programs that do not quote put the mail that they answer. Case folded; a prefix of the line. */
static const char *const original_marks[] = {"-----original message", "-----oorspronkelijk bericht", "-----message d'origine",
	"-----message d’origine", "-----ursprüngliche nachricht", "----- original message", "----- oorspronkelijk bericht",
	"----- message d'origine", "----- ursprüngliche nachricht", "---------- forwarded message", "________________________________",
	"begin forwarded message"};

/* Outlook puts the head of the mail that it answers above it, and no mark. The first line of it, and one of the next three. */
static const char *const head_begins[] = {"from:", "van:", "de:", "de :", "de\302\240:", "von:"};
static const char *const head_goes_on[] = {"sent:", "date:", "verzonden:", "datum:", "envoyé:", "envoyé :", "envoyé\302\240:", "date :", "gesendet:"};

/*
 * What a mail program puts before the subject that it answers; its language is its owner's, not the list's. No rule as in subject.c but a list: any
 * short word would be "Gelesen:" and "Afwezig:", too, and those are written by machines.
 */
static const char *const reply_marks[] = {"re:", "re :", "re[", "re：", "aw:", "antw:", "antwort:", "antwoord:", "sv:", "svar:", "vs:", "ré:", "ré :", "rép:",
	"rép :", "r:", "rif:", "res:", "resp:", "odp:", "odpověď:", "vá:", "ynt:", "yan:", "απ:", "σχετ:", "отв:", "ответ:", "hồi âm:", "bls:",
	"回复:", "回复：", "回覆:", "回覆：", "答复:", "答复：", "返信:", "返信："};

static gboolean begins_with(const char *line, const char *const *marks, guint count)
{
	g_autofree char *folded = g_utf8_casefold(line, MIN((gssize)strlen(line), 100));

	for (guint i = 0; i < count; i++)
		if (g_str_has_prefix(folded, marks[i]))
			return TRUE;
	return FALSE;
}

static gboolean is_quoted(const char *line)
{
	return line[strspn(line, " \t")] == '>';
}

static gboolean is_head(char **lines)
{
	if (!begins_with(lines[0], head_begins, G_N_ELEMENTS(head_begins)))
		return FALSE;
	for (guint i = 1; i <= 3 && lines[i]; i++)
		if (begins_with(lines[i], head_goes_on, G_N_ELEMENTS(head_goes_on)))
			return TRUE;
	return FALSE;
}

/* At a line behind which nothing is the writer's. "-- " is a signature's mark; its blank gets lost on the way with some. */
static gboolean is_end(char **lines)
{
	return strcmp(*lines, "-- ") == 0 || strcmp(*lines, "--") == 0 ||
		begins_with(*lines, original_marks, G_N_ELEMENTS(original_marks)) || is_head(lines);
}

static char **split(const char *body)
{
	char **lines = g_strsplit(body, "\n", -1);

	for (char **line = lines; *line; line++)
		if (g_str_has_suffix(*line, "\r"))
			(*line)[strlen(*line) - 1] = '\0';
	return lines;
}

/* The order in a body; `*place` is the line behind its word. */
static enum order_kind find_word(char **lines, guint *place)
{
	guint seen = 0;

	for (guint i = 0; lines[i] && seen < ORDER_LINES && !is_end(lines + i); i++) {
		if (is_quoted(lines[i]))
			continue;
		seen++;
		enum order_kind kind = order_line(lines[i], strlen(lines[i]));
		if (kind != ORDER_NONE) {
			*place = i + 1;
			return kind;
		}
	}
	return ORDER_NONE;
}

static gboolean is_empty(const char *line)
{
	return line[strspn(line, " \t")] == '\0';
}

/*
 * "On Saturday, somebody wrote:" above what is quoted, in one to three lines, is the mail program's. What a moderator wrote
 * stands above it, with an empty line between.
 */
static guint without_attribution(char **lines, guint from, guint end)
{
	guint last = end;

	while (last > from && is_empty(lines[last - 1]))
		last--;
	if (last == from || !g_str_has_suffix(g_strchomp(lines[last - 1]), ":"))
		return end;
	guint first = last - 1;
	while (first > from && last - first < 3 && !is_empty(lines[first - 1]))
		first--;
	return first == from || is_empty(lines[first - 1]) ? first : last - 1;
}

/* What stands from line `from` up to a quote, a signature or an original; NULL when nothing. */
static char *read_text(char **lines, guint from)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint end = from;
	gboolean gap = FALSE;

	while (lines[end] && end - from < ORDER_TEXT_LINES && !is_quoted(lines[end]) && !is_end(lines + end))
		end++;
	if (lines[end] && is_quoted(lines[end]))
		end = without_attribution(lines, from, end);
	for (guint i = from; i < end; i++) {
		/* Two for the line ends before it. */
		size_t room = ORDER_TEXT - text->len;
		g_autofree char *line = room > 2 ? clean_text(lines[i], room - 2) : g_strdup("");

		if (*line == '\0') {
			gap = text->len > 0;
			continue;
		}
		g_string_append_printf(text, "%s%s", text->len == 0 ? "" : gap ? "\n\n" : "\n", line);
		gap = FALSE;
	}
	return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/*
 * A mail that a link of ours began, written by a program that writes nothing but HTML: the subject has the order, and here is the text. Not of
 * an answer, where nothing would tell it from our own mail with its links.
 */
static char *read_html_text(const struct order_mail *mail)
{
	g_autofree char *body = header_count(mail->mail->header, "In-Reply-To") == 0 ? order_html(mail->data, mail->walk) : NULL;
	g_auto(GStrv) lines = split(body ? body : "");
	guint place = 0;

	(void)find_word(lines, &place);
	return read_text(lines, place);
}

static gboolean is_answer(const struct automatic_post *mail)
{
	return mail->subject && header_count(mail->header, "In-Reply-To") == 1 &&
		begins_with(mail->subject, reply_marks, G_N_ELEMENTS(reply_marks));
}

struct verdict order_read(const struct order_mail *mail, struct order *order)
{
	struct verdict verdict = automatic_check(mail->mail);

	*order = (struct order){.kind = ORDER_NONE};
	if (verdict_is_final(&verdict))
		return verdict;
	g_autofree char *body = order_body(mail->data, mail->walk);
	g_auto(GStrv) lines = split(body ? body : "");
	guint place = 0;

	order->kind = find_word(lines, &place);
	if (order->kind == ORDER_NONE && mail->mail->subject)
		order->kind = order_subject(mail->mail->subject);
	if (order->kind == ORDER_REJECT)
		order->text = body ? read_text(lines, place) : read_html_text(mail);
	order->answer = order->kind == ORDER_NONE && is_answer(mail->mail);
	return VERDICT_UNDECIDED;
}

void order_clear(struct order *order)
{
	g_clear_pointer(&order->text, g_free);
}
