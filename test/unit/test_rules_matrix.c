/*
 * room: intake. Every distributed scenario, for each method, each set of roles and each kind of message that any of them looks at, against the
 * table of what they decide (scenarios(5), "THE DISTRIBUTED SCENARIOS"), which stands here once more as data.
 */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* a table is easier to read without its zeros */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/rules/rules_distributed.h"
#include "test/unit/rules_help.h"

static const char *const methods[] = {"smtp", "dkim", "md5", "smime"};
enum { SMTP = 1, DKIM = 2, MD5 = 4, SMIME = 8, ALL = 15 };

enum who { ANY, SUBSCRIBER, EDITOR, OWNER };

/* What a rule looks at in the message. */
enum feature { NOTHING, X_SENDER, MULTIPART, MIXED, ATTACHMENT, BCC };

struct row {
	enum who who;
	enum feature feature;
	int methods;
	enum rules_action action;
	const char *reason;
};
#define ROWS(...) (const struct row[]){__VA_ARGS__, {0}}
#define REJECT(reason) RULES_REJECT, reason

static const struct {
	const char *name;
	const struct row *rows;
	gboolean quiet; /* of the last row */
} table[] = {
	{"closed", ROWS({ANY, 0, ALL, REJECT("send_closed")})},
	{"confidential", ROWS({SUBSCRIBER, 0, ALL, RULES_DO_IT}, {EDITOR, 0, ALL, RULES_DO_IT}, {OWNER, 0, ALL, RULES_DO_IT},
		{ANY, 0, ALL, REJECT(NULL)}), TRUE},
	{"editordkim", ROWS({EDITOR, 0, DKIM | MD5 | SMIME, RULES_DO_IT}, {EDITOR, 0, SMTP, RULES_REQUEST_AUTH},
		{ANY, 0, ALL, RULES_EDITORKEY})},
	{"editorkey", ROWS({EDITOR, 0, ALL, RULES_DO_IT}, {ANY, X_SENDER, ALL, RULES_DO_IT}, {ANY, 0, ALL, RULES_EDITORKEY})},
	{"editorkeyonly", ROWS({ANY, 0, ALL, RULES_EDITORKEY})},
	{"editorkeyonlyauth", ROWS({EDITOR, 0, SMTP | DKIM, RULES_REQUEST_AUTH}, {ANY, 0, ALL, RULES_EDITORKEY})},
	{"newsletter", ROWS({EDITOR, 0, ALL, RULES_DO_IT}, {ANY, 0, ALL, REJECT("send_editor")})},
	{"newsletterkeyonly", ROWS({EDITOR, 0, SMIME, RULES_DO_IT}, {EDITOR, 0, ALL, RULES_EDITORKEY}, {ANY, 0, ALL, REJECT("send_editor")})},
	{"owner", ROWS({OWNER, 0, ALL, RULES_DO_IT}, {ANY, 0, ALL, REJECT("send_owner")})},
	{"ownerauth", ROWS({OWNER, 0, SMTP | DKIM, RULES_REQUEST_AUTH}, {OWNER, 0, SMIME | MD5, RULES_DO_IT}, {ANY, 0, ALL, REJECT("send_owner")})},
	{"private", ROWS({SUBSCRIBER, 0, ALL, RULES_DO_IT}, {EDITOR, 0, ALL, RULES_DO_IT}, {OWNER, 0, ALL, RULES_DO_IT},
		{ANY, 0, ALL, REJECT("send_subscriber")})},
	{"private_smime", ROWS({SUBSCRIBER, 0, SMIME, RULES_DO_IT}, {EDITOR, 0, SMIME, RULES_DO_IT}, {OWNER, 0, SMIME, RULES_DO_IT},
		{ANY, 0, ALL, REJECT("send_subscriber_smime")})},
	{"privateandeditorkey", ROWS({EDITOR, 0, ALL, RULES_DO_IT}, {SUBSCRIBER, 0, ALL, RULES_EDITORKEY}, {ANY, 0, ALL, REJECT("send_subscriber")})},
	{"privateandnomultipartoreditorkey", ROWS({ANY, MULTIPART, ALL, RULES_EDITORKEY}, {SUBSCRIBER, 0, ALL, RULES_DO_IT}, {ANY, 0, ALL, RULES_EDITORKEY})},
	{"privatekey", ROWS({SUBSCRIBER, 0, SMTP | DKIM, RULES_REQUEST_AUTH}, {SUBSCRIBER, 0, MD5 | SMIME, RULES_DO_IT}, {ANY, 0, ALL, REJECT("send_subscriber")})},
	{"privatekeyandeditorkeyonly", ROWS({SUBSCRIBER, 0, SMTP | DKIM, RULES_REQUEST_AUTH}, {SUBSCRIBER, 0, MD5 | SMIME, RULES_EDITORKEY},
		{EDITOR, 0, SMTP | DKIM, RULES_REQUEST_AUTH}, {ANY, 0, ALL, REJECT("send_subscriber")})},
	{"privateoreditorkey", ROWS({SUBSCRIBER, 0, ALL, RULES_DO_IT}, {EDITOR, 0, ALL, RULES_DO_IT}, {ANY, 0, ALL, RULES_EDITORKEY})},
	{"privateorpublickey", ROWS({ANY, 0, MD5 | SMIME, RULES_DO_IT}, {SUBSCRIBER, 0, SMTP | DKIM, RULES_DO_IT}, {ANY, 0, SMTP | DKIM, RULES_REQUEST_AUTH})},
	{"public", ROWS({ANY, 0, ALL, RULES_DO_IT})},
	{"public_nobcc", ROWS({ANY, BCC, ALL, REJECT(NULL)}, {ANY, 0, ALL, RULES_DO_IT})},
	{"publickey", ROWS({ANY, 0, SMTP, RULES_REQUEST_AUTH}, {ANY, 0, DKIM | MD5 | SMIME, RULES_DO_IT})},
	{"publicnoattachment", ROWS({ANY, ATTACHMENT, ALL, RULES_EDITORKEY}, {ANY, MIXED, ALL, RULES_EDITORKEY}, {ANY, 0, ALL, RULES_DO_IT})},
	{"publicnomultipart", ROWS({ANY, MULTIPART, ALL, REJECT("send_multipart")}, {ANY, 0, ALL, RULES_DO_IT})},
};

static const struct {
	const char *text;
	guint features; /* bits by enum feature */
} messages[] = {
	{"To: choir@lists.example.org\n\nplain\n", 0},
	{"To: The Choir <CHOIR@Lists.Example.Org>, b@example.org\n\nplain\n", 0},
	{"To: a@example.org\nCc: \"x, y\" <b@example.org>, choir@lists.example.org\n\nplain\n", 0},
	{"To: a@example.org\n\nplain\n", 1 << BCC},
	{"Subject: no recipients\n\nplain\n", 1 << BCC},
	{"To: choir@lists.example.org\nX-Sender: editor@example.org\nX-Sender: x@example.org\n\nplain\n", 0},
	{"To: choir@lists.example.org\nX-Sender: x@example.org\nX-Sender: Ed <Editor@example.org>\n\nplain\n", 0},
	{"To: choir@lists.example.org\nX-Sender: x@example.org\nX-Sender: Ed <editor@example.org>\n\nplain\n", 1 << X_SENDER},
	{"To: choir@lists.example.org\nContent-Type: Multipart/Mixed; boundary=b\n\n--b\n\na\n--b--\n", 1 << MULTIPART | 1 << MIXED},
	{"To: choir@lists.example.org\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\na\n--b--\n", 1 << MULTIPART},
	{"To: choir@lists.example.org\nContent-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", 0},
	{"To: choir@lists.example.org\nContent-Disposition: Attachment; filename=x\n\nplain\n", 1 << ATTACHMENT},
	{"To: choir@lists.example.org\nContent-Disposition: inline\nContent-Disposition: attachment\n\nplain\n", 0},
};

static gboolean is_who(enum who who, const struct help_world *world)
{
	guint standing = world->standing;

	switch (who) {
	case ANY:
		return TRUE;
	case SUBSCRIBER:
		return (standing & RULES_IS_SUBSCRIBER) != 0;
	case EDITOR:
		return (standing & RULES_IS_EDITOR) || ((standing & RULES_IS_OWNER) && !(standing & RULES_HAS_EDITOR));
	case OWNER:
		return (standing & RULES_IS_OWNER) || world->listmaster;
	}
	return FALSE;
}

static const struct row *expected_row(const struct row *rows, const struct help_world *world, guint features, int method)
{
	while (!((rows->methods & method) && is_who(rows->who, world) && (!rows->feature || (features & 1u << rows->feature))))
		rows++;
	return rows;
}

static guint check(guint name, guint message, guint method, const struct help_world *world)
{
	g_autoptr(GPtrArray) trace = rules_trace_new();
	struct rules_scenario *scenario = NULL;
	struct help_post post;

	for (const struct rules_distributed *one = rules_distributed; one->name && !scenario; one++)
		if (strcmp(one->name + strlen("send."), table[name].name) == 0)
			scenario = help_compile(one->text, NULL);
	assert_non_null(scenario);
	help_post(&post, methods[method], messages[message].text);
	post.world = *world;
	struct rules_decision decision = rules_decide(scenario, &post.facts, trace);
	const struct row *row = expected_row(table[name].rows, world, messages[message].features, 1 << method);
	gboolean quiet = table[name].quiet && !(row + 1)->methods;
	if (decision.action != row->action || g_strcmp0(decision.reason, row->reason) != 0)
		print_error("%s %s message %u standing %u: %s %s\n", table[name].name, methods[method], message, world->standing,
			decision.word, decision.reason);
	assert_int_equal(decision.status, RULES_DECIDED);
	assert_int_equal(decision.action, row->action);
	assert_string_equal(decision.word, rules_action_word(row->action));
	assert_int_equal(g_strcmp0(decision.reason, row->reason), 0);
	assert_int_equal(g_strv_length((char **)decision.modifiers), quiet ? 1 : 0);
	if (quiet)
		assert_string_equal(decision.modifiers[0], "quiet");
	/* The rule that decided is the last one that the trace looked at. */
	const struct rules_step *last = g_ptr_array_index(trace, trace->len - 1);
	assert_ptr_equal(last->rule, decision.rule);
	assert_true(last->method && last->truth == RULES_TRUE && last->saw->len > 0);
	help_post_clear(&post);
	rules_scenario_free(scenario);
	return 1;
}

static void test_matrix(void **state)
{
	guint cases = 0;

	for (guint name = 0; name < G_N_ELEMENTS(table); name++)
		for (guint message = 0; message < G_N_ELEMENTS(messages); message++)
			for (guint method = 0; method < G_N_ELEMENTS(methods); method++)
				for (guint roles = 0; roles < 32; roles++) {
					struct help_world world = {.standing = roles & 15, .listmaster = roles >> 4};

					/* Who is a moderator is one of the list's. */
					if ((roles & RULES_IS_EDITOR) && !(roles & RULES_HAS_EDITOR))
						continue;
					cases += check(name, message, method, &world);
				}
	assert_int_equal(cases, 23 * G_N_ELEMENTS(messages) * 4 * 24);
}

static void test_names(void **state)
{
	guint count = 0;

	for (const struct rules_distributed *one = rules_distributed; one->name; one++)
		count++;
	assert_int_equal(count, G_N_ELEMENTS(table));
	assert_int_equal(count, 23);
}

/* The text of a title line; the caller frees it. */
static char *title_of(const char *text, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, name))
			return g_strdup(*line + strlen(name));
	return g_strdup("");
}

/* Who copies a scenario reads in four languages what it means; no problem is found in any. */
static void test_titles(void **state)
{
	static const char *const names[] = {"title ", "title.nl ", "title.fr ", "title.de "};

	for (const struct rules_distributed *one = rules_distributed; one->name; one++) {
		g_autoptr(GPtrArray) problems = rules_problems_new();
		struct rules_scenario *scenario = help_compile(one->text, problems);
		g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

		assert_non_null(scenario);
		assert_int_equal(problems->len, 0);
		for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
			char *title = title_of(one->text, names[i]);

			assert_true(strlen(title) > 5);
			assert_true(g_hash_table_add(seen, title));
		}
		rules_scenario_free(scenario);
	}
}

/* What cannot be asked defers the post. */
static void test_trouble(void **state)
{
	for (const struct rules_distributed *one = rules_distributed; one->name; one++) {
		struct rules_scenario *scenario = help_compile(one->text, NULL);
		struct help_post post;

		help_post(&post, "smtp", messages[0].text);
		post.world.broken = TRUE;
		struct rules_decision decision = rules_decide(scenario, &post.facts, NULL);
		/* Here even the blocklist cannot be read. */
		assert_int_equal(decision.status, RULES_TROUBLED);
		assert_int_equal(decision.action, RULES_DEFER);
		assert_string_equal(decision.reason, "error-performing-condition");
		assert_true(*decision.trouble && decision.rule);
		help_post_clear(&post);
		rules_scenario_free(scenario);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
