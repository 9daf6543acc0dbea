/* room: intake. lib/mail/texts.h: how values make lines, what is refused at load, and that the distributed texts are whole (HOSTILE C7, X7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "lib/mail/order.h"
#include "lib/mail/text_flow.h"
#include "lib/mail/texts_internal.h"
#include "lib/rules/rules_distributed.h"
#include "lib/rules/rules_internal.h"

static const char *const distributed[] = {"lib/mail/texts", NULL};

/* Fields as "name=value" in one string, '|' between them. */
static struct texts_field *make_fields(const char *words, char ***store)
{
	g_auto(GStrv) pairs = g_strsplit(words, "|", -1);
	struct texts_field *fields = g_new0(struct texts_field, g_strv_length(pairs) + 1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();

	for (guint i = 0; pairs[i]; i++) {
		char *name = g_strdup(pairs[i]), *equals = strchr(name, '=');

		*equals = '\0';
		fields[i] = (struct texts_field){name, g_strdup(equals + 1)};
		g_ptr_array_add(kept, name);
		g_ptr_array_add(kept, (char *)fields[i].value);
	}
	g_ptr_array_add(kept, NULL);
	*store = (char **)g_ptr_array_steal(kept, NULL);
	return fields;
}

static void expect_body(const char *template, const char *words, const char *expected)
{
	g_auto(GStrv) store = NULL;
	g_autofree struct texts_field *fields = *words ? make_fields(words, &store) : NULL;
	g_autofree char *exact = g_strdup(template);
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) lines = g_strsplit(expected, "\n", -1);
	g_autofree char *wanted = g_strjoinv("\r\n", lines);

	texts_fill_body(exact, fields, out);
	assert_string_equal(out->str, wanted);
}

static void test_fill(void **state)
{
	static const struct {
		const char *template, *fields, *expected;
	} cases[] = {
		{"Hello {a}.", "a=world", "Hello world.\n"},
		{"a {{b}} c", "", "a {b} c\n"},
		/* X7: a value is never read again, whatever it holds */
		{"{a}", "a={b} %s%n {{ }} $(id) ' OR 1=1|b=secret", "{b} %s%n {{ }} $(id) ' OR 1=1\n"},
		{"x {a} y", "a={a}", "x {a} y\n"},
		/* inline, a value cannot make a line, nor turn the text's direction */
		{"  A: {a}.", "a=one\ntwo\r\nthree", "  A: one two three.\n"},
		{"A: {a}.", "a=one\xE2\x80\xAEtwo\x07", "A: onetwo.\n"},
		{"A: {a}.", "a=\xFF\xC3", "A: \xEF\xBF\xBD\xEF\xBF\xBD.\n"},
		/* a block repeats what is before it */
		{"  > {a}", "a=one\n\n\ntwo", "  > one\n  >\n  > two\n"},
		{"> {a}", "a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc",
			"> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n> cccccccccccccccccccc\n"},
		{"{a}", "a=\n\none\n\n", "one\n"},
		/* conditions, and lines of nothing */
		{"{?a}A: {a}\n{?b}B: {b}\nend", "b=x", "B: x end\n"},
		{"one\n\n{?a}two\n{?a}\nthree", "", "one\n\nthree\n"},
		{"one\n\n{?a}two\n{?a}\nthree", "a=1", "one\n\ntwo\n\nthree\n"},
		{"one\n\n{a}\n\n{a} {b}\n\ntwo", "", "one\n\ntwo\n"},
		{"\n\none\n\n\n\ntwo\n\n\n", "", "one\n\ntwo\n"},
		/* paragraphs: as written without a field, anew with one */
		{"a b\nc d", "", "a b\nc d\n"},
		{"a {x}\nc d", "x=1", "a 1 c d\n"},
		{"Your message {x} to the list that is\nhere has come.", "x=aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
			"Your message aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb to the list\nthat is here has come.\n"},
		/* a placed line goes on under its value; what has no blank is not broken */
		{"  Subject:  {x}", "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc",
			"  Subject:  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
			"            cccccccccccccccccccc\n"},
		{"See\n  {x}", "x=https://example.org/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"See\n  https://example.org/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"},
		{"- {x} is\n- y", "x=a", "- a is\n- y\n"},
		/* a value that looks like a placed line does not make one */
		{"{x} is\nmore", "x=> a", "> a is more\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		expect_body(cases[i].template, cases[i].fields, cases[i].expected);
}

static void test_bounds(void **state)
{
	g_autoptr(GString) many = g_string_new(NULL), out = g_string_new(NULL);
	struct texts_field fields[] = {{"a", NULL}, {NULL, NULL}};
	guint lines = 0;

	for (guint i = 0; i < 5000; i++)
		g_string_append_printf(many, "%05u%s", i, i % 10 == 9 ? "\n" : " ");
	fields[0].value = many->str;
	texts_fill_body("{a}", fields, out);
	for (const char *place = out->str; (place = strchr(place, '\n')); place++)
		lines++;
	assert_true(lines <= TEXTS_LINES);

	many = g_string_append(g_string_truncate(many, 0), "");
	for (guint i = 0; i < 100000; i++)
		g_string_append_c(many, 'x');
	fields[0].value = many->str;
	g_string_truncate(out, 0);
	texts_fill_body("a {a} b", fields, out);
	assert_true(out->len <= TEXTS_VALUE + 20);
}

static void test_width(void **state)
{
	assert_int_equal(text_flow_width("abc", 3), 3);
	assert_int_equal(text_flow_width("\xE4\xB8\xAD\xE6\x96\x87", 6), 4);
	assert_int_equal(text_flow_width("e\xCC\x81", 3), 1);
}

static void test_check_line(void **state)
{
	static const struct {
		const char *line, *problem;
	} cases[] = {
		{"plain % text %s %n", NULL},
		{"{subject} {list} {owner} {{x}}", NULL},
		{"{?subject}x", NULL},
		{"{nobody}", "no field {nobody} here; there are: list list_name owner request"},
		{"{subject", "expected a field"},
		{"{Subject}", "expected a field"},
		{"{}", "expected a field"},
		{"{ subject }", "expected a field"},
		{"{subject->x}", "expected a field"},
		{"a } b", "a lone \"}\""},
		{"a {?subject}", "{?field} may only begin a line"},
		{"a\tb", "a tab"},
		{"a\x01" "b", "a control character"},
		{"a\xC2\x85" "b", "a control character"},
		{"a\xFF", "not valid UTF-8"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *exact = g_strdup(cases[i].line);
		g_autofree char *problem = texts_check_line(exact, " subject ");

		if (!cases[i].problem)
			assert_null(problem);
		else
			assert_true(problem && g_str_has_prefix(problem, cases[i].problem));
	}
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *inside = g_build_filename(path, name, NULL);

		remove_tree(inside);
	}
	g_remove(path);
}

/* Loads with a site's file PATH of this content; the error, or the filled "help" text's body in `language`. */
static char *load_with(const char *path, const char *content, gssize length, const char *language)
{
	g_autofree char *site = g_dir_make_tmp("texts-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(site, path, NULL), *folder = g_path_get_dirname(file);
	const char *const directories[] = {site, distributed[0], NULL};
	const struct texts_field fields[] = {{"list", "choir@lists.example.org"}, {"page", "https://example.org"}, {NULL, NULL}};
	g_autoptr(GError) error = NULL;
	struct texts_filled filled;

	g_mkdir_with_parents(folder, 0755);
	assert_true(g_file_set_contents(file, content, length, NULL));
	texts_auto struct texts *texts = texts_load(directories, &error);
	g_autofree char *prefix = g_strconcat(site, "/", NULL);
	remove_tree(site);
	if (!texts)
		return g_strdup(g_str_has_prefix(error->message, prefix) ? error->message + strlen(prefix) : error->message);
	texts_fill(texts, language, "help", fields, &filled);
	g_free(filled.subject);
	return filled.body;
}

static void expect_load(const char *path, const char *content, const char *expected)
{
	g_autofree char *got = load_with(path, content, (gssize)strlen(content), "nl");

	if (!g_str_has_prefix(got, expected))
		print_error("%s: got %s\n", path, got);
	assert_true(g_str_has_prefix(got, expected));
}

/* A post without a subject, or one whose subject is forgotten, leaves no empty words about it. */
static void test_no_subject(void **state)
{
	const struct texts_field with[] = {{"subject", "Tea:"}, {"list", "a@b"}, {"list_name", "a"}, {NULL, NULL}};
	g_autoptr(GError) error = NULL;
	texts_auto struct texts *texts = texts_load(distributed, &error);
	static const struct {
		const char *language, *with, *without, *line;
	} cases[] = {
		{"en", "[a] Already decided: Tea:", "[a] Already decided", "Subject:"}, {"nl", "[a] Hierover was al beslist: Tea:", "[a] Hierover was al beslist", "Onderwerp:"},
		{"fr", NULL, "[a] D\303\251j\303\240 d\303\251cid\303\251", "Objet\302\240:"}, {"de", NULL, "[a] Bereits entschieden", "Betreff:"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct texts_filled filled, bare;

		texts_fill(texts, cases[i].language, "already", with, &filled);
		texts_fill(texts, cases[i].language, "already", with + 1, &bare);
		assert_true(g_str_has_suffix(filled.subject, ": Tea:") && strstr(filled.body, cases[i].line));
		assert_false(strchr(bare.subject, ':') || strstr(bare.body, cases[i].line) || g_str_has_suffix(bare.subject, " "));
		if (cases[i].with)
			assert_string_equal(filled.subject, cases[i].with);
		assert_string_equal(bare.subject, cases[i].without);
		texts_clear(&filled);
		texts_clear(&bare);
	}
}

/* C7: what is broken is refused at load, with file and line. */
static void test_load(void **state)
{
	expect_load("nl/help", "Subject: x\n\nEigen {list}.\n", "Eigen choir@lists.example.org.\r\n");
	expect_load("nl/help", "\xEF\xBB\xBFSubject: x\r\n\r\nEigen {list}.\r\n", "Eigen choir@lists.example.org.\r\n");
	expect_load("de/help", "Subject: x\n\nAndere.\n", "U vroeg om hulp");
	expect_load("nl/help", "Subject: x\n\na\n{nobody}\n", "nl/help:4: no field {nobody} here");
	expect_load("nl/help", "Subject: {x\n\na\n", "nl/help:1: expected a field");
	expect_load("nl/help", "Onderwerp: x\n\na\n", "nl/help:1: expected \"Subject: \"");
	expect_load("nl/help", "Subject: \n\na\n", "nl/help:1: expected \"Subject: \"");
	expect_load("nl/help", "Subject: {?page}x\n\na\n", "nl/help:1: {?field} may only begin a line");
	expect_load("nl/help", "Subject: x\na\n", "nl/help:2: expected an empty line");
	expect_load("nl/help", "Subject: x\n", "nl/help:3: expected a text");
	expect_load("nl/help", "Subject: x\n\n \n\n", "nl/help:3: expected a text");
	expect_load("nl/help", "", "nl/help:1: expected");
	expect_load("nl/help", "Subject: x\n\n\xFF\n", "nl/help:3: not valid UTF-8");
	expect_load("nl/helpp", "Subject: x\n\na\n", "nl/helpp: there is no text of this name");
	expect_load("it/help", "Subject: x\n\na\n", "it: no language of ours");
	expect_load("nl/help~", "rubbish", "U vroeg om hulp");
	expect_load("nl/sentences", "rubbish\n", "nl/sentences:1: expected \"key: text\"");
	expect_load("nl/sentences", " rubbish\n", "nl/sentences:1: expected \"key: text\"");
	expect_load("nl/sentences", "a: b\n# c\n\na: c\n", "nl/sentences:4: this key stands twice");
	expect_load("nl/sentences", "a: {subject}\n", "nl/sentences:1: no field {subject} here");
	g_autofree char *got = load_with("nl/help", "Subject: x\n\na\0b", 15, "nl");
	assert_string_equal(got, "nl/help: a NUL in it: not a text");
}

static void test_nothing_there(void **state)
{
	const char *const nowhere[] = {"/nonexistent/rollcall", NULL};
	g_autoptr(GError) error = NULL;

	assert_null(texts_load(nowhere, &error));
	assert_string_equal(error->message, "no text en/held-moderator in any of: /nonexistent/rollcall");
}

/* What is broken is passed over where that is wanted, each with its reason, and the built-in texts stand in; elsewhere it is the end. */
static void test_broken_is_passed_over(void **state)
{
	g_autofree char *site = g_dir_make_tmp("texts-XXXXXX", NULL);
	g_autofree char *folder = g_build_filename(site, "nl", NULL), *help = g_build_filename(folder, "help", NULL);
	g_autofree char *sentences = g_build_filename(folder, "sentences", NULL), *lost = g_build_filename(folder, "lost", NULL);
	g_autofree char *config = g_strdup_printf("[rollcall]\ntexts_directory = %s\n", site);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	struct texts_filled filled;

	g_mkdir(folder, 0755);
	assert_true(g_file_set_contents(help, "Subject: x\n\n{nobody}\n", -1, NULL));
	assert_true(g_file_set_contents(sentences, "rubbish\n", -1, NULL));
	assert_true(g_file_set_contents(lost, "Subject: Ons\n\nWeg.\n", -1, NULL));
	settings_auto struct settings *settings = settings_parse(config, strlen(config), "conf", NULL);
	assert_non_null(settings);
	assert_null(texts_load_site(settings, NULL, &error));
	assert_non_null(strstr(error->message, "{nobody}"));
	texts_auto struct texts *texts = texts_load_site(settings, problems, NULL);
	remove_tree(site);
	assert_non_null(texts);
	assert_int_equal(problems->len, 2);
	assert_non_null(strstr(problems->pdata[0], "nl/help:3: no field {nobody} here"));
	assert_non_null(strstr(problems->pdata[1], "nl/sentences:1: "));
	texts_fill(texts, "nl", "help", NULL, &filled);
	assert_non_null(strstr(filled.body, "U vroeg om hulp"));
	texts_clear(&filled);
	texts_fill(texts, "nl", "lost", NULL, &filled);
	assert_string_equal(filled.subject, "Ons");
	texts_clear(&filled);
}

static void test_sentences(void **state)
{
	g_autofree char *site = g_dir_make_tmp("texts-XXXXXX", NULL);
	g_autofree char *folder = g_build_filename(site, "nl", NULL), *file = g_build_filename(folder, "sentences", NULL);
	const char *const directories[] = {site, distributed[0], NULL};
	const struct texts_field fields[] = {{"list", "{owner}"}, {"owner", "x"}, {NULL, NULL}};

	g_mkdir(folder, 0755);
	assert_true(g_file_set_contents(file, "held: Van\n  ons {list}.\nown_reason: Onze reden.\n", -1, NULL));
	texts_auto struct texts *texts = texts_load(directories, NULL);
	remove_tree(site);
	assert_non_null(texts);
	g_autofree char *held = texts_sentence(texts, "nl", "held", fields);
	g_autofree char *own = texts_sentence(texts, "nl-BE", "own_reason", fields);
	g_autofree char *other = texts_sentence(texts, "nl", "send_closed", fields);
	g_autofree char *foreign = texts_sentence(texts, "xx", "held", fields);
	assert_string_equal(held, "Van ons {owner}.");
	assert_string_equal(own, "Onze reden.");
	assert_string_equal(other, "Niemand mag naar deze lijst schrijven.");
	assert_true(g_str_has_prefix(foreign, "On this list, a moderator"));
	assert_null(texts_sentence(texts, "de", "own_reason", fields));
	assert_null(texts_sentence(texts, "de", "no such key", fields));
}

/* The fields that a distributed file uses, sorted. */
static char *used_fields(const char *language, const char *name)
{
	g_autofree char *path = g_build_filename(distributed[0], language, name, NULL), *content = NULL;
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	for (char *place = content; (place = strchr(place, '{')); place++) {
		char *start = place + 1 + (place[1] == '?');

		g_hash_table_add(found, g_strndup(start, strcspn(start, "}")));
	}
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(found), (GCompareFunc)strcmp);
	GString *out = g_string_new(NULL);
	for (GList *key = keys; key; key = key->next)
		g_string_append_printf(out, "%s ", (char *)key->data);
	return g_string_free(out, FALSE);
}

/* Every language has every text with the same fields, uses every field of the table, and keeps within 78 columns. */
static void test_languages_agree(void **state)
{
	for (const struct texts_row *row = texts_table; row->name; row++) {
		g_autofree char *english = used_fields("en", row->name);
		g_auto(GStrv) declared = g_strsplit(row->fields, " ", -1);

		for (char **field = declared; *field; field++)
			assert_true(**field == '\0' || strstr(english, *field));
		for (guint i = 1; texts_languages[i]; i++) {
			g_autofree char *other = used_fields(texts_languages[i], row->name);

			if (strcmp(english, other) != 0)
				print_error("%s/%s\n", texts_languages[i], row->name);
			assert_string_equal(english, other);
		}
	}
	texts_auto struct texts *texts = texts_load(distributed, NULL);
	for (guint i = 1; texts_languages[i]; i++)
		for (const char *const *key = texts_keys; *key; key++) {
			g_autofree char *own = texts_sentence(texts, texts_languages[i], *key, NULL);
			g_autofree char *english = texts_sentence(texts, "en", *key, NULL);

			assert_string_not_equal(own, english);
		}
}

static void check_lines(const char *body, const char *where)
{
	g_auto(GStrv) lines = g_strsplit(body, "\r\n", -1);

	for (char **line = lines; *line; line++) {
		if (text_flow_width(*line, strlen(*line)) > 78)
			print_error("%s: %s\n", where, *line);
		assert_true(text_flow_width(*line, strlen(*line)) <= 78);
		/* A machine that sends our text back without quoting it must not order anything (X4). */
		assert_int_equal(order_line(*line, strlen(*line)), ORDER_NONE);
	}
}

/* What others wrote; all else comes from our own sentences and clocks. */
static const char foreign[] = " author sender subject parts rule text who person ";

static void check_text(const struct texts *texts, const char *language, const struct texts_row *row, const char *value)
{
	g_autofree char *names = g_strconcat(TEXTS_COMMON, row->fields, NULL);
	g_auto(GStrv) split = g_strsplit(names, " ", -1);
	g_autofree struct texts_field *fields = g_new0(struct texts_field, g_strv_length(split) + 1);
	guint count = 0;
	struct texts_filled filled;

	for (char **name = split; *name; name++) {
		g_autofree char *wanted = g_strdup_printf(" %s ", *name);

		if (**name)
			fields[count++] = (struct texts_field){*name, strstr(foreign, wanted) ? value : "choir"};
	}
	texts_fill(texts, language, row->name, fields, &filled);
	check_lines(filled.body, row->name);
	assert_null(strchr(filled.subject, '{'));
	assert_true(strlen(filled.body) > 100);
	assert_null(strstr(filled.body, "\r\n\r\n\r\n"));
	texts_clear(&filled);
}

/* Each text filled with ordinary, with empty, and with hostile values: words that breaking leaves alone on a line. */
static void test_distributed(void **state)
{
	static const char *const values[] = {"Spring concert", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa accept "
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb discard "
		"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccc confirm", "accept"};
	texts_auto struct texts *texts = texts_load(distributed, NULL);

	assert_non_null(texts);
	for (guint i = 0; texts_languages[i]; i++)
		for (const struct texts_row *row = texts_table; row->name; row++)
			for (guint v = 0; v < G_N_ELEMENTS(values); v++)
				check_text(texts, texts_languages[i], row, values[v]);
}

/* The words that texts tell people to write are those that are understood. */
static void test_words_in_texts(void **state)
{
	static const struct {
		const char *name;
		enum order_kind kind;
	} cases[] = {
		{"held-moderator", ORDER_ACCEPT}, {"held-moderator", ORDER_REJECT}, {"held-moderator", ORDER_DISCARD},
		{"confirm-author", ORDER_CONFIRM}, {"confirm-subscribe", ORDER_CONFIRM}, {"confirm-unsubscribe", ORDER_CONFIRM},
	};
	texts_auto struct texts *texts = texts_load(distributed, NULL);

	for (guint i = 0; texts_languages[i]; i++)
		for (size_t j = 0; j < G_N_ELEMENTS(cases); j++) {
			struct texts_filled filled;
			const char *word = order_word(cases[j].kind, texts_languages[i]);

			texts_fill(texts, texts_languages[i], cases[j].name, NULL, &filled);
			assert_non_null(strstr(filled.body, word));
			assert_int_equal(order_line(word, strlen(word)), cases[j].kind);
			texts_clear(&filled);
		}
}

/* Whoever is refused by a scenario that came with us, or held by a list's check, reads why in the list's language. */
static void test_reasons_have_sentences(void **state)
{
	texts_auto struct texts *texts = texts_load(distributed, NULL);
	g_autoptr(GHashTable) reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iterator;
	gpointer reason;

	for (const struct rules_distributed *one = rules_distributed; one->name; one++)
		for (const char *place = one->text; (place = strstr(place, "reason='")); place++) {
			const char *start = place + strlen("reason='");

			g_hash_table_add(reasons, g_strndup(start, strcspn(start, "'")));
		}
	assert_true(g_hash_table_size(reasons) >= 5);
	for (guint i = 0; i < RULES_CHECK_COUNT; i++)
		g_hash_table_add(reasons, g_strdup(rules_check_row((enum rules_check)i)->reason));
	for (guint i = 0; texts_languages[i]; i++) {
		/* Of one language alone, so that English does not stand in. */
		g_autofree char *path = g_build_filename("lib/mail/texts", texts_languages[i], "sentences", NULL);
		g_autofree char *own = NULL;

		assert_true(g_file_get_contents(path, &own, NULL, NULL));
		g_hash_table_iter_init(&iterator, reasons);
		while (g_hash_table_iter_next(&iterator, &reason, NULL)) {
			g_autofree char *line = g_strdup_printf("\n%s: ", (const char *)reason);
			g_autofree char *sentence = texts_sentence(texts, texts_languages[i], reason, NULL);

			if (!strstr(own, line) || !sentence || strlen(sentence) < 10)
				fail_msg("no sentence for %s in %s", (const char *)reason, texts_languages[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons_have_sentences),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_check_line),
		cmocka_unit_test(test_no_subject),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_broken_is_passed_over),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_languages_agree),
		cmocka_unit_test(test_distributed),
		cmocka_unit_test(test_words_in_texts),
	};

	return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
