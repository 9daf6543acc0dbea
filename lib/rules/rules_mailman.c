/*
 * Mailman's rules as conditions: what its users look at before a post goes out, and Sympa has no word for. They see the decoded header
 * and the addresses in To and Cc; what they say is never about who wrote the post.
 */
#include <string.h>

#include "lib/list/address.h"
#include "lib/mail/address_list.h"
#include "lib/rules/rules_internal.h"

enum { COMMAND_LINES = 10 }; /* of the body that are looked at for a command */

enum rules_truth rules_condition_is_emergency(struct rules_run *run, const struct rules_node *term)
{
	return run->facts->emergency ? RULES_TRUE : RULES_FALSE;
}

static gboolean contains(const GPtrArray *addresses, const char *address)
{
	for (guint i = 0; i < addresses->len; i++)
		if (g_ascii_strcasecmp(g_ptr_array_index(addresses, i), address) == 0)
			return TRUE;
	return FALSE;
}

/* Exact addresses: Sympa's [is_bcc] and Mailman's patterns let anything pass that contains the list's name. */
enum rules_truth rules_condition_implicit_destination(struct rules_run *run, const struct rules_node *term)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) good = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(good, g_strdup_printf("%s@%s", run->facts->list_name, run->facts->list_domain));
	for (const char *const *alias = run->facts->checks ? run->facts->checks->aliases : NULL; alias && *alias; alias++)
		address_list_read(*alias, good);
	for (guint i = 0; i < term->arguments->len; i++) {
		rules_value_auto struct rules_value value = {0};

		if (!rules_evaluate(run, rules_term_argument(term, i), &value))
			return RULES_TRUTH_TROUBLE;
		for (guint j = 0; j < value.items->len; j++)
			address_list_read(g_ptr_array_index(value.items, j), good);
	}
	rules_recipients(run, recipients);
	for (guint i = 0; i < recipients->len; i++)
		if (contains(good, g_ptr_array_index(recipients, i)))
			return RULES_FALSE;
	return RULES_TRUE;
}

/* The limit that a rule gives; without one, the list's own stays. FALSE on trouble. */
static gboolean read_limit(struct rules_run *run, const struct rules_node *term, gint64 *most)
{
	rules_value_auto struct rules_value value = {0};

	if (term->arguments->len == 0)
		return TRUE;
	if (!rules_evaluate(run, rules_term_argument(term, 0), &value))
		return FALSE;
	*most = g_ascii_strtoll(rules_value_text(&value), NULL, 10);
	return TRUE;
}

enum rules_truth rules_condition_too_many_recipients(struct rules_run *run, const struct rules_node *term)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
	gint64 most = run->facts->checks ? run->facts->checks->recipients : 0;

	if (!read_limit(run, term, &most))
		return RULES_TRUTH_TROUBLE;
	rules_recipients(run, recipients);
	return most > 0 && recipients->len >= most ? RULES_TRUE : RULES_FALSE;
}

enum rules_truth rules_condition_too_big(struct rules_run *run, const struct rules_node *term)
{
	gint64 most = run->facts->checks ? run->facts->checks->size : 0;

	if (!read_limit(run, term, &most))
		return RULES_TRUTH_TROUBLE;
	return most > 0 && run->facts->length >= (guint64)most ? RULES_TRUE : RULES_FALSE;
}

/* The decoded subject without outer blanks; the caller frees. */
static char *subject_of(const struct rules_run *run)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

	rules_header_values(run, "Subject", TRUE, values);
	return g_strstrip(g_strdup(values->len ? g_ptr_array_index(values, 0) : ""));
}

enum rules_truth rules_condition_no_subject(struct rules_run *run, const struct rules_node *term)
{
	g_autofree char *subject = subject_of(run);

	return *subject ? RULES_FALSE : RULES_TRUE;
}

/* ---- a command that was sent to the list ---- */

static const struct {
	const char *word;
	guint least, most; /* words behind it */
} commands[] = {
	{"confirm", 1, 1}, {"help", 0, 0}, {"info", 0, 0}, {"information", 0, 0}, {"lists", 0, 0}, {"review", 1, 1},
	{"who", 0, 1}, {"set", 2, 3}, {"subscribe", 0, 3}, {"sub", 1, 3}, {"join", 0, 3}, {"unsubscribe", 0, 2},
	{"unsub", 1, 2}, {"signoff", 0, 2}, {"leave", 0, 2}, {"remove", 0, 0}, {"password", 2, 2},
};

static gboolean is_command(const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t\r", -1);
	const char *first = NULL;
	guint behind = 0;

	for (guint i = 0; words[i]; i++) {
		if (!*words[i])
			continue;
		if (!first)
			first = words[i];
		else
			behind++;
	}
	for (guint i = 0; first && i < G_N_ELEMENTS(commands); i++)
		if (g_ascii_strcasecmp(first, commands[i].word) == 0)
			return behind >= commands[i].least && behind <= commands[i].most;
	return FALSE;
}

/* The first plain text of the message, in `*text` and `*end`. FALSE when there is none, or it is encoded. */
static gboolean first_text(struct rules_run *run, const char **text, const char **end)
{
	const struct walk *walk = rules_walk(run);

	for (guint i = 0; walk && i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);

		if (strcmp(entity->type, "text/plain") != 0)
			continue;
		*text = run->facts->data + entity->body;
		*end = run->facts->data + entity->end;
		/* Quoted-printable leaves a command as it is. */
		return entity->encoding != WALK_BASE64 && entity->encoding != WALK_UUENCODE;
	}
	return FALSE;
}

enum rules_truth rules_condition_administrivia(struct rules_run *run, const struct rules_node *term)
{
	g_autofree char *subject = subject_of(run);
	const char *place, *end;

	if (is_command(subject))
		return RULES_TRUE;
	if (!first_text(run, &place, &end))
		return RULES_FALSE;
	for (guint lines = 0; lines < COMMAND_LINES && place < end;) {
		const char *newline = memchr(place, '\n', (gsize)(end - place));
		gsize length = (gsize)((newline ? newline : end) - place);
		g_autofree char *line = g_strstrip(g_strndup(place, MIN(length, 1000)));

		if (is_command(line))
			return RULES_TRUE;
		lines += *line ? 1 : 0;
		place = newline ? newline + 1 : end;
	}
	return RULES_FALSE;
}

/* ---- a reply to a digest that kept its subject ---- */

enum rules_truth rules_condition_digest_reply(struct rules_run *run, const struct rules_node *term)
{
	/* "Re: Choir Digest, Vol 3, Issue 14" as Mailman has it; "Re: choir digest 14", "Re: [choir] Digest of …" as others. */
	static const char pattern[] = "\\A(?:\\[[^]]*\\]\\s*)?(?:re|aw|antw|antwort|sv|vs|ref|tr|r)\\s*:\\s*.*"
				      "(?:\\bdigest\\b.{0,40}(?:\\bvol|\\bissue|[#\\d])|\\]\\s*digest\\b)";
	g_autofree char *subject = subject_of(run), *message = NULL;
	gsize offset;
	pcre2_code *code = rules_pattern_compile(pattern, &message, &offset);

	if (!code)
		g_error("the pattern for digests: %s", message);
	enum rules_truth truth = rules_pattern_match(run, code, subject);
	pcre2_code_free(code);
	return truth;
}
