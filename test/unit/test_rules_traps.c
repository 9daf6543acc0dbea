/*
 * room: intake. What Sympa drops or misreads in silence is an error at a line and column; warnings where Sympa is followed; includes;
 * bounds (HOSTILE C4: unknown function, recursion, too many rules, catastrophic pattern); the set of files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <time.h>

#include <cmocka.h>

#include "lib/rules/rules_set.h"
#include "test/unit/rules_help.h"

/* The first problem of each text. `text` has its error in its last line. */
static const struct {
	const char *text;
	guint line, column;
	const char *says; /* a part of it */
} errors[] = {
	/* "include" anywhere in a rule */
	{"match([sender],/include/) smtp -> reject", 1, 17, "the word \"include\""},
	{"\ntrue() smtp -> reject(reason='include_x')", 2, 31, "the word \"include\""},
	{"foo include('a')", 1, 5, "the word \"include\""},
	/* includes */
	{"include('none')", 1, 10, "there is no file include.none"},
	{"include('a') smtp -> reject", 1, 14, "expected include('NAME')"},
	{"include('a-b')", 1, 11, "expected include('NAME')"},
	{"include(\"a\")", 1, 9, "expected include('NAME')"},
	{"include()", 1, 10, "expected include('NAME')"},
	{"include('first')", 1, 1, "an include as the first rule"},
	{"include('loop')", 2, 12, "include.loop includes itself"},
	{"include('bad')", 2, 8, "expected a blank before the method"},
	/* "#" in a pattern or a text */
	{"match([header->Subject],/a#b/) smtp -> do_it", 1, 27, "'#' begins a comment"},
	{"equal([sender],'a#b') smtp -> do_it", 1, 18, "'#' begins a comment"},
	{"true() smtp -> reject(reason='a#b')", 1, 32, "'#' begins a comment"},
	{"equal([sender], # more", 1, 17, "'#' begins a comment"},
	/* "," and ")" in a quoted text */
	{"equal([header->Subject],'a,b') smtp -> do_it", 1, 27, "cannot hold \",\""},
	{"equal([header->Subject],\"a)b\") smtp -> do_it", 1, 27, "cannot hold \")\""},
	{"equal([header->Subject],'ab smtp -> do_it", 1, 25, "does not end"},
	/* arguments that would be dropped */
	{"equal([sender],a@b.org) smtp -> do_it", 1, 17, "is quoted"},
	{"verify_netmask(10.0.0.0/8) smtp -> do_it", 1, 24, "the pattern does not end"},
	{"older([current_date],execution_date+1d) smtp -> do_it", 1, 36, "is quoted"},
	{"match([sender],'^[ab]+$') smtp -> do_it", 1, 18, "a variable in a quoted text"},
	{"equal(,a,b) smtp -> do_it", 1, 7, "expected"},
	{"equal(a,,b) smtp -> do_it", 1, 9, "expected"},
	/* text around a condition */
	{"foo true() smtp -> do_it", 1, 1, "there is no condition \"foo\""},
	{"true() foo smtp -> do_it", 1, 8, "expected a method"},
	{"true() sasl -> do_it", 1, 8, "expected a method"},
	{"!!true() smtp -> do_it", 1, 2, "a second \"!\""},
	{"true()md5 -> do_it", 1, 7, "expected a blank"},
	/* wrong words and numbers */
	{"is_member([listname],[sender]) smtp -> do_it", 1, 1, "there is no condition \"is_member\""},
	{"true(1) smtp -> do_it", 1, 1, "takes no argument"},
	{"  equal(a) smtp -> do_it", 1, 3, "equal() takes 2 arguments, not 1"},
	{"is_listmaster(a,b) smtp -> do_it", 1, 1, "takes 1 argument, not 2"},
	{"search(a,b,c) smtp -> do_it", 1, 1, "takes 1 to 2 arguments"},
	{"older([current_date]-1d,'0') smtp -> do_it", 1, 1, "takes 2 arguments, not 3"},
	{"match([sender],/(/) smtp -> do_it", 1, 18, "not a pattern"},
	{"true() and not true() smtp -> do_it", 1, 12, "expected \"!\""},
	{"match([sender],/x/i) smtp -> do_it", 1, 19, "no letters stand behind a pattern"},
	{"match([sender],/a(?<n/) smtp -> do_it", 1, 22, "not a pattern"},
	{"match([sender],/abc) smtp -> do_it", 1, 16, "does not end"},
	{"equal([list->archive],a) smtp -> do_it", 1, 7, "no parameter of a list"},
	{"equal([list->nonsense],a) smtp -> do_it", 1, 7, "no parameter of a list"},
	{"match([msg_part->body],/a/) smtp -> do_it", 1, 7, "only [msg_part->type] works"},
	{"equal([sen der],a) smtp -> do_it", 1, 7, "expected a variable"},
	{"equal([msg_header->],a) smtp -> do_it", 1, 7, "expected a variable"},
	{"true smtp -> do_it", 1, 6, "expected \"(\""},
	{"true() smtp", 1, 12, "expected a method"},
	{"true() smtp ->", 1, 15, "expected an action"},
	{"true() smtp -> 'do_it'", 1, 16, "expected an action"},
	{"true() smtp -> reject(reason='a'", 1, 22, "expected \")\""},
	{"true( smtp -> do_it", 1, 13, "expected"},
	{"true() and smtp -> do_it", 1, 12, "there is no condition"},
	{"(true() smtp -> do_it", 1, 9, "expected \")\""},
	{"or true() smtp -> do_it", 1, 1, "there is no condition \"or\""},
	{"first\ntitle x\n# c\r\n\rtrue() smtp => do_it", 5, 13, "expected a method"},
};

static gboolean find_include(gpointer context, const char *name, struct rules_text *found)
{
	static const char *const files[][2] = {
		{"a", "true() md5 -> do_it\n"},
		{"first", "include('a')\n"},
		{"second", "equal(a,b) smtp -> reject\ninclude('a')\n"},
		{"loop", "equal(a,b) smtp -> reject\n  include('loop')\n"},
		{"bad", "# fine\n true()smtp -> do_it\n"},
		{"many", "equal(a,b) smtp -> reject\ninclude('many2')\ninclude('many2')\ninclude('many2')\ninclude('many2')\n"},
		{"many2", "equal(a,b) smtp -> reject\ninclude('many3')\ninclude('many3')\ninclude('many3')\ninclude('many3')\n"},
		{"many3", "equal(a,b) smtp -> reject\ninclude('many4')\ninclude('many4')\ninclude('many4')\ninclude('many4')\n"},
		{"many4", "equal(a,b) smtp -> reject\ninclude('many5')\ninclude('many5')\ninclude('many5')\ninclude('many5')\n"},
		{"many5", "equal(a,b) smtp -> reject\nequal(a,b) smtp -> reject\nequal(a,b) smtp -> reject\nequal(a,b) smtp -> reject\n"},
		{"send.header", "include('a')\nequal([sender],'head@example.org') smtp -> discard\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		if (strcmp(files[i][0], name) != 0 || (strcmp(name, "send.header") == 0 && !context))
			continue;
		*found = (struct rules_text){.file = g_strconcat("include.", name, NULL), .text = g_strdup(files[i][1])};
		return TRUE;
	}
	return FALSE;
}

static struct rules_scenario *compile(const char *text, gboolean header, GPtrArray *problems)
{
	g_autofree char *block = g_strdup(text);
	const struct rules_source source = {.file = "send.test", .text = block, .include = find_include, .context = header ? (gpointer)"yes" : NULL};

	return rules_compile(&source, problems);
}

static void test_errors(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
		g_autoptr(GPtrArray) problems = rules_problems_new();

		assert_null(compile(errors[i].text, FALSE, problems));
		assert_true(problems->len > 0);
		const struct rules_problem *problem = g_ptr_array_index(problems, 0);
		g_autofree char *line = rules_problem_text(problem);
		if (problem->line != errors[i].line || problem->column != errors[i].column || !strstr(problem->text, errors[i].says))
			print_error("%s\n    %s\n", errors[i].text, line);
		assert_false(problem->warning);
		assert_int_equal(problem->line, errors[i].line);
		assert_int_equal(problem->column, errors[i].column);
		assert_non_null(strstr(problem->text, errors[i].says));
	}
}

/* Sympa takes these, and so do we, but not in silence. */
static const struct {
	const char *text;
	guint column;
	const char *says;
} warnings[] = {
	{"true() SMTP -> do_it", 8, "lower case"},
	{"true() smtp -> do_itnow", 16, "is taken for \"do_it\""},
	{"true() smtp -> publish", 16, "there is no action"},
	{"true() smtp -> reject,notify", 23, "means nothing"},
	{"true() smtp -> reject quiet", 23, "means nothing"},
	{"equal([Sender],a) smtp -> do_it", 7, "there is no variable [Sender]"},
	{"equal([foo->bar],a) smtp -> do_it", 7, "the text as it stands"},
	{"equal([topic],a) smtp -> do_it", 7, "always empty"},
	{"equal(a,[msg_header->Subject]) smtp -> do_it", 9, "only the first argument"},
	{"equal([sender],'a\\b') smtp -> do_it", 18, "a backslash"},
	{"match([sender],'(') smtp -> do_it", 16, "matches nothing"},
	{"search('a.sql') smtp -> do_it", 8, "deferred"},
	{"message(a,b) smtp -> do_it", 9, "deferred"},
	{"CustomCondition::mine([sender]) smtp -> do_it", 23, "deferred"},
	{"older('2026y13m','0') smtp -> do_it", 7, "no calendar"},
};

static void test_warnings(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(warnings); i++) {
		g_autoptr(GPtrArray) problems = rules_problems_new();
		struct rules_scenario *scenario = compile(warnings[i].text, FALSE, problems);

		assert_non_null(scenario);
		assert_int_equal(problems->len, 1);
		const struct rules_problem *problem = g_ptr_array_index(problems, 0);
		g_autofree char *line = rules_problem_text(problem);
		if (problem->column != warnings[i].column || !strstr(problem->text, warnings[i].says))
			print_error("%s\n    %s\n", warnings[i].text, line);
		assert_true(problem->warning);
		assert_int_equal(problem->column, warnings[i].column);
		assert_non_null(strstr(problem->text, warnings[i].says));
		rules_scenario_free(scenario);
	}
}

static const struct {
	const char *condition;
	gboolean asks; /* trouble only when the CRM is down */
} troubles[] = {
	{"message(a,b)", FALSE},
	{"CustomCondition::mine()", FALSE},
	{"search('a.sql')", FALSE},
	{"search('a.ldap')", FALSE},
	{"search('../a.txt')", FALSE},
	{"search('missing.txt')", FALSE},
	{"match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',/^(a+)+$/)", FALSE},
	{"match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',/(a|a)*(a|aa)*$/) or true()", FALSE},
	{"is_subscriber([listname],[sender])", TRUE},
	{"!is_owner([listname],[sender])", TRUE},
	{"is_editor([listname],[sender]) or true()", TRUE},
	{"is_listmaster([sender])", TRUE},
	{"equal([crm->x],'')", TRUE},
	{"equal([list->total],1)", TRUE},
};

static void test_troubles(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(troubles); i++) {
		g_autofree char *text = g_strdup_printf("equal(a,b) smtp -> reject\n %s smtp -> do_it\ntrue() smtp -> reject\n", troubles[i].condition);
		g_autoptr(GPtrArray) problems = rules_problems_new(), trace = rules_trace_new();
		const struct rules_source source = {.file = "send.test", .text = text, .no_blocklist = TRUE};
		struct rules_scenario *scenario = rules_compile(&source, problems);
		struct help_post post;
		clock_t start = clock();

		help_post(&post, "smtp", "A: b\n\n");
		assert_non_null(scenario);
		assert_true(!troubles[i].asks || rules_decide(scenario, &post.facts, NULL).status == RULES_DECIDED);
		post.world.broken = troubles[i].asks;
		for (guint traced = 0; traced < 2; traced++) {
			struct rules_decision decision = rules_decide(scenario, &post.facts, traced ? trace : NULL);

			assert_int_equal(decision.status, RULES_TROUBLED);
			assert_int_equal(decision.action, RULES_DEFER);
			assert_int_equal(decision.rule->line, 2);
			assert_int_equal(decision.rule->column, 2);
			assert_true(*decision.trouble);
		}
		assert_int_equal(trace->len, 2);
		assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
		rules_scenario_free(scenario);
		help_post_clear(&post);
	}
}

static struct rules_decision decide(const char *text, gboolean header, const char *method)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	struct rules_scenario *scenario = compile(text, header, problems);
	struct help_post post;

	help_post(&post, method, "A: b\n\n");
	post.facts.sender = "head@example.org";
	struct rules_decision decision = rules_decide(scenario, &post.facts, NULL);
	rules_scenario_free(scenario);
	help_post_clear(&post);
	return decision;
}

static void test_includes(void **state)
{
	static const char *const forms[] = {"include('a')", "include a", "  INCLUDE ( 'a' )", "include 'a'", "include(a)", "include(a) # c"};

	for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
		if (i != 2)
			assert_int_equal(decide(forms[i], FALSE, "md5").action, RULES_DO_IT);
	assert_int_equal(decide("include('second')", FALSE, "md5").action, RULES_DO_IT);
	assert_int_equal(decide("include('a')\ntrue() smtp,md5 -> discard", FALSE, "smtp").action, RULES_DISCARD);
	/* include.send.header stands before the file. */
	assert_int_equal(decide("true() smtp -> do_it", TRUE, "smtp").action, RULES_DISCARD);
	assert_int_equal(decide("true() smtp -> do_it", TRUE, "md5").action, RULES_DO_IT);
	assert_int_equal(decide("true() smtp -> do_it", FALSE, "smtp").action, RULES_DO_IT);
}

static void test_bounds(void **state)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autoptr(GString) text = g_string_new(NULL);

	/* Files that include each other and grow without end. */
	assert_null(compile("include('many')", FALSE, problems));
	assert_true(problems->len < 300);
	for (guint i = 0; i < RULES_COUNT - 1; i++)
		g_string_append(text, "true() md5 -> do_it\n");
	struct rules_scenario *scenario = compile(text->str, FALSE, problems);
	assert_non_null(scenario);
	rules_scenario_free(scenario);
	for (guint i = 0; i < 10000; i++)
		g_string_append(text, "true() md5 -> do_it\n");
	assert_null(compile(text->str, FALSE, problems));
	g_string_truncate(text, 0);
	for (guint i = 0; i <= RULES_NESTING; i++)
		g_string_append(text, "!(");
	assert_null(compile(text->str, FALSE, problems));
	g_string_assign(text, "true()");
	while (text->len < RULES_LINE - 100)
		g_string_append(text, " and true()");
	g_string_append(text, " smtp -> do_it");
	assert_int_equal(decide(text->str, FALSE, "smtp").action, RULES_DO_IT);
	while (text->len <= RULES_LINE)
		g_string_append_c(text, ' ');
	assert_null(compile(text->str, FALSE, problems));
	const struct rules_problem *last = g_ptr_array_index(problems, problems->len - 1);
	assert_non_null(strstr(last->text, "a line of more than"));
}

/* Few steps, each of which reads all of a long body. */
static void test_slow_pattern(void **state)
{
	g_autoptr(GString) text = g_string_new("A: b\n\n");
	struct rules_scenario *scenario = help_compile("match([msg_body],/([a-z ]+)\\1[xy]/) smtp -> do_it\n", NULL);
	gint64 start = g_get_monotonic_time();
	struct help_post post;

	while (text->len < RULES_VALUE)
		g_string_append(text, "word ");
	help_post(&post, "smtp", text->str);
	assert_int_equal(rules_decide(scenario, &post.facts, NULL).status, RULES_TROUBLED);
	assert_true(g_get_monotonic_time() - start < 10 * RULES_SECONDS * G_USEC_PER_SEC);
	help_post_clear(&post);
	rules_scenario_free(scenario);
}

/* A header with more addresses than may be asked about. */
static void test_questions(void **state)
{
	g_autoptr(GString) text = g_string_new("X-Who: a@example.org");
	g_autoptr(GPtrArray) trace = rules_trace_new();
	struct rules_scenario *scenario = help_compile("is_subscriber([listname],[header->X-Who]) smtp -> do_it\n", NULL);
	struct help_post post;

	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(text, ", a%u@example.org", i);
	g_string_append(text, "\n\n");
	help_post(&post, "smtp", text->str);
	assert_int_equal(rules_decide(scenario, &post.facts, NULL).status, RULES_TROUBLED);
	guint asked = post.world.asked;
	assert_true(asked <= RULES_QUESTIONS);
	/* Who watches asks nothing more, and a second rule asks nothing again. */
	assert_int_equal(rules_decide(scenario, &post.facts, trace).status, RULES_TROUBLED);
	assert_int_equal(post.world.asked, 2 * asked);
	rules_scenario_free(scenario);
	scenario = help_compile("is_subscriber([listname],[sender]) smtp -> do_it\nis_editor([listname],[sender]) smtp -> do_it\n", NULL);
	post.world.asked = 0;
	assert_int_equal(rules_decide(scenario, &post.facts, NULL).status, RULES_NO_MATCH);
	assert_int_equal(post.world.asked, 1);
	rules_scenario_free(scenario);
	help_post_clear(&post);
}

/* ---- the set of files ---- */

static void put_file(const char *root, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(root, name, NULL), *folder = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static enum rules_action find_and_decide(struct rules_set *set, const char *list, const char *name)
{
	struct help_post post;
	g_autofree char *reason = NULL;
	const struct rules_scenario *scenario = rules_set_find(set, list, name, &reason);

	help_post(&post, "smtp", "A: b\n\n");
	assert_true(scenario == NULL ? reason != NULL : reason == NULL);
	enum rules_action action = rules_decide(scenario, &post.facts, NULL).action;
	help_post_clear(&post);
	return action;
}

static void test_set(void **state)
{
	g_autofree char *root = g_dir_make_tmp("rules-XXXXXX", NULL);
	g_autofree char *list = g_build_filename(root, "list", NULL), *domain = g_build_filename(root, "domain", NULL);
	g_autofree char *site = g_build_filename(root, "site", NULL), *reason = NULL;
	const struct rules_place places[] = {{"choir@a.example", list}, {"a.example", domain}, {"", site}, {"", "/nonexistent"}};
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	put_file(list, "scenari/send.mine", "true() smtp -> discard\n");
	put_file(domain, "scenari/send.mine", "include('common')\n");
	put_file(site, "scenari/send.mine", "true() smtp -> do_it\n");
	put_file(site, "scenari/send.public", "true() smtp -> defer\n");
	put_file(site, "scenari/send.public~", "nonsense here\n");
	put_file(site, "scenari/include.common", "true() smtp -> editorkey\n");
	put_file(domain, "scenari/send.broken", "true() smtp -> do_it\nfoo() smtp -> do_it\n");
	put_file(domain, "scenari/send.awful", "true() smtp -> do_it\n\nbar() smtp -> do_it\n");
	put_file(site, "search_filters/blocklist.txt", "a\n");
	put_file(list, "search_filters/blocklist.txt", "b\n");
	struct rules_set *set = rules_set_load(places, G_N_ELEMENTS(places), NULL, problems);
	assert_int_equal(problems->len, 2);
	const struct rules_problem *problem = g_ptr_array_index(problems, 1);
	assert_true(problem->line == 2 && problem->column == 1 && g_str_has_suffix(problem->file, "domain/scenari/send.broken"));
	assert_int_equal(find_and_decide(set, "choir@a.example", "mine"), RULES_DISCARD);
	assert_int_equal(find_and_decide(set, "Choir@A.Example", "mine"), RULES_DISCARD);
	assert_int_equal(find_and_decide(set, "band@a.example", "mine"), RULES_EDITORKEY);
	assert_int_equal(find_and_decide(set, "choir@b.example", "mine"), RULES_DO_IT);
	assert_int_equal(find_and_decide(set, "choir@b.example", "public"), RULES_DEFER);
	assert_int_equal(find_and_decide(set, "choir@b.example", "closed"), RULES_REJECT);
	assert_null(rules_set_find(set, "choir@a.example", "broken", &reason));
	assert_non_null(strstr(reason, "domain/scenari/send.broken:2:1: "));
	g_clear_pointer(&reason, g_free);
	assert_null(rules_set_find(set, "choir@b.example", "broken", &reason));
	assert_string_equal(reason, "there is no file send.broken");
	rules_set_filter(set, "choir@a.example", "blocklist.txt", texts);
	assert_int_equal(texts->len, 2);
	rules_set_filter(set, "band@a.example", "blocklist.txt", texts);
	assert_int_equal(texts->len, 3);
	rules_set_free(set);
	const char *const argv[] = {"rm", "-rf", root, NULL};
	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
}

/* A file that cannot be read is not replaced by the next one of its name. */
static void test_unreadable(void **state)
{
	g_autofree char *root = g_dir_make_tmp("rules-XXXXXX", NULL), *folder = g_build_filename(root, "scenari", NULL);
	g_autofree char *fifo = g_build_filename(folder, "send.public", NULL), *nul = g_build_filename(folder, "send.private", NULL);
	const struct rules_place places[] = {{"", root}};
	g_autoptr(GPtrArray) problems = rules_problems_new();
	g_autofree char *reason = NULL;

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_true(g_file_set_contents(nul, "a\0b", 3, NULL));
	struct rules_set *set = rules_set_load(places, 1, NULL, problems);
	assert_int_equal(problems->len, 2);
	assert_null(rules_set_find(set, "a@b.example", "public", &reason));
	assert_non_null(strstr(reason, "could not be read"));
	rules_set_free(set);
	assert_int_equal(unlink(fifo) | unlink(nul) | rmdir(folder) | rmdir(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors), cmocka_unit_test(test_warnings), cmocka_unit_test(test_troubles),
		cmocka_unit_test(test_includes), cmocka_unit_test(test_bounds), cmocka_unit_test(test_questions),
		cmocka_unit_test(test_slow_pattern), cmocka_unit_test(test_set), cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
