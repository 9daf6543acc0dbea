/* What a list's settings have looked at before the scenario, banned addresses, and what the settings say to rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rules/rules_site.h"
#include "rules_help.h"

#define HEAD "From: " WHO "\nTo: choir@lists.example.org\nSubject: Tea\n\n"
static const char everybody[] = "true() smtp,dkim,md5,smime -> do_it";

static const char *const banned[] = {"bob@example.org", "*@spam.example", "^ann@(example|elsewhere)[.]org$", NULL};
static const char *const not_banned[] = {"bob@example.org", "ann@example.or", "nn@example.org", "^nn@$", NULL};
static const char *const star[] = {"ann@*", NULL};
static const char *const bad_pattern[] = {"^ann@(", NULL};
static const char *const slow[] = {"^(a+)+$", NULL};
static const char *const aliases[] = {"singers@example.org", NULL};

struct check_case {
	const char *post;
	struct rules_checks checks;
	gboolean emergency;
	enum rules_action action;
	const char *rule; /* the setting; NULL: the scenario decided */
	const char *reason;
};

#define DOES(check, action) .does = {[RULES_CHECK_##check] = RULES_##action}

static const struct check_case cases[] = {
	{HEAD, {0}, FALSE, RULES_DO_IT, NULL, NULL},
	{HEAD, {.banned = banned, DOES(BANNED, DISCARD)}, FALSE, RULES_DISCARD, "banned", "banned"},
	{HEAD, {.banned = star, DOES(BANNED, REJECT)}, FALSE, RULES_REJECT, "banned", "banned"},
	{HEAD, {.banned = banned}, FALSE, RULES_DO_IT, NULL, NULL},
	{HEAD, {.banned = not_banned, DOES(BANNED, DISCARD)}, FALSE, RULES_DO_IT, NULL, NULL},
	{HEAD, {.banned = bad_pattern, DOES(BANNED, DISCARD)}, FALSE, RULES_DEFER, "banned", "error-performing-condition"},
	{HEAD, {DOES(EMERGENCY, EDITORKEY)}, TRUE, RULES_EDITORKEY, "emergency", "emergency"},
	/* Mailman's order: who is banned is not held, whatever the brake says. */
	{HEAD, {.banned = banned, .does = {RULES_DISCARD, RULES_EDITORKEY}}, TRUE, RULES_DISCARD, "banned", "banned"},
	{"To: choir@lists.example.org\nSubject: unsubscribe\n\n", {DOES(ADMINISTRIVIA, REJECT)}, FALSE, RULES_REJECT, "administrivia",
		"administrivia"},
	{"To: other@lists.example.org\nSubject: Tea\n\n", {DOES(DESTINATION, EDITORKEY)}, FALSE, RULES_EDITORKEY,
		"require_explicit_destination", "implicit-destination"},
	{"To: Singers <singers@EXAMPLE.org>\nSubject: Tea\n\n", {.aliases = aliases, DOES(DESTINATION, EDITORKEY)}, FALSE,
		RULES_DO_IT, NULL, NULL},
	{HEAD, {DOES(DESTINATION, EDITORKEY)}, FALSE, RULES_DO_IT, NULL, NULL},
	{"To: a@b.org, c@d.org\nCc: choir@lists.example.org\nSubject: Tea\n\n", {.recipients = 3, DOES(RECIPIENTS, EDITORKEY)}, FALSE,
		RULES_EDITORKEY, "max_recipients", "too-many-recipients"},
	{"To: a@b.org, c@d.org\nCc: choir@lists.example.org\nSubject: Tea\n\n", {.recipients = 4, DOES(RECIPIENTS, EDITORKEY)}, FALSE,
		RULES_DO_IT, NULL, NULL},
	{HEAD, {.recipients = 0, DOES(RECIPIENTS, EDITORKEY)}, FALSE, RULES_DO_IT, NULL, NULL},
	{HEAD, {.size = 20, DOES(SIZE, REJECT)}, FALSE, RULES_REJECT, "max_size", "too-big"},
	{HEAD, {.size = 20000, DOES(SIZE, REJECT)}, FALSE, RULES_DO_IT, NULL, NULL},
	{"To: choir@lists.example.org\n\n", {DOES(SUBJECT, EDITORKEY)}, FALSE, RULES_EDITORKEY, "no_subject", "no-subject"},
	{"To: choir@lists.example.org\nSubject: Re: choir Digest, Vol 3, Issue 14\n\n", {DOES(DIGEST, DISCARD)}, FALSE, RULES_DISCARD,
		"digest_reply", "digest-subject"},
};

static void run_case(const struct check_case *one, const char *scenario, gboolean traced)
{
	struct help_post post;
	struct rules_scenario *compiled = help_compile(scenario, NULL);
	g_autoptr(GPtrArray) trace = rules_trace_new();

	help_post(&post, "smtp", one->post);
	post.facts.checks = &one->checks;
	post.facts.emergency = one->emergency;
	struct rules_decision decision = rules_decide(compiled, &post.facts, traced ? trace : NULL);
	assert_int_equal(decision.action, one->action);
	if (one->rule) {
		assert_string_equal(decision.rule->text, one->rule);
		assert_string_equal(decision.rule->file, RULES_SETTINGS);
		assert_int_equal(decision.rule->line, 0);
		assert_string_equal(decision.reason, one->reason);
	} else {
		assert_string_equal(decision.rule->file, "send.test");
	}
	if (traced) {
		const struct rules_step *last = g_ptr_array_index(trace, trace->len - 1);

		assert_ptr_equal(last->rule, decision.rule);
		assert_int_equal(last->saw->len, 1);
	}
	rules_scenario_free(compiled);
	help_post_clear(&post);
}

static void test_before_the_scenario(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		run_case(&cases[i], everybody, FALSE);
		run_case(&cases[i], everybody, TRUE);
	}
}

/* The same facts as conditions of a scenario, for whoever wants another order or action. */
static void test_as_conditions(void **state)
{
	static const struct rules_checks settings = {.banned = banned, .aliases = aliases, .recipients = 2, .size = 30};
	static const char *const hold[] = {"is_banned()", "is_banned([sender])", "too_big()", "too_big(30)", "too_many_recipients()",
		"!too_big(100000)", "!too_many_recipients(3)", "is_emergency()", "!implicit_destination()", "!is_banned('x@example.net')"};
	struct help_post post;

	help_post(&post, "smtp", "To: singers@example.org, x@example.org\nSubject: Tea\n\n");
	post.facts.checks = &settings;
	post.facts.emergency = TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(hold); i++) {
		g_autofree char *text = g_strdup_printf("%s smtp -> do_it", hold[i]);
		struct rules_scenario *compiled = help_compile(text, NULL);

		assert_non_null(compiled);
		assert_int_equal(rules_decide(compiled, &post.facts, NULL).action, RULES_DO_IT);
		rules_scenario_free(compiled);
	}
	help_post_clear(&post);
}

/* ban.txt has patterns, too; blocklist.txt counts as ever. */
static void test_ban_file(void **state)
{
	static const struct {
		const char *name, *text;
		enum rules_truth holds;
	} files[] = {
		{"ban.txt", "# who\n\n  ^a.n@example[.]org$ \n", RULES_TRUE},
		{"ban.txt", "ann@example.org\r\n", RULES_TRUE},
		{"ban.txt", "^xann@", RULES_FALSE},
		{"ban.txt", "#^ann\n;^ann\n", RULES_FALSE},
		{"ban.txt", "^(", RULES_TRUTH_TROUBLE},
		{"blocklist.txt", "*@example.org\n", RULES_TRUE},
		{"other.txt", "*@example.org\n", RULES_FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		struct rules_scenario *compiled = help_compile("is_banned([sender]) smtp -> reject\ntrue() smtp -> do_it", NULL);
		struct help_post post;

		help_post(&post, "smtp", HEAD);
		post.world.filter_name = files[i].name;
		g_autofree char *block = g_strdup(files[i].text);
		post.world.filter = block;
		struct rules_decision decision = rules_decide(compiled, &post.facts, NULL);
		/* The blocklist's own rule stands first. */
		assert_int_equal(decision.action, files[i].holds == RULES_TRUE ? RULES_REJECT :
				files[i].holds == RULES_FALSE ? RULES_DO_IT : RULES_DEFER);
		rules_scenario_free(compiled);
		help_post_clear(&post);
	}
}

/* Whoever writes such a pattern makes posts wait, and no process spin. */
static void test_bounds(void **state)
{
	const struct rules_checks checks = {.banned = slow, DOES(BANNED, DISCARD)};
	g_autoptr(GPtrArray) many = g_ptr_array_new_with_free_func(g_free);
	struct help_post post;
	gint64 start = g_get_monotonic_time();

	help_post(&post, "smtp", HEAD);
	post.facts.sender = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org";
	post.facts.checks = &checks;
	assert_int_equal(rules_decide(NULL, &post.facts, NULL).action, RULES_DEFER);
	assert_true(g_get_monotonic_time() - start < 5 * G_USEC_PER_SEC);
	for (guint i = 0; i < 1100; i++)
		g_ptr_array_add(many, g_strdup_printf("^nobody%u@", i));
	g_ptr_array_add(many, NULL);
	const struct rules_checks crowd = {.banned = (const char *const *)many->pdata, DOES(BANNED, DISCARD)};
	post.facts.checks = &crowd;
	struct rules_decision decision = rules_decide(NULL, &post.facts, NULL);
	assert_int_equal(decision.status, RULES_TROUBLED);
	assert_non_null(strstr(decision.trouble, "patterns of banned"));
	help_post_clear(&post);
}

static void test_faults(void **state)
{
	static const struct {
		const char *entry;
		gboolean good;
	} entries[] = {{"a@b.org", TRUE}, {"*@b.org", TRUE}, {"^.*@b[.]org$", TRUE}, {"b.org", FALSE}, {"^(", FALSE}, {"^[", FALSE}};

	for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
		g_autofree char *fault = rules_ban_fault(entries[i].entry);

		assert_int_equal(fault == NULL, entries[i].good);
	}
}

/* ---- what the settings say ---- */

static struct settings *read_settings(void)
{
	static const char text[] = "[rollcall]\nhostname = mx.example.org\nlistmasters = Root@example.org\n"
				   "[crm]\ncolumn_address = mail\n"
				   "[domain lists.example.org]\nlistmasters = dom@example.org ; x@xn--bcher-kva.example\nlanguage = nl\n"
				   "[domain other.example.org]\n"
				   "[list choir@lists.example.org]\ndescription = Singing\nno_subject = hold\nbanned = a@b.org\n";
	g_autoptr(GError) error = NULL;
	struct settings *settings = settings_parse(text, strlen(text), "t.conf", &error);

	assert_non_null(settings);
	return settings;
}

static void test_site_facts(void **state)
{
	static const char *const conditions[] = {"equal([list->subject],'Singing')", "equal([list->lang],nl)", "equal([list->send],private)",
		"equal([list->description],Singing)", "equal([list->host],'lists.example.org')", "equal([list->no_subject],hold)",
		"equal([conf->hostname],'mx.example.org')", "equal([conf->max_size],'50M')", "equal([conf->nonsense],'')",
		"equal([conf->domain],'lists.example.org')", "equal([subscriber->email],yes)", "equal([list->total],'42')"};
	settings_auto struct settings *settings = read_settings();
	struct rules_site_facts site;
	struct help_post post;

	rules_site_facts(settings, "choir@lists.example.org", &site);
	assert_int_equal(site.checks.does[RULES_CHECK_SUBJECT], RULES_EDITORKEY);
	assert_int_equal(site.checks.does[RULES_CHECK_BANNED], RULES_DISCARD);
	assert_int_equal(site.checks.does[RULES_CHECK_EMERGENCY], RULES_DO_IT);
	assert_string_equal(site.checks.banned[0], "a@b.org");
	help_post(&post, "smtp", HEAD);
	post.world.column = "mail";
	post.world.cell = "yes";
	post.facts.parameters = site.parameters;
	post.facts.conf = site.conf;
	post.facts.subscriber_columns = site.columns;
	for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++) {
		static const char *const own[] = {"description", "no_subject", NULL};
		g_autofree char *text = g_strdup_printf("%s smtp -> do_it", conditions[i]);
		g_autoptr(GPtrArray) problems = rules_problems_new();
		const struct rules_source source = {.file = "send.test", .text = text, .parameters = own};
		struct rules_scenario *compiled = rules_compile(&source, problems);

		assert_non_null(compiled);
		if (rules_decide(compiled, &post.facts, NULL).action != RULES_DO_IT)
			fail_msg("%s", conditions[i]);
		rules_scenario_free(compiled);
	}
	help_post_clear(&post);
	rules_site_clear(&site);
}

static void test_listmasters(void **state)
{
	static const struct {
		const char *list, *address;
		gboolean is;
	} rows[] = {
		{"choir@lists.example.org", "root@example.org", TRUE}, {"choir@lists.example.org", "ROOT@example.org", TRUE},
		{"choir@lists.example.org", "dom@example.org", TRUE}, {"choir@lists.example.org", "x@xn--bcher-kva.example", TRUE},
		{"any@other.example.org", "root@example.org", TRUE}, {"any@other.example.org", "dom@example.org", FALSE},
		{"choir@lists.example.org", "root@example.or", FALSE}, {"choir@lists.example.org", "oot@example.org", FALSE},
	};
	settings_auto struct settings *settings = read_settings();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(rules_site_is_listmaster(settings, rows[i].list, rows[i].address), rows[i].is);
}

/* ---- which columns ---- */

static void note_column(gpointer context, const struct rules_rule *rule, const char *column, gboolean sympas)
{
	g_string_append_printf(context, "%u%s%s ", rule->line, sympas ? "~" : ":", column);
}

static void test_columns(void **state)
{
	struct rules_scenario *compiled = help_compile("true() smtp -> do_it\n"
						       "equal([crm->paid],1) and !(match([subscriber->gecos],/x/) or equal(a,[user->since])) smtp -> do_it\n"
						       "equal([list->name],[header->Subject][0]) smtp -> do_it\n", NULL);
	g_autoptr(GString) found = g_string_new(NULL);

	assert_non_null(compiled);
	rules_scenario_columns(compiled, note_column, found);
	assert_string_equal(found->str, "2:paid 2~gecos 2~since ");
	rules_scenario_free(compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_the_scenario),
		cmocka_unit_test(test_as_conditions),
		cmocka_unit_test(test_ban_file),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_site_facts),
		cmocka_unit_test(test_listmasters),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
