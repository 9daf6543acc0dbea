/*
 * room: intake. The language of scenarios: each condition, variable, action and date form by what it decides, and each trap by line and column
 * (HOSTILE C4: unknown function, recursion, too many rules, catastrophic pattern).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "test/unit/rules_help.h"

static const char message[] = "From: Ann <ann@example.org>\n"
			      "To: choir@lists.example.org, \"Bob, jr\" <bob@example.org> (c@d.example)\n"
			      "Cc: Group: carl@example.org;\n"
			      "Subject: Re: Choir Digest, Vol 3, Issue 14\n"
			      "X-Word: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
			      "X-Fold: one\n two\n"
			      "X-Empty:\n"
			      "X-N: 5\nX-N: 12\nX-N: 9x\n"
			      "X-Who: Ann <ANN@example.org>\n"
			      "Date: Sat, 21 Nov 2026 10:00:00 +0000\n"
			      "Content-Type: multipart/mixed; boundary=b\n\n"
			      "--b\n\nfirst\n--b\nContent-Type: Image/PNG\n\nx\n--b--\n";

/* Conditions that hold, and with "!" before them those that do not, of a subscriber; 42 members; search file who.txt. */
static const char *const holds[] = {
	"true()", "all()", "TRUE ( )", "!equal('a','b')", "! equal('a','b')",
	/* equal: case aside, any element of the first, never a list as the second */
	"equal('Ann','aNN')", "equal([sender],'ANN@example.org')", "equal(a,a)", "equal([listname],choir)", "equal(\"a b\",'a b')",
	"equal([msg_header->X-N],'12')", "!equal('12',[msg_header->X-N])", "equal([msg_header->X-N][1],12)", "equal([msg_header->X-N][+0],5)",
	"equal([msg_header->X-N][-1],'9x')", "equal([msg_header->X-N][7],'')", "equal([msg_header->X-N][-7],'')", "equal([nothing],'')",
	"equal([nothing],[no_such])", "equal('\303\234ber','\303\274BER')", "equal([sender] 'ann@example.org')", "equal(a,a,)",
	"equal('it's','it's')", "equal('[sender]','ann@example.org')", "equal([foo->bar],'[foo->bar]') or true()",
	"equal('',[msg_header->X-Absent][0])", "equal([msg_header->X-Absent],'')", "equal([msg_header->X-Empty],'')",
	/* match */
	"match([sender],/^ann@/)", "match([sender],/^ANN@EXAMPLE\\.ORG$/)", "!match([sender],/bob/)", "match([msg_header->X-N],/^9x$/)",
	"!match([sender],//)", "!match([sender],'')", "match([sender],'ann')", "match([sender],\"^ann\")", "match([sender],ann)",
	"match('lists.example.org',/^[domain]$/)", "!match('listsXexample.org',/^[domain]$/)", "match('x.lists.example.org',/[host]$/)",
	"match('a/b',/a\\/b/)", "match([sender],/(ann|bob)@[a-z,]+/)", "!match([msg_header->X-Fold],/one.*two/)",
	"match([msg_header->X-Fold],/one\\s+two/)", "match([header->X-Fold],/^one two$/)", "match([msg_header->X-Word],/^=\\?utf-8/)",
	"match([header->X-Word],/^gr\303\234\303\237e$/)", "!match([msg_header->X-Word],/gr\303\274/)", "match([HEADER->x-word],/e$/)",
	"match([sender],[custom_vars->re])", "!match([sender],[custom_vars->bad])",
	/* less_than */
	"less_than('9','10')", "!less_than('10','9')", "!less_than('9x','10')", "less_than('10','9x') or true()", "less_than('a','b')",
	"less_than([msg_header->X-N],'6')", "!less_than([msg_header->X-N],'5')", "less_than(' 9 ','9.5')", "less_than('-1','0')",
	"less_than('1e1','11')", "!less_than('','')", "less_than('','a')", "!less_than('5','abc')",
	/* who is what */
	"is_subscriber([listname],[sender])", "is_subscriber('choir','ann@example.org')", "is_subscriber('CHOIR@lists.example.org',[sender])",
	"!is_subscriber('other',[sender])", "!is_subscriber([listname],'nobody')", "is_subscriber([listname],[msg_header->From])",
	"is_subscriber([listname],[msg_header->X-Who])", "!is_subscriber([listname],[msg_header->To])", "!is_owner([listname],[sender])",
	"!is_editor([listname],[sender])", "!is_listmaster([sender])", "is_editor([listname],'Ed <editor@example.org>')",
	"!is_subscriber([listname],'\"ann@example.org\" <x@example.org>')",
	"is_subscriber([list->name],[email])", "is_subscriber([list->address],[email])",
	/* files */
	"search('who.txt')", "search('who.txt',[sender])", "!search('none.txt') or true()", "search(who.txt)", "!search('blocklist.txt')",
	"!is_banned([sender])", "!verify_netmask('10.0.0.0/8')", "!verify_netmask('garbage')",
	/* variables */
	"equal([email],[sender])", "equal([domain],'lists.example.org')", "equal([host],[domain])", "equal([remote_host],'unknown_host')",
	"equal([LISTNAME],choir)", "equal([Sender],'')", "equal([list->total],42)", "equal([list->status],open)",
	"equal([list->subject],'Singing')", "equal([list->priority],'')", "equal([conf->host],[domain])", "equal([conf->domain],[domain])",
	"equal([conf->gecos],'Us')", "equal([conf->no_such],'')", "equal([custom_vars->colour],'Red')", "equal([custom_vars->none],'')",
	"equal([crm->mode],'nomail')", "equal([crm->other],'')", "equal([subscriber->mode],'nomail')", "equal([user->mode],'nomail')",
	"equal([user_attributes->x],'')", "equal([env->PATH],'')", "equal([family->x],'')", "equal([topic],[topic_sender])",
	"equal([previous_email],'')", "equal([date],'')", "equal([msg_encrypted],'')", "equal([is_bcc],0)", "equal([IS_BCC],0)",
	"equal([current_date],[execution_date])", "equal([current_date],1790000000)", "equal([auth->dkim_domain],'example.org')",
	"equal([auth->dmarc],pass)", "equal([auth->method],smtp)", "equal([auth->sasl],jan)", "equal([auth->x],'')", "equal([msg->recipients],3)",
	"less_than('300',[msg->size])", "equal([msg->sender],[sender])", "equal([msg->none],'')", "equal([msg_part->type],'image/png')",
	"equal([msg_part->type],'text/plain')", "!equal([msg_part->type],'multipart/mixed')", "equal([msg_body],'')", "equal([sender][3],[sender])",
	/* Mailman's */
	"!is_emergency()", "!implicit_destination()", "!implicit_destination('x@example.org')", "too_many_recipients(3)",
	"!too_many_recipients('4')", "!too_many_recipients(0)", "!no_subject()", "!administrivia()", "digest_reply()",
	/* beyond Sympa */
	"true() and true()", "!true() or true()", "true() or equal(a,b) and equal(a,b)", "!(true() and !true())", "(true())",
	"!(equal(a,b) or equal(a,c))", "equal('and','and') AND true() Or equal(a,b)", "!((true() or true()) and !true())", "!(!true())",
};

static void put(GHashTable *table, const char *name, const char *value)
{
	g_hash_table_insert(table, (gpointer)name, (gpointer)value);
}

static void give_facts(struct help_post *post)
{
	post->world = (struct help_world){.standing = RULES_IS_SUBSCRIBER, .filter_name = "who.txt",
		.filter = "# comment\n;other\n \nbob@*\n*@EXAMPLE.org\n", .column = "mode", .cell = "nomail"};
	post->facts.dkim_domain = "example.org";
	post->facts.sasl = "jan";
	post->facts.dmarc = "pass";
	post->facts.parameters = g_hash_table_new(g_str_hash, g_str_equal);
	put(post->facts.parameters, "subject", "Singing");
	post->facts.custom_vars = g_hash_table_new(g_str_hash, g_str_equal);
	put(post->facts.custom_vars, "colour", "red");
	put(post->facts.custom_vars, "re", "^ann@");
	put(post->facts.custom_vars, "bad", "(");
	post->facts.conf = g_hash_table_new(g_str_hash, g_str_equal);
	put(post->facts.conf, "gecos", "us");
}

static void drop_facts(struct help_post *post)
{
	g_hash_table_unref(post->facts.parameters);
	g_hash_table_unref(post->facts.custom_vars);
	g_hash_table_unref(post->facts.conf);
	help_post_clear(post);
}

/* The decision about `post` by a scenario of this text; the text of what decided is gone with it. */
static struct rules_decision decide(const char *text, struct help_post *post)
{
	g_autoptr(GPtrArray) problems = rules_problems_new();
	struct rules_scenario *scenario = help_compile(text, problems);

	for (guint i = 0; !scenario && i < problems->len; i++) {
		g_autofree char *line = rules_problem_text(g_ptr_array_index(problems, i));

		print_error("%s\n", line);
	}
	assert_non_null(scenario);
	struct rules_decision decision = rules_decide(scenario, &post->facts, NULL);
	rules_scenario_free(scenario);
	return decision;
}

static void test_conditions(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(holds); i++) {
		g_autofree char *text = g_strdup_printf("%s smtp -> do_it\ntrue() smtp -> reject\n", holds[i]);
		struct help_post post;

		help_post(&post, "smtp", message);
		give_facts(&post);
		struct rules_decision decision = decide(text, &post);
		if (decision.action != RULES_DO_IT)
			print_error("%s: %s\n", holds[i], decision.trouble);
		/* "search('none.txt')" is trouble, and trouble stops an "or", too. */
		assert_int_equal(decision.action, strstr(holds[i], "none.txt") ? RULES_DEFER : RULES_DO_IT);
		drop_facts(&post);
	}
}

/* What is true of another message, or other facts. */
static const struct {
	const char *condition, *text;
	gboolean holds;
} others[] = {
	{"no_subject()", "X: y\n\n", TRUE},
	{"equal([msg_encrypted],'smime')", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx", TRUE},
	{"equal([msg_encrypted],'')", "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx", TRUE},
	{"no_subject()", "Subject:  \n\n", TRUE},
	{"no_subject()", "Subject: =?utf-8?q?_?=\n\n", TRUE},
	{"equal([is_bcc],1)", "To: choirs@lists.example.org, choir@example.org\n\n", TRUE},
	{"implicit_destination()", "To: choir-friends@lists.example.org\n\n", TRUE},
	{"implicit_destination('old@example.org')", "To: OLD@example.org\n\n", FALSE},
	{"administrivia()", "Subject: unsubscribe\n\nx\n", TRUE},
	{"administrivia()", "Subject: unsubscribe me from all this now please\n\nx\n", FALSE},
	{"administrivia()", "Subject: x\n\n\n  Subscribe  \n", TRUE},
	{"administrivia()", "Subject: help wanted\n\nx\n", FALSE},
	{"administrivia()", "Subject: x\nContent-Type: text/html\n\nhelp\n", FALSE},
	{"administrivia()", "Subject: x\n\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\nhelp\n", FALSE},
	{"digest_reply()", "Subject: Choir Digest, Vol 3, Issue 14\n\n", FALSE},
	{"digest_reply()", "Subject: Antw: [choir] Digest of 3 May\n\n", TRUE},
	{"digest_reply()", "Subject: Re: how to digest an elephant\n\n", FALSE},
	{"match([msg_body],/^second$/) or match([msg_body],/first\\nsecond\\n$/)", "A: b\n\nfirst\nsecond\n", TRUE},
	{"equal([msg_body],'')", "Content-Type: image/png\n\nfirst\n", TRUE},
	{"equal([msg_part->type],'')", "A: b\n\nfirst\n", FALSE},
	{"!match([msg_part->type],/./)", "A: b\n\nfirst\n", TRUE},
	{"match([header->Subject],/^\303\244\303\266$/)", "Subject: =?iso-8859-1?q?=E4?= =?utf-8?b?w7Y=?=\n\n", TRUE},
	{"equal([header->Subject],'a =?utf-8?q?b?=c')", "Subject: a =?utf-8?q?b?=c\n\n", FALSE},
	{"match([header->A],/\\x{e4}/)", "A: \344\n\n", FALSE},
};

static void test_messages(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autofree char *text = g_strdup_printf("%s smtp -> do_it\n", others[i].condition);
		struct help_post post;

		help_post(&post, "smtp", others[i].text);
		struct rules_decision decision = decide(text, &post);
		if ((decision.action == RULES_DO_IT) != others[i].holds)
			print_error("%s of %s\n", others[i].condition, others[i].text);
		assert_int_equal(decision.status, others[i].holds ? RULES_DECIDED : RULES_NO_MATCH);
		help_post_clear(&post);
	}
}

/* Local time is Amsterdam's; now is 2026-09-21 15:13:20 there. */
static const struct {
	const char *date;
	gint64 epoch;
} dates[] = {
	{"0", 0}, {"1234567890", 1234567890}, {"execution_date", 1790000000}, {"nonsense", 1790000000}, {"", 1790000000},
	{"2026y", 1767222000}, {"2026y1m", 1767222000}, {"2026y1m1d", 1767222000}, {"2026y7m1d", 1782856800},
	{"2026y7m1d12h", 1782900000}, {"2026y7m1d12h5min", 1782900300}, {"2026y7m1d12h5min6sec", 1782900306}, {"2026y5min", 1767222300},
	{"2026y2d", 1767308400}, {"26y", 1790000000}, {"2026Y", 1790000000}, {"2026", 2026}, {"2026y1d2m", 1790000000},
	{"execution_date+1d", 1790086400}, {"execution_date-1d", 1789913600}, {"execution_date+1w", 1790604800}, {"0+1y", 31536000},
	{"0+2h", 7200}, {"0+3min", 180}, {"0+4sec", 4}, {"0+1y2w3d4h5min6sec", 31536000 + 17 * 86400 + 4 * 3600 + 306},
	{"0+1m", 31 * 86400}, {"0+2m", 59 * 86400}, {"0+14m", 424 * 86400}, {"2026y2m1d+1m", 1769900400 + 28 * 86400},
	{"2026y2m1d-1m", 1769900400 - 28 * 86400}, {"0+1D", 86400}, {"0+junk2d", 2 * 86400}, {"0+2d3w", 3 * 7 * 86400}, {"0+5x", 0},
	{"0+", 1790000000}, {"-5", 1790000000}, {"2026y-1d", 1767222000 - 86400}, {"nonsense+1d", 1790086400},
};

static void test_dates(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(dates); i++) {
		g_autofree char *text = g_strdup_printf("older('%s','%" G_GINT64_FORMAT "') and newer('%" G_GINT64_FORMAT "','%s') and "
							"!newer('%s','%" G_GINT64_FORMAT "') and !older('%" G_GINT64_FORMAT "','%s') smtp -> do_it\n",
			dates[i].date, dates[i].epoch, dates[i].epoch + 1, dates[i].date, dates[i].date, dates[i].epoch,
			dates[i].epoch + 1, dates[i].date);
		g_autofree char *exact = g_strdup_printf("older('%" G_GINT64_FORMAT "','%s') smtp -> do_it\n", dates[i].epoch, dates[i].date);
		struct help_post post;

		help_post(&post, "smtp", "A: b\n\n");
		if (decide(text, &post).action != RULES_DO_IT || decide(exact, &post).action != RULES_DO_IT)
			print_error("%s\n", dates[i].date);
		assert_int_equal(decide(text, &post).action, RULES_DO_IT);
		assert_int_equal(decide(exact, &post).action, RULES_DO_IT);
		help_post_clear(&post);
	}
}

static void test_impossible_dates(void **state)
{
	static const char *const none[] = {"2026y13m", "2026y2m29d", "2026y1m32d", "2026y1m1d24h", "2026y60min", "0000y"};
	struct help_post post;

	help_post(&post, "smtp", "A: b\n\n");
	for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
		g_autofree char *text = g_strdup_printf("older([current_date],'%s') smtp -> do_it\n", none[i]);

		assert_int_equal(decide(text, &post).status, RULES_TROUBLED);
	}
	help_post_clear(&post);
}

static const struct {
	const char *text;
	enum rules_action action;
	const char *word, *reason, *template, *modifiers, *argument;
} actions[] = {
	{"do_it", RULES_DO_IT, "do_it", NULL, NULL, "", NULL},
	{"do_it,quiet", RULES_DO_IT, "do_it", NULL, NULL, "quiet", NULL},
	{"do_it , notify,quiet  ", RULES_DO_IT, "do_it", NULL, NULL, "notify quiet", NULL},
	{"do_itnow", RULES_DO_IT, "do_itnow", NULL, NULL, "", NULL},
	{"reject", RULES_REJECT, "reject", NULL, NULL, "", NULL},
	{"rejected", RULES_REJECT, "reject", NULL, NULL, "", NULL},
	{"reject,quiet", RULES_REJECT, "reject", NULL, NULL, "quiet", NULL},
	{"reject quiet", RULES_REJECT, "reject", NULL, NULL, "", NULL},
	{"reject,notify", RULES_REJECT, "reject", NULL, NULL, "", NULL},
	{"reject()", RULES_REJECT, "reject", NULL, NULL, "", NULL},
	{"reject(reason='send_owner')", RULES_REJECT, "reject", "send_owner", NULL, "", NULL},
	{"reject(reason=send_owner),quiet", RULES_REJECT, "reject", "send_owner", NULL, "quiet", NULL},
	{"reject(tt2='mine')", RULES_REJECT, "reject", NULL, "mine", "", NULL},
	{"reject(reason='a',tt2='b')", RULES_REJECT, "reject", "a", "b", "", NULL},
	{"reject('mine.tt2')", RULES_REJECT, "reject", NULL, "mine.tt2", "", NULL},
	{"reject(mine,reason='a')", RULES_REJECT, "reject", NULL, "mine", "", NULL},
	{"request_auth", RULES_REQUEST_AUTH, "request_auth", NULL, NULL, "", NULL},
	{"request_auth([email])", RULES_REQUEST_AUTH, "request_auth", NULL, NULL, "", "[email]"},
	{"editorkey,quiet", RULES_EDITORKEY, "editorkey", NULL, NULL, "quiet", NULL},
	{"editor,notify", RULES_EDITOR, "editor", NULL, NULL, "notify", NULL},
	{"owner,quiet", RULES_OWNER, "owner", NULL, NULL, "quiet", NULL},
	{"listmaster,notify", RULES_LISTMASTER, "listmaster", NULL, NULL, "notify", NULL},
	{"ham", RULES_HAM, "ham", NULL, NULL, "", NULL},
	{"spammy", RULES_SPAM, "spam", NULL, NULL, "", NULL},
	{"unsure", RULES_UNSURE, "unsure", NULL, NULL, "", NULL},
	{"defer", RULES_DEFER, "defer", NULL, NULL, "", NULL},
	{"discard", RULES_DISCARD, "discard", NULL, NULL, "", NULL},
};

static void test_actions(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
		g_autofree char *text = g_strdup_printf("true() smtp -> %s\r\n", actions[i].text);
		g_autoptr(GPtrArray) problems = rules_problems_new();
		struct rules_scenario *scenario = help_compile(text, problems);
		struct help_post post;

		help_post(&post, "smtp", "A: b\n\n");
		assert_non_null(scenario);
		struct rules_decision decision = rules_decide(scenario, &post.facts, NULL);
		g_autofree char *modifiers = g_strjoinv(" ", (char **)decision.modifiers);
		assert_int_equal(decision.status, RULES_DECIDED);
		assert_int_equal(decision.action, actions[i].action);
		assert_string_equal(decision.word, actions[i].word);
		assert_string_equal(modifiers, actions[i].modifiers);
		assert_int_equal(g_strcmp0(decision.reason, actions[i].reason), 0);
		assert_int_equal(g_strcmp0(decision.template, actions[i].template), 0);
		assert_int_equal(g_strcmp0(decision.argument, actions[i].argument), 0);
		assert_int_equal(decision.rule->line, 1);
		rules_scenario_free(scenario);
		help_post_clear(&post);
	}
}

/* Which methods a rule serves; the last column with dkim as another spelling of smtp. */
static const struct {
	const char *methods, *method;
	gboolean serves, alias;
} methods[] = {
	{"", "smtp", TRUE, TRUE}, {"", "dkim", FALSE, TRUE}, {"", "md5", FALSE, FALSE}, {"smtp", "smime", FALSE, FALSE},
	{"dkim", "dkim", TRUE, TRUE}, {"dkim", "smtp", FALSE, TRUE}, {"md5,smime", "md5", TRUE, TRUE}, {"md5, smime", "smime", TRUE, TRUE},
	{"md5 smime", "smime", TRUE, TRUE}, {"md5,smime,", "dkim", FALSE, FALSE}, {"smtp,dkim,md5,smime", "pgp", TRUE, TRUE},
	{"smtp,dkim,md5,smime", "smtpX", TRUE, TRUE}, {"smime,md5,dkim,smtp", "smtp", TRUE, TRUE}, {"smtp,dkim,md5,smime,pgp", "smtpX", FALSE, FALSE},
	{"smtp,md5,smime", "pgp", FALSE, TRUE}, {"smtp", "smtpX", FALSE, FALSE}, {"pgp", "pgp", TRUE, TRUE}, {"SMTP", "smtp", FALSE, FALSE},
};

static void test_methods(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_autofree char *text = g_strdup_printf("true() %s -> do_it\n", methods[i].methods);
		struct help_post post;

		help_post(&post, methods[i].method, "A: b\n\n");
		assert_int_equal(decide(text, &post).status, methods[i].serves ? RULES_DECIDED : RULES_NO_MATCH);
		post.facts.dkim_is_smtp = TRUE;
		assert_int_equal(decide(text, &post).status, methods[i].alias ? RULES_DECIDED : RULES_NO_MATCH);
		help_post_clear(&post);
	}
}

static void test_ends(void **state)
{
	struct help_post post;

	help_post(&post, "smtp", "A: b\n\n");
	struct rules_decision decision = decide("true() smtp -> whatever\n", &post);
	assert_int_equal(decision.status, RULES_UNKNOWN_ACTION);
	assert_string_equal(decision.reason, "unknown-action");
	assert_string_equal(decision.word, "reject");
	post.facts.sender = NULL;
	assert_int_equal(decide("equal([sender],nobody) -> do_it\r!true() -> reject\n", &post).action, RULES_DO_IT);
	post.facts.list_status = "closed";
	assert_int_equal(decide("true() smtp -> do_it\n", &post).status, RULES_LIST_NOT_OPEN);
	post.facts.list_status = "open";
	post.facts.method = "telnet";
	assert_int_equal(decide("true() smtp,dkim,md5,smime -> do_it\n", &post).status, RULES_UNKNOWN_METHOD);
	post.facts.method = "smtp";
	decision = rules_decide(NULL, &post.facts, NULL);
	assert_int_equal(decision.status, RULES_NOT_COMPILED);
	assert_int_equal(decision.action, RULES_REJECT);
	assert_int_equal(decide("section\n\n# comment\ntitle true() smtp -> do_it\n", &post).status, RULES_NO_MATCH);
	assert_string_equal(rules_status_word(RULES_NO_MATCH), "no-rule-match");
	help_post_clear(&post);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_messages), cmocka_unit_test(test_dates),
		cmocka_unit_test(test_impossible_dates), cmocka_unit_test(test_actions), cmocka_unit_test(test_methods),
		cmocka_unit_test(test_ends),
	};

	g_setenv("TZ", "Europe/Amsterdam", TRUE);
	rules_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
