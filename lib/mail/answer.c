/* May a machine answer? See answer.h. */
#include "lib/mail/answer.h"

#include <string.h>

/* Local parts of addresses that no person reads. '*' stands for anything, also for nothing. */
static const char *const robots[] = {"mailer-daemon*", "postmaster", "daemon", "owner-*", "*-owner", "*-owner+*",
	"*-request", "*-request+*", "*-bounce", "*-bounces", "*-bounce+*", "*-bounces+*", "bounce", "bounces", "bounce-*",
	"bounces-*", "bounce+*", "bounces+*", "*-return-*", "*-errors", "*-confirm+*", "listserv", "listserver", "listproc",
	"majordomo", "mailman", "mailman-*", "sympa", "mlmmj", "noreply*", "no-reply*", "no_reply*", "no.reply*",
	"donotreply*", "do-not-reply*", "do_not_reply*", "prvs=*-noreply*", "*-noreply", "*-no-reply", "*.noreply"};

static gboolean is_robot(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	g_autofree char *local = at ? g_ascii_strdown(address, (gssize)(at - address)) : NULL;

	for (guint i = 0; local && i < G_N_ELEMENTS(robots); i++)
		if (g_pattern_match_simple(robots[i], local))
			return TRUE;
	return FALSE;
}

static gboolean has_list_field(const struct header *header)
{
	for (guint i = 0; header->fields && i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		if ((field->name_length > 5 && g_ascii_strncasecmp(field->data, "List-", 5) == 0) ||
			header_is(field, "Mailing-List") || header_is(field, "X-Mailing-List"))
			return TRUE;
	}
	return FALSE;
}

static gboolean has_word(const struct header *header, const char *name, const char *const *words)
{
	for (guint i = 0; i < header_count(header, name); i++) {
		g_autofree char *value = header_value(header, name, i), *lower = g_ascii_strdown(value, -1);
		g_auto(GStrv) found = g_strsplit_set(lower, " \t,;", -1);

		for (char **word = found; *word; word++)
			if (g_strv_contains(words, *word))
				return TRUE;
	}
	return FALSE;
}

/* The word in "automatic mail (WORD)". */
static void copy_word(const char *text, char *why)
{
	const char *open = strchr(text, '('), *close = open ? strrchr(open, ')') : NULL;

	g_strlcpy(why, open ? open + 1 : text, ANSWER_WORD);
	if (close && close - open - 1 < ANSWER_WORD)
		why[close - open - 1] = '\0';
}

gboolean answer_allowed(const struct automatic_post *mail, char why[static ANSWER_WORD])
{
	static const char *const list[] = {"list", NULL};
	static const char *const suppressed[] = {"all", "autoreply", "oof", NULL};
	struct verdict verdict = automatic_check(mail);
	const char *word = NULL;

	why[0] = '\0';
	if (verdict_is_final(&verdict)) {
		copy_word(verdict.text, why);
		return FALSE;
	}
	if (is_robot(mail->sender))
		word = "robot-sender";
	else if (is_robot(mail->author))
		word = "robot-author";
	else if (has_word(mail->header, "Precedence", list))
		word = "precedence-list";
	else if (has_list_field(mail->header))
		word = "list-field";
	else if (has_word(mail->header, "X-Auto-Response-Suppress", suppressed))
		word = "suppressed";
	if (word)
		g_strlcpy(why, word, ANSWER_WORD);
	return word == NULL;
}
