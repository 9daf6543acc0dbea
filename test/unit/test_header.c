/* room: intake. lib/mail/header.h: raw fields in, the same bytes out (HOSTILE M1, M9, M10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/limits.h"
#include "test/unit/mail_help.h"

/* The input in a block of exactly its size, which the caller frees. CPU time, since the machine may be busy. */
static enum header_result parse(const char *text, size_t length, struct header *header, char **block)
{
	size_t body;

	*block = g_malloc(MAX(length, 1));
	memcpy(*block, text, length);
	clock_t start = clock();
	enum header_result result = header_parse(*block, length, header, &body);
	assert_true(clock() - start < CLOCKS_PER_SEC / 20);
	if (result != HEADER_OK)
		assert_true(body == 0 && !header->fields);
	assert_true(body <= length);
	return result;
}

static const struct {
	const char *text;
	enum header_result result;
} results[] = {
	/* M1 */
	{"", HEADER_OK},
	{"\r\n", HEADER_OK},
	{"\r\nbody only\r\n", HEADER_OK},
	{"Subject: header only\r\n", HEADER_OK},
	{"Subject: cut", HEADER_OK},
	{"x", HEADER_NO_COLON},
	{"\r", HEADER_NO_COLON},
	{"\n", HEADER_NO_COLON},
	/* M9 */
	{"Subject: a\r\nno colon here\r\n\r\n", HEADER_NO_COLON},
	{"no colon at all\r\nSubject: a\r\n\r\n", HEADER_NO_COLON},
	{" folded without a field\r\n\r\n", HEADER_NO_COLON},
	{"\tSubject: a\r\n\r\n", HEADER_NO_COLON},
	{"Subject : a\r\n\r\n", HEADER_NAME},
	{"Subject\t: a\r\n\r\n", HEADER_NAME},
	{"My Subject: a\r\n\r\n", HEADER_NAME},
	{": a\r\n\r\n", HEADER_NAME},
	{"S\303\274bject: a\r\n\r\n", HEADER_NAME},
	{"Sub\001ject: a\r\n\r\n", HEADER_NAME},
	{"Subject\177: a\r\n\r\n", HEADER_NAME},
	{"Subject\r\n : a\r\n\r\n", HEADER_NO_COLON},
	{"From a@b.example Mon Jan  1 00:00:00 2026\r\nSubject: a\r\n\r\n", HEADER_OK},
	{">From a@b.example Mon Jan  1 00:00:00 2026\r\nSubject: a\r\n\r\n", HEADER_OK},
	{"From a@b.example Mon Jan  1 00:00:00 2026\r\n folded\r\n\r\n", HEADER_NO_COLON},
	{"From a\r\nFrom b\r\nSubject: a\r\n\r\n", HEADER_NO_COLON},
	{"Subject: a\r\nFrom a@b.example Mon Jan  1 00:00:00 2026\r\n\r\n", HEADER_NAME},
	{"From ", HEADER_OK},
	{"From : a@b.example\r\n\r\n", HEADER_NAME},
	{">From \t: a@b.example\r\n\r\n", HEADER_NAME},
	/* bytes that LMTP does not let through, but that a parser must survive */
	{"Subject: a\nb: c\r\n\r\n", HEADER_NO_COLON},
	{"Subject: a\rb\r\n\r\n", HEADER_NO_COLON},
	{"Subject: a\r\r\n\r\n", HEADER_NO_COLON},
	{"Subject: a\r", HEADER_NO_COLON},
	{"A:\r\nB:\r\n\r\n", HEADER_OK},
	{"!#$%&'*+-.^_`|~0aZ\"(){}[]<>,;?/\\=@: odd but allowed\r\n\r\n", HEADER_OK},
};

static void test_results(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(results); i++) {
		struct header header;
		char *block;
		enum header_result result = parse(results[i].text, strlen(results[i].text), &header, &block);

		if (result != results[i].result)
			print_error("case %u: %u, not %u\n", i, result, results[i].result);
		assert_int_equal(result, results[i].result);
		header_clear(&header);
		g_free(block);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "Subject: a\0b\r\n\r\n";
	struct header header;
	char *block;

	assert_int_equal(parse(text, sizeof(text) - 1, &header, &block), HEADER_NO_COLON);
	g_free(block);
}

/* M9, M10: each limit, at it and one over it. */
static void check_limit(const char *before, const char *piece, guint count, const char *after, enum header_result expected)
{
	g_autofree char *many = help_repeat(piece, count);
	g_autofree char *text = g_strconcat(before, many, after, "\r\n", NULL);
	struct header header;
	char *block;

	assert_int_equal(parse(text, strlen(text), &header, &block), expected);
	header_clear(&header);
	g_free(block);
}

static void test_limits(void **state)
{
	check_limit("", "X: y\r\n", LIMIT_HEADER_FIELDS, "", HEADER_OK);
	check_limit("", "X: y\r\n", LIMIT_HEADER_FIELDS + 1, "", HEADER_LIMIT);
	check_limit("", "To: a@b.example\r\n", 100000, "", HEADER_LIMIT);
	check_limit("X: ", "y", LIMIT_HEADER_FIELD - 5, "\r\n", HEADER_OK);
	check_limit("X: ", "y", LIMIT_HEADER_FIELD - 4, "\r\n", HEADER_LIMIT);
	check_limit("X: y", "\r\n y", LIMIT_HEADER_FIELD / 4, "\r\n", HEADER_LIMIT);
	check_limit("X: ", "y", 100000, "\r\n", HEADER_LIMIT);
	check_limit("", "N", LIMIT_FIELD_NAME, ": y\r\n", HEADER_OK);
	check_limit("", "N", LIMIT_FIELD_NAME + 1, ": y\r\n", HEADER_NAME_LENGTH);
	check_limit("", "N", 300, ": y\r\n", HEADER_NAME_LENGTH);
	check_limit("", "N", 20000, ": y\r\n", HEADER_NAME_LENGTH);
	check_limit("", "N", 10000000, ": y\r\n", HEADER_LIMIT);
	/* 256 fields of 1,024 bytes, and the empty line makes it too long by two */
	g_autofree char *fill = help_repeat("y", 1019);
	g_autofree char *field = g_strconcat("X: ", fill, "\r\n", NULL);
	check_limit("", field, LIMIT_HEADER_BLOCK / 1024, "", HEADER_LIMIT);
	check_limit("", field, LIMIT_HEADER_BLOCK / 1024 - 1, "", HEADER_OK);
	check_limit("", field, 3000, "", HEADER_LIMIT);
}

static const struct {
	const char *text, *rendered;
	size_t body;
} rendered[] = {
	{"Subject:a\r\n\tb \r\n \r\nTO:\r\nx-y:  \r\n\r\nbody", "Subject:a\r\n\tb \r\n \r\nTO:\r\nx-y:  \r\n", 34},
	{"From x\r\nA: b\r\n\r\nbody", "A: b\r\n", 16},
	{"A: b", "A: b\r\n", 4},
	{"A: b\r\n c", "A: b\r\n c\r\n", 8},
	{"\r\nbody", "", 2},
	{"", "", 0},
};

static void test_render(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(rendered); i++) {
		struct help_message message = help_message(rendered[i].text);
		g_autofree char *out = help_render(&message.header);

		assert_string_equal(out, rendered[i].rendered);
		assert_int_equal(message.body, rendered[i].body);
		help_clear(&message);
	}
}

static void test_look_up(void **state)
{
	struct help_message message = help_message("Received: one\r\nSUBJECT:  a\r\n \tb\t \r\nreceived:two\r\nX: \r\n\r\nX: body\r\n");
	const struct header *header = &message.header;
	g_autofree char *subject = header_value(header, "subject", 0);
	g_autofree char *second = header_value(header, "Received", 1);
	g_autofree char *third = header_value(header, "Received", 2);
	g_autofree char *empty = header_value(header, "X", 0);

	assert_string_equal(subject, "a \tb");
	assert_string_equal(second, "two");
	assert_null(third);
	assert_string_equal(empty, "");
	assert_int_equal(header_count(header, "rEceived"), 2);
	assert_int_equal(header_count(header, "Receive"), 0);
	assert_int_equal(header_count(header, "Received:"), 0);
	assert_ptr_equal(header_find(header, "X", 0), &g_array_index(header->fields, struct header_field, 3));
	assert_null(header_find(header, "X", 1));
	help_clear(&message);

	struct header none = {0};
	assert_int_equal(header_count(&none, "X"), 0);
	assert_null(header_find(&none, "X", 0));
	header_clear(&none);
}

static void test_edits(void **state)
{
	struct help_message message = help_message("A: 1\r\nB: 2\r\na: 3\r\nC:4\r\n 5\r\n\r\n");
	struct header *header = &message.header;

	header_append(header, "D", "6");
	header_prepend(header, "A", "0");
	header_replace(header, "b", "new");
	header_replace(header, "E", "appended");
	g_autofree char *once = help_render(header);
	assert_string_equal(once, "A: 0\r\nA: 1\r\nb: new\r\na: 3\r\nC:4\r\n 5\r\nD: 6\r\nE: appended\r\n");

	header_replace(header, "a", "one for all");
	g_autofree char *twice = help_render(header);
	assert_string_equal(twice, "a: one for all\r\nb: new\r\nC:4\r\n 5\r\nD: 6\r\nE: appended\r\n");

	assert_int_equal(header_remove(header, "A"), 1);
	assert_int_equal(header_remove(header, "A"), 0);
	header_remove_index(header, 1);
	header_append(header, "F", "");
	g_autofree char *last = help_render(header);
	assert_string_equal(last, "b: new\r\nD: 6\r\nE: appended\r\nF:\r\n");
	help_clear(&message);
}

static void test_copy(void **state)
{
	struct help_message message = help_message("A: 1\r\nB: 2\r\n\r\n");
	struct header copy;

	header_append(&message.header, "C", "made");
	header_copy(&message.header, &copy);
	header_remove(&copy, "A");
	header_append(&copy, "D", "4");
	header_remove(&message.header, "C");
	g_autofree char *original = help_render(&message.header), *changed = help_render(&copy);
	assert_string_equal(original, "A: 1\r\nB: 2\r\n");
	assert_string_equal(changed, "B: 2\r\nC: made\r\nD: 4\r\n");
	header_clear(&copy);
	help_clear(&message);
}

/* 1,000 fields, all of them edited, in no time. */
static void test_many(void **state)
{
	g_autofree char *text = help_repeat("X-Many: y\r\n", LIMIT_HEADER_FIELDS);
	struct help_message message = help_message(text);
	clock_t start = clock();

	for (guint i = 0; i < 100; i++)
		header_prepend(&message.header, "X-More", "y");
	assert_int_equal(header_remove(&message.header, "x-many"), LIMIT_HEADER_FIELDS);
	assert_int_equal(header_remove(&message.header, "x-more"), 100);
	assert_int_equal(message.header.fields->len, 0);
	assert_true(clock() - start < CLOCKS_PER_SEC / 20);
	help_clear(&message);
}

#define WORD_40 "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"

static const struct {
	const char *name, *value, *field;
} folds[] = {
	{"X", "short", "X: short\r\n"},
	{"X", "  outer", "X:  outer\r\n"},
	{"X", WORD_40 " " WORD_40, "X: " WORD_40 "\r\n " WORD_40 "\r\n"},
	{"X", WORD_40 " a   b " WORD_40, "X: " WORD_40 " a   b\r\n " WORD_40 "\r\n"},
	{"X", WORD_40 "     " WORD_40, "X: " WORD_40 "\r\n     " WORD_40 "\r\n"},
	/* never right behind the name, never in a word, never a line of blanks */
	{"X", WORD_40 WORD_40, "X: " WORD_40 WORD_40 "\r\n"},
	{"X", WORD_40 WORD_40 " a", "X: " WORD_40 WORD_40 "\r\n a\r\n"},
	{"X", WORD_40 WORD_40 "   ", "X: " WORD_40 WORD_40 "   \r\n"},
	{"X", WORD_40 "\t" WORD_40 WORD_40 " " WORD_40, "X: " WORD_40 "\r\n\t" WORD_40 WORD_40 "\r\n " WORD_40 "\r\n"},
	/* folds that are there stay, and a line between them is folded too when it must */
	{"X", "a\r\n b\r\n\tc", "X: a\r\n b\r\n\tc\r\n"},
	{"X", "\r\n a", "X:\r\n a\r\n"},
	{"X", "a\r\n " WORD_40 " " WORD_40 "\r\n b", "X: a\r\n " WORD_40 "\r\n " WORD_40 "\r\n b\r\n"},
	{"X", "caf\303\251", "X: caf\303\251\r\n"},
};

static void test_folds(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(folds); i++) {
		struct help_message message = help_message("");
		struct header again;
		size_t body;

		header_append(&message.header, folds[i].name, folds[i].value);
		g_autofree char *out = help_render(&message.header);
		assert_string_equal(out, folds[i].field);
		/* Folding is invisible: what we read back is what was put in. */
		assert_int_equal(header_parse(out, strlen(out), &again, &body), HEADER_OK);
		assert_int_equal(again.fields->len, 1);
		header_clear(&again);
		help_clear(&message);
	}
}

static void add_bad(guint which)
{
	static const char *const bad[][2] = {{"X", "a\r\nBcc: b"}, {"X", "a\nb"}, {"X", "a\rb"}, {"X", "a\r\n"}, {"X", "\r\n\r\n x"},
		{"X", "a\n b"}, {"X\r\nY", "a"}, {"X:", "a"}, {"X ", "a"}, {"", "a"}, {"\303\274", "a"}};
	struct help_message message = help_message("");

	assert_true(which < G_N_ELEMENTS(bad));
	header_append(&message.header, bad[which][0], bad[which][1]);
}

/* What could make a second field is a bug of ours: abort, in the child that tries it. */
static void test_panics(void **state)
{
	for (guint i = 0; i < 11; i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			if (close(STDERR_FILENO) == 0)
				add_bad(i);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

/* M9: odd, but no doubt which field it is. */
static void test_odd(void **state)
{
	g_autofree char *name = help_repeat("N", 900);
	g_autofree char *longer = g_strconcat(name, "N: a\r\n", NULL), *longest = g_strconcat(name, " : a\r\n", NULL);
	const struct {
		const char *text;
		enum header_result result;
		guint odd;
		const char *name, *out;
	} cases[] = {
		{"Subject: a\r\n", HEADER_OK, 0, "Subject", "Subject: a\r\n"},
		{"Subject : a\r\n b\r\n", HEADER_OK, HEADER_ODD_BLANK, "Subject", "Subject: a\r\n b\r\n"},
		{"Subject \t : a : b", HEADER_OK, HEADER_ODD_BLANK, "subject", "Subject: a : b\r\n"},
		{"From : a\r\nFrom: b\r\n", HEADER_OK, HEADER_ODD_BLANK, "From", "From: a\r\nFrom: b\r\n"},
		{longest, HEADER_OK, HEADER_ODD_BLANK | HEADER_ODD_LONG, name, NULL},
		{longer, HEADER_NAME_LENGTH, 0, NULL, NULL},
		{"My Subject : a\r\n", HEADER_NAME, 0, NULL, NULL},
		{" : a\r\n", HEADER_NO_COLON, 0, NULL, NULL},
		{"Subject : a\r\nno colon\r\n", HEADER_NO_COLON, 0, NULL, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].text), body;
		char *exact = g_memdup2(cases[i].text, length);
		g_autoptr(GString) out = g_string_new(NULL);
		struct header header;
		guint odd;

		assert_int_equal(header_parse_odd(exact, length, &header, &body, &odd), cases[i].result);
		if (cases[i].result == HEADER_OK) {
			assert_int_equal(odd, cases[i].odd);
			assert_true(header_count(&header, cases[i].name) >= 1);
			header_render(&header, out);
			if (cases[i].out)
				assert_string_equal(out->str, cases[i].out);
		} else {
			assert_null(header.fields);
		}
		header_clear(&header);
		g_free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_look_up),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
