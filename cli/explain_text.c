/* An explanation in words; see explain_text.h. */
#include "cli/explain_text.h"

#include <string.h>

#include "lib/mail/clean.h"

enum { SHOWN = 300, FIELD_SHOWN = 110, LINE_SHOWN = 1000 }; /* bytes of a text, of a header field, and of a rule or a line of log */

/* ---- what is in a dictionary ---- */

/* "" when it is not there; the caller frees it. */
static char *text_of(GVariant *dict, const char *name)
{
	const char *text = "";

	(void)g_variant_lookup(dict, name, "&s", &text);
	return clean_text(text, strcmp(name, "text") == 0 ? LINE_SHOWN : SHOWN);
}

static gint64 number_of(GVariant *dict, const char *name)
{
	gint64 number = 0;

	(void)g_variant_lookup(dict, name, "x", &number);
	return number;
}

static gboolean flag_of(GVariant *dict, const char *name)
{
	gboolean flag = FALSE;

	(void)g_variant_lookup(dict, name, "b", &flag);
	return flag;
}

static GVariant *dict_of(GVariant *dict, const char *name)
{
	return g_variant_lookup_value(dict, name, G_VARIANT_TYPE_VARDICT);
}

static GVariant *array_of(GVariant *dict, const char *name)
{
	GVariant *array = g_variant_lookup_value(dict, name, G_VARIANT_TYPE("av"));

	return array ? array : g_variant_ref_sink(g_variant_new("av", NULL));
}

/* The next element that is a dictionary (or, for a text, NULL); the caller unrefs it. */
static GVariant *element(GVariant *array, gsize place, const char *type)
{
	GVariant *value = NULL;

	g_variant_get_child(array, place, "v", &value);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		g_clear_pointer(&value, g_variant_unref);
	return value;
}

/* ---- the parts ---- */

static void add_author(GString *out, GVariant *post)
{
	static const char *const roles[] = {"subscriber", "owner", "moderator"};
	g_autoptr(GVariant) author = dict_of(post, "author");

	if (!author)
		return;
	g_autofree char *address = text_of(author, "address");
	gboolean known = FALSE, asked = g_variant_lookup(author, roles[0], "b", &known);
	g_autoptr(GString) standing = g_string_new(NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
		if (flag_of(author, roles[i]))
			g_string_append_printf(standing, "%s%s", standing->len ? ", " : "", roles[i]);
	if (standing->len == 0)
		g_string_append(standing, asked ? "a stranger to the list" : "what he is on the list is not known");
	if (*address)
		g_string_append_printf(out, "  author     %s: %s\n", address, standing->str);
	else
		g_string_append(out, "  author     not clear\n");
}

static void add_result(GString *out, GVariant *authentication, const char *name, const char *key)
{
	g_autoptr(GVariant) part = dict_of(authentication, name);

	if (!part)
		return;
	g_autofree char *result = text_of(part, key);
	g_autofree char *domain = text_of(part, "domain");
	g_autofree char *reason = text_of(part, "reason");
	if (!*result || strcmp(result, "none") == 0)
		return;
	g_string_append_printf(out, ", %s=%s", name, result);
	if (*domain)
		g_string_append_printf(out, " (%s)", domain);
	if (*reason)
		g_string_append_printf(out, " (%s)", reason);
}

static void add_authentication(GString *out, GVariant *post)
{
	g_autoptr(GVariant) authentication = dict_of(post, "authentication");

	if (!authentication)
		return;
	g_autofree char *method = text_of(authentication, "method");
	g_autoptr(GVariant) signatures = array_of(authentication, "dkim");
	g_string_append_printf(out, "  sure by    %s", method);
	for (gsize i = 0; i < g_variant_n_children(signatures); i++) {
		g_autoptr(GVariant) dkim = element(signatures, i, "a{sv}");

		if (!dkim)
			continue;
		g_autofree char *result = text_of(dkim, "result");
		g_autofree char *domain = text_of(dkim, "domain");
		g_autofree char *reason = text_of(dkim, "reason");
		g_string_append_printf(out, ", dkim=%s (%s%s%s%s)", result, domain, flag_of(dkim, "aligned") ? ", aligned" : "",
			*reason ? ": " : "", reason);
	}
	add_result(out, authentication, "spf", "result");
	add_result(out, authentication, "dmarc", "result");
	add_result(out, authentication, "arc", "cv");
	add_result(out, authentication, "smime", "result");
	g_autoptr(GVariant) sasl = dict_of(authentication, "sasl");
	g_autofree char *login = sasl ? text_of(sasl, "login") : g_strdup("");
	if (*login)
		g_string_append_printf(out, ", logged in as %s%s", login, flag_of(sasl, "matches") ? "" : " (who may not write as the author)");
	g_string_append_c(out, '\n');
}

static void add_conditions(GString *out, GVariant *rule)
{
	g_autoptr(GVariant) conditions = array_of(rule, "conditions");

	for (gsize i = 0; i < g_variant_n_children(conditions); i++) {
		g_autoptr(GVariant) condition = element(conditions, i, "a{sv}");

		if (!condition)
			continue;
		g_autofree char *text = text_of(condition, "text");
		g_autofree char *truth = text_of(condition, "truth");
		g_autofree char *values = text_of(condition, "values");
		g_string_append_printf(out, "        %s: %s%s%s\n", truth, text, *values ? " with " : "", values);
	}
}

static void add_rules(GString *out, GVariant *post)
{
	g_autoptr(GVariant) rules = dict_of(post, "rules");

	if (!rules)
		return;
	g_autofree char *scenario = text_of(rules, "scenario");
	g_autofree char *trouble = text_of(rules, "trouble");
	g_autofree char *action = text_of(rules, "action");
	g_autofree char *place = text_of(rules, "place");
	g_autoptr(GVariant) looked_at = array_of(rules, "looked_at");
	g_string_append_printf(out, "  scenario   send.%s says %s%s%s%s%s\n", scenario, action, *place ? ", by " : "", place,
		*trouble ? "; trouble: " : "", trouble);
	for (gsize i = 0; i < g_variant_n_children(looked_at); i++) {
		g_autoptr(GVariant) rule = element(looked_at, i, "a{sv}");

		if (!rule)
			continue;
		g_autofree char *text = text_of(rule, "text");
		g_autofree char *truth = text_of(rule, "truth");
		g_autofree char *file = text_of(rule, "file");
		g_autofree char *name = g_path_get_basename(file);
		g_autofree char *line = g_strdup_printf("%" G_GINT64_FORMAT ": ", number_of(rule, "line"));
		/* A setting has no line. */
		g_string_append_printf(out, "    %s:%s%s\n      %s\n", name, number_of(rule, "line") > 0 ? line : "", text,
			flag_of(rule, "for_method") ? truth : "is for other methods");
		add_conditions(out, rule);
	}
}

static void add_fields(GString *out, GVariant *changes, const char *name)
{
	g_autoptr(GVariant) fields = array_of(changes, name);

	for (gsize i = 0; i < g_variant_n_children(fields); i++) {
		g_autoptr(GVariant) field = element(fields, i, "s");

		if (!field)
			continue;
		g_autofree char *shown = clean_text(g_variant_get_string(field, NULL), FIELD_SHOWN);
		g_string_append_printf(out, "    %-8s %s\n", name, shown);
	}
}

static void add_changes(GString *out, GVariant *post)
{
	g_autoptr(GVariant) changes = dict_of(post, "changes");

	if (!changes)
		return;
	g_autofree char *body = text_of(changes, "body");
	g_string_append_printf(out, "  changes    the body leaves %s; fields:\n", body);
	add_fields(out, changes, "removed");
	add_fields(out, changes, "changed");
	add_fields(out, changes, "added");
	add_fields(out, changes, "done");
}

static void add_told(GString *out, GVariant *post)
{
	static const struct {
		const char *word, *text;
	} words[] = {
		{"held", "the author hears that it is held"},
		{"confirmation", "the author is asked to confirm it"},
		{"answer", "who wrote it gets an answer, at most one a day"},
		{"order", "who sent the order may get an answer"},
	};
	g_autoptr(GVariant) told = dict_of(post, "told");

	if (!told)
		return;
	g_autofree char *author = text_of(told, "author");
	gint64 moderators = number_of(told, "moderators");
	if (moderators > 0)
		g_string_append_printf(out, "  told       %" G_GINT64_FORMAT " moderator%s get%s a notice\n", moderators,
			moderators == 1 ? "" : "s", moderators == 1 ? "s" : "");
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(author, words[i].word) == 0)
			g_string_append_printf(out, "  told       %s\n", words[i].text);
	if (flag_of(told, "bounce"))
		g_string_append(out, "  told       the envelope sender gets Postfix's bounce\n");
}

static void add_recipients(GString *out, GVariant *post)
{
	static const char *const ways[] = {"mail", "txt", "notice", "digest", "digestplain", "summary"};
	g_autoptr(GVariant) recipients = dict_of(post, "recipients");
	const char *between = "  recipients ";

	for (gsize i = 0; recipients && i < G_N_ELEMENTS(ways); i++) {
		gint64 count = number_of(recipients, ways[i]);

		if (count == 0)
			continue;
		g_string_append_printf(out, "%s%" G_GINT64_FORMAT " %s", between, count, ways[i]);
		between = ", ";
	}
	g_string_append(out, *between == ',' ? "\n" : "");
}

static void add_stages(GString *out, GVariant *post)
{
	g_autoptr(GVariant) stages = array_of(post, "stages");
	gsize count = g_variant_n_children(stages);

	for (gsize i = 0; i < count; i++) {
		g_autoptr(GVariant) stage = element(stages, i, "a{sv}");

		if (!stage)
			continue;
		g_autofree char *name = text_of(stage, "name");
		g_string_append_printf(out, "%s%s %.1f ms", i == 0 ? "  stages     " : ", ", name,
			(double)number_of(stage, "microseconds") / 1000);
	}
	if (count > 0)
		g_string_append_c(out, '\n');
}

static gboolean is_forwarded(GVariant *post)
{
	g_autoptr(GVariant) rules = dict_of(post, "rules");
	g_autofree char *action = rules ? text_of(rules, "action") : NULL;

	return g_strcmp0(action, "editor") == 0;
}

/* Whom the mail was for: the programs themselves, which discard it when they have done what it says. */
static const char *meaning_for_us(GVariant *post)
{
	g_autoptr(GVariant) told = dict_of(post, "told");
	g_autofree char *author = told ? text_of(told, "author") : NULL;

	if (g_strcmp0(author, "answer") == 0)
		return "would be answered";
	return g_strcmp0(author, "order") == 0 ? "would be taken as an order" : NULL;
}

static const char *meaning(GVariant *post, const char *verdict)
{
	static const struct {
		const char *word, *text;
	} words[] = {
		{"sent", "would go out"},
		{"held", "would be held"},
		{"discarded", "would be discarded"},
		{"refused", "would be refused"},
		{"deferred", "would wait in Postfix and be tried again"},
	};

	if (strcmp(verdict, "sent") == 0 && is_forwarded(post))
		return "would be forwarded to the moderators";
	if (strcmp(verdict, "discarded") == 0 && meaning_for_us(post))
		return meaning_for_us(post);
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(verdict, words[i].word) == 0)
			return words[i].text;
	return "is not decided";
}

static void add_post(GString *out, GVariant *post)
{
	g_autofree char *address = text_of(post, "address");
	g_autofree char *verdict = text_of(post, "verdict");
	g_autofree char *reply = text_of(post, "reply");
	g_autofree char *stage = text_of(post, "stage");
	g_autofree char *rule = text_of(post, "rule");
	g_autofree char *list = text_of(post, "list");
	g_autofree char *role = text_of(post, "role");
	g_autofree char *unclear = text_of(post, "unclear");
	g_autofree char *generated = text_of(post, "auto_generated");

	g_string_append_printf(out, "\n%s %s\n  reply      %s\n", address, meaning(post, verdict), *reply ? reply : "none: the connection would break");
	g_string_append_printf(out, "  decided    in stage %s%s%s\n", stage, *rule ? ", by " : "", rule);
	if (*list)
		g_string_append_printf(out, "  list       %s (%s)\n", list, role);
	if (*unclear)
		g_string_append_printf(out, "  unclear    %s\n", unclear);
	if (*generated)
		g_string_append_printf(out, "  generated  by a process, says Auto-Submitted: auto_generated = %s; its author hears nothing\n", generated);
	add_author(out, post);
	add_authentication(out, post);
	if (strcmp(verdict, "sent") == 0)
		add_recipients(out, post);
	add_told(out, post);
	add_rules(out, post);
	add_changes(out, post);
	add_stages(out, post);
}

static void add_held(GString *out, GVariant *answer)
{
	g_autoptr(GVariant) held = dict_of(answer, "held");

	if (!held)
		return;
	g_autofree char *state = text_of(held, "state");
	g_autofree char *reason = text_of(held, "reason");
	g_autofree char *rule = text_of(held, "rule");
	g_string_append_printf(out, "held post %" G_GINT64_FORMAT " (%s), because of \"%s\"%s%s\nif it came now:\n", number_of(held, "number"),
		state, reason, *rule ? ", by " : "", rule);
}

char *explain_text(GVariant *answer)
{
	GString *out = g_string_new(NULL);
	g_autofree char *file = text_of(answer, "file");
	g_autofree char *sender = text_of(answer, "sender");
	g_autofree char *trouble = text_of(answer, "trouble");
	g_autoptr(GVariant) posts = array_of(answer, "posts");
	g_autoptr(GVariant) log = array_of(answer, "log");

	add_held(out, answer);
	g_string_append(out, file);
	if (*trouble)
		g_string_append_printf(out, ": %s\n", trouble);
	else
		g_string_append_printf(out, ": %" G_GINT64_FORMAT " bytes, envelope sender <%s>\n", number_of(answer, "size"), sender);
	for (gsize i = 0; i < g_variant_n_children(posts); i++) {
		g_autoptr(GVariant) post = element(posts, i, "a{sv}");

		if (post)
			add_post(out, post);
	}
	for (gsize i = 0; i < g_variant_n_children(log); i++) {
		g_autoptr(GVariant) line = element(log, i, "s");
		g_autofree char *shown = line ? clean_text(g_variant_get_string(line, NULL), LINE_SHOWN) : g_strdup("");

		g_string_append_printf(out, "%s  %s\n", i == 0 ? "\nthe log would say\n" : "", shown);
	}
	return g_string_free(out, FALSE);
}
