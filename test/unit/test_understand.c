/* room: intake. lib/mail/understand.h and mail.h: what GMime sees, in a child that can open nothing (HOSTILE M13, M14, M20, M22). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/mail.h"
#include "lib/mail/understand.h"
#include "test/unit/mail_help.h"

static void understand(const char *text, size_t length, struct understanding *understanding)
{
	struct help_message message = help_bytes(text, length);

	assert_true(understand_message(message.data, message.length, &message.header, understanding));
	help_clear(&message);
}

static const struct {
	const char *field, *subject;
} subjects[] = {
	{"", ""},
	{"Subject:\r\n", ""},
	{"Subject: plain\r\n", "plain"},
	{"Subject: folded\r\n  twice\r\n\there\r\n", "folded twice here"},
	{"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n", "Gr\303\274\303\237e"},
	{"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n", "Gr\303\274\303\237e"},
	{"Subject: =?iso-8859-15?q?100_=A4?=\r\n", "100 \342\202\254"},
	{"Subject: =?windows-1251?q?=CF=F0=E8=E2=E5=F2?=\r\n", "\320\237\321\200\320\270\320\262\320\265\321\202"},
	{"Subject: =?koi8-r?q?=F0?=\r\n", "\320\237"},
	{"Subject: =?gb2312?b?xOO6ww==?=\r\n", "\344\275\240\345\245\275"},
	{"Subject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=\r\n", "\346\227\245\346\234\254"},
	{"Subject: =?shift_jis?b?k/qWew==?=\r\n", "\346\227\245\346\234\254"},
	{"Subject: =?big5?b?p0Gmbg==?=\r\n", "\344\275\240\345\245\275"},
	{"Subject: =?euc-kr?b?vsiz5w==?=\r\n", "\354\225\210\353\205\225"},
	{"Subject: raw \303\274\r\n", "raw \303\274"},
	/* M20 */
	{"Subject: =?utf-8?q?a=0D=0ABcc:_b?=\r\n", "a Bcc: b"},
	{"Subject: =?utf-8?q?=E2=80=AEtxt.exe=E2=81=A6?=\r\n", "txt.exe"},
	{"Subject: =?utf-8?q?=C3?= =?utf-8?q?=A1?=\r\n", "\303\241"},
	{"Subject: =?utf-8?q?a=1B[31mb?=\r\n", "a [31mb"},
};

static void check_subjects(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(subjects); i++) {
		g_autofree char *text = g_strconcat("From: a@b.example\r\n", subjects[i].field, "\r\nbody\r\n", NULL);
		struct understanding understanding;

		understand(text, strlen(text), &understanding);
		assert_string_equal(understanding.subject, subjects[i].subject);
		understand_clear(&understanding);
	}
}

static void test_subjects(void **state)
{
	check_subjects();
}

/* In a child as locked in as it can be without root: no descriptor can be opened, so no module can be loaded any more. */
static void test_locked_in(void **state)
{
	const struct rlimit none = {0, 0};
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (setrlimit(RLIMIT_NOFILE, &none) != 0 || open("/dev/null", O_RDONLY) >= 0)
			_exit(1);
		check_subjects();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* M20: what nobody can decode is valid, bounded text without control characters all the same. */
static void test_hostile_subjects(void **state)
{
	static const char *const words[] = {"=?x-unknown?q?=FF=FE?= ", "=?utf-8?q?=FF=00=01?= ", "=?utf-8?b?////?= ",
		"=?utf-8?q? ", "=?? ", "caf\351 ", "=?utf-7?q?+AD4-?= ", "=?utf-16?b?/v8AYQ==?= ", "=?hz-gb-2312?b?fnt+?= "};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *many = help_repeat(words[i], 60000 / (guint)strlen(words[i]));
		g_autofree char *text = g_strconcat("Subject: ", many, "\r\n\r\n", NULL);
		struct understanding understanding;
		clock_t start = clock();

		understand(text, strlen(text), &understanding);
		assert_true(clock() - start < CLOCKS_PER_SEC);
		assert_true(strlen(understanding.subject) <= UNDERSTAND_SUBJECT);
		assert_true(text_is_utf8(understanding.subject, strlen(understanding.subject)));
		for (const char *c = understanding.subject; *c; c++)
			assert_true((unsigned char)*c >= 32 && *c != 127);
		understand_clear(&understanding);
	}
}

static void test_identifiers(void **state)
{
	static const struct {
		const char *fields, *message_id, *references;
	} cases[] = {
		{"", NULL, ""},
		{"Message-ID: <a@b.example>\r\n", "<a@b.example>", ""},
		{"message-id:\r\n <a@b.example> \r\n", "<a@b.example>", ""},
		/* M22 */
		{"Message-ID:\r\n", NULL, ""},
		{"Message-ID: <>\r\n", NULL, ""},
		{"Message-ID: a@b.example\r\n", NULL, ""},
		{"Message-ID: <a b@b.example>\r\n", NULL, ""},
		{"Message-ID: <a\r\n b@b.example>\r\n", NULL, ""},
		{"Message-ID: <a@b.example> (x)\r\n", NULL, ""},
		{"Message-ID: <a@b.example><c@b.example>\r\n", NULL, ""},
		{"Message-ID: <\303\241@b.example>\r\n", NULL, ""},
		{"References: <1@x> <2@x>\r\n\t<3@x>\r\nIn-Reply-To: <4@x>\r\n", NULL, "<1@x> <2@x> <3@x>"},
		{"In-Reply-To: <4@x>\r\n", NULL, "<4@x>"},
		{"In-Reply-To: Your message of \"Monday\" <4@x>\r\n", NULL, "<4@x>"},
		{"References: <1@x><2@x>,<3@x\r\n", NULL, "<1@x> <2@x>"},
		{"References: <<1@x>> <> < 2@x> <3@x>\r\n", NULL, "<1@x> <3@x>"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("From: a@b.example\r\n", cases[i].fields, "\r\n", NULL);
		struct understanding understanding;

		understand(text, strlen(text), &understanding);
		g_autofree char *references = g_strjoinv(" ", understanding.references);
		assert_string_equal(references, cases[i].references);
		if (cases[i].message_id)
			assert_string_equal(understanding.message_id, cases[i].message_id);
		else
			assert_null(understanding.message_id);
		understand_clear(&understanding);
	}
}

static void test_long_identifiers(void **state)
{
	g_autofree char *long_id = help_repeat("x", 2048);
	g_autoptr(GString) text = g_string_new("Message-ID: <");
	struct understanding understanding;

	g_string_append_printf(text, "%s>\r\nReferences:", long_id);
	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(text, "\r\n <%u@x>", i);
	g_string_append(text, "\r\n\r\n");
	understand(text->str, text->len, &understanding);
	assert_null(understanding.message_id);
	assert_int_equal(g_strv_length(understanding.references), UNDERSTAND_REFERENCES);
	assert_string_equal(understanding.references[UNDERSTAND_REFERENCES - 1], "<999@x>");
	understand_clear(&understanding);
}

static void test_structure(void **state)
{
	static const struct {
		const char *text, *type;
		guint parts;
	} cases[] = {
		{"", "text/plain", 1},
		{"\r\nbody\r\n", "text/plain", 1},
		{"From x\r\nContent-Type: TEXT/Html; charset=x\r\n\r\nbody\r\n", "text/html", 1},
		{"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
		 "Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\ntwo\r\n--y\r\n\r\nthree\r\n--y--\r\n--x--\r\n",
			"multipart/mixed", 3},
		{"Content-Type: nonsense\r\n\r\nbody\r\n", "text/plain", 1},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct help_message message = help_message(cases[i].text);
		struct understanding understanding;

		/* GMime finds no message in nothing at all; we still say what is known. */
		gboolean found = understand_message(message.data, message.length, &message.header, &understanding);
		if (found)
			assert_int_equal(understanding.parts, cases[i].parts);
		assert_true(found || message.length == 0);
		if (!g_str_has_prefix(cases[i].text, "Content-Type: nonsense"))
			assert_string_equal(understanding.type, cases[i].type);
		understand_clear(&understanding);
		help_clear(&message);
	}
}

/* What scan lets through must cost little here: the widest, the deepest and the most addresses. */
static void check_cost(const char *before, const char *piece, guint count, guint parts)
{
	g_autofree char *many = help_repeat(piece, count);
	g_autofree char *text = g_strconcat("From: a@b.example\r\n", before, many, "\r\n\r\n", NULL);
	struct understanding understanding;
	clock_t start = clock();

	understand(text, strlen(text), &understanding);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
	if (parts > 0)
		assert_int_equal(understanding.parts, parts);
	understand_clear(&understanding);
}

static void test_costs(void **state)
{
	check_cost("Content-Type: multipart/mixed; boundary=x\r\n\r\n", "--x\r\nA: b\r\n\r\n", LIMIT_MIME_PARTS - 1,
		LIMIT_MIME_PARTS - 1);
	check_cost("", "Content-Type: message/rfc822\r\n\r\n", LIMIT_MIME_DEPTH_HOLD, 1);
	check_cost("To: ", "a@b.example,", LIMIT_HEADER_ADDRESSES, 1);
	check_cost("To: ", "\"", 60000, 1);
	check_cost("To: ", "()", 30000, 1);
	check_cost("To: ", "\"a\" ", 15000, 1);
	check_cost("To: ", "a.", 30000, 1);
	check_cost("To: ", "=?utf-8?q?=C3=A1?= ", 3000, 1);
	check_cost("To: ", "\\(", 30000, 1);
	check_cost("References: ", "<a@b>", 12000, 1);
	check_cost("Content-Type: text/plain", ";n*1=", 13000, 1);
	check_cost("Content-Type: text/plain", ";n*1*=%41", 7000, 1);
}

static int start(void **state)
{
	g_autofree char *missing = mail_warm_up();

	if (missing)
		print_error("missing: %s\n", missing);
	/* Debian's C library has them all. */
	assert_null(missing);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locked_in),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_hostile_subjects),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_long_identifiers),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_costs),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
