/* room: intake. lib/mail/filter.h: which parts go, and that the others stay byte for byte (HOSTILE M17, M19, M33). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/filter.h"
#include "lib/mail/filter_name.h"
#include "lib/mail/html_text.h"
#include "lib/mail/mail.h"
#include "test/unit/mail_help.h"

#define PNG "Content-Type: image/png; name=\"p.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
#define EXE "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"a.exe\"\r\n\r\nMZ\r\n"
#define PLAIN "Content-Type: text/plain\r\n\r\nhi\r\n"
#define HTML "Content-Type: text/html; charset=utf-8\r\nContent-ID: <a>\r\n\r\n<p>hello h\xC3\xA9</p>\r\n"
#define MIXED "From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

enum { COLLAPSE = 1, TO_TEXT = 2, SIZE = 4 };

/*
 * Types of `pass` and `remove` and the extensions are separated by blanks. NULL for `out`: as it came; "" for it: nothing is left. In `field`, what the
 * header must have.
 */
static const struct {
	const char *mail, *pass, *remove, *extensions;
	guint flags;
	const char *out, *field;
	guint removed;
} cases[] = {
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "", "", "exe", 0, NULL, "", 0},
	{MIXED "pre\r\n--b\r\n" PLAIN "--b\r\n" EXE "--b \r\n" PNG "--b--\r\npost\r\n", "", "", "exe", 0,
		"pre\r\n--b\r\n" PLAIN "--b \r\n" PNG "--b--\r\npost\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\n" EXE "--b--\r\n", "", "", "exe", 0, "--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" EXE "--b\r\n" PLAIN "--b--\r\n", "", "", ".EXE", 0, "--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\n" EXE, "", "", "exe", 0, "--b\r\n" PLAIN, "", 1},
	/* types */
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "", "image", "", 0, "--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "", "IMAGE/PNG", "", 0, "--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "text/*", "", "", 0, "--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "text image", "", "", 0, NULL, "", 0},
	{MIXED "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "", "imag", "", 0, NULL, "", 0},
	/* a type that is none passes nowhere */
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: text\r\n\r\nx\r\n--b--\r\n", "text", "", "", 0,
		"--b\r\n" PLAIN "--b--\r\n", "", 1},
	/* nothing is left, or nothing that says anything */
	{"From: a\r\n" PNG, "", "image", "", 0, "", "", 1},
	{MIXED "--b\r\n" PNG "--b\r\n" EXE "--b--\r\n", "text", "", "", 0, "", "", 2},
	{MIXED "--b\r\n\r\n \r\n--b\r\n" EXE "--b--\r\n", "", "", "exe", 0, "", "", 1},
	/* inside of an attached message, which goes when it is empty */
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: c\r\n" PNG "--b--\r\n", "", "image", "", 0,
		"--b\r\n" PLAIN "--b--\r\n", "", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: c\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n" PLAIN
		"--d\r\n" PNG "--d--\r\n--b--\r\n", "", "image", "", 0,
		"--b\r\n" PLAIN "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: c\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n" PLAIN
		"--d--\r\n--b--\r\n", "", 1},
	/* signed and encrypted: as a whole */
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n" EXE
		"--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n--b--\r\n", "", "", "exe", 0, "--b\r\n" PLAIN "--b--\r\n", "", 2},
	{"From: a\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n" PLAIN
		"--s\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\n\r\nx\r\n--s--\r\n", "text", "", "exe", COLLAPSE | TO_TEXT,
		NULL, "", 0},
	{"From: a\r\nContent-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n" PLAIN "--s--\r\n", "text", "", "", 0, "", "", 1},
	{"From: a\r\nContent-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n" PNG "--s--\r\n", "text multipart/encrypted", "", "", 0, NULL, "", 0},
	/* alternatives */
	{"From: a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PLAIN "--b\r\n" HTML "--b--\r\n", "", "", "", COLLAPSE,
		"hi\r\n", "Content-Type: text/plain\r\n", 0},
	{MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n" PLAIN "--c\r\n" HTML "--c--\r\n--b\r\n" PNG "--b--\r\n", "", "",
		"", COLLAPSE, "--b\r\n" PLAIN "--b\r\n" PNG "--b--\r\n", "", 0},
	{"From: a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n" PLAIN
		"--c\r\n" HTML "--c--\r\n--b\r\n" HTML "--b--\r\n", "", "", "", COLLAPSE, "hi\r\n", "Content-Type: text/plain\r\n", 0},
	/* HTML to text: alone, with and without an alternative, and not what is a file */
	{"From: a\r\n" HTML, "", "", "", TO_TEXT, "hello h=C3=A9\r\n",
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-ID: <a>\r\n", 0},
	{MIXED "--b\r\n" HTML "--b\r\n" PNG "--b--\r\n", "", "", "", TO_TEXT,
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-ID: <a>\r\n\r\nhello h=C3=A9\r\n--b\r\n" PNG
		"--b--\r\n", "", 0},
	{"From: a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PLAIN "--b\r\n" HTML "--b--\r\n", "", "", "", TO_TEXT,
		"--b\r\n" PLAIN "--b--\r\n", "multipart/alternative", 0},
	{"From: a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PNG "--b\r\n" HTML "--b--\r\n", "", "image", "", TO_TEXT | COLLAPSE,
		"hello h=C3=A9\r\n", "Content-Type: text/plain; charset=utf-8", 1},
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: text/html; name=a.html\r\n\r\n<p>\r\n--b--\r\n", "", "", "", TO_TEXT, NULL, "", 0},
	{"From: a\r\nContent-Type: text/html\r\n\r\n<p>hello h\xE9\r\n", "", "", "", TO_TEXT, "hello h=C3=A9\r\n", "charset=utf-8", 0},
	{"From: a\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n", "", "", "", TO_TEXT, "", "", 1},
	/* size: of what it decodes to */
	{MIXED "--b\r\n" PLAIN "--b\r\nContent-Type: a/b\r\n\r\n123456789\r\n--b--\r\n", "", "", "", SIZE, "--b\r\n" PLAIN "--b--\r\n", "", 1},
};

struct result {
	gboolean clear, changed;
	struct filter_outcome outcome;
	char *header, *body;
};

static struct result run(guint i)
{
	struct help_message message = help_message(cases[i].mail);
	g_auto(GStrv) pass = g_strsplit(cases[i].pass, " ", -1), take = g_strsplit(cases[i].remove, " ", -1);
	g_auto(GStrv) extensions = g_strsplit(cases[i].extensions, " ", -1);
	const struct filter_rules rules = {
		.pass_types = (const char *const *)pass, .remove_types = (const char *const *)take,
		.extensions = (const char *const *)extensions, .part_size = cases[i].flags & SIZE ? 8 : 0,
		.collapse = (cases[i].flags & COLLAPSE) != 0, .html_to_text = (cases[i].flags & TO_TEXT) != 0,
	};
	struct draft draft;
	struct result result;

	draft_begin(&draft, &message.header, message.data, message.length, message.body);
	result.clear = filter_apply(&draft, &rules, "en", &result.outcome);
	GString *made = draft_end(&draft);
	result.changed = made != NULL;
	result.header = help_render(&message.header);
	result.body = made ? g_string_free(made, FALSE) : g_strdup(cases[i].mail + message.body);
	help_clear(&message);
	return result;
}

static void test_cases(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct result result = run(i);
		gboolean empty = cases[i].out && *cases[i].out == '\0', changed = cases[i].out && *cases[i].out;

		if (result.outcome.removed != cases[i].removed || result.changed != changed || result.outcome.empty != empty ||
			(changed && strcmp(result.body, cases[i].out) != 0) || !strstr(result.header, cases[i].field))
			print_error("--- %s--- %s--- %s", cases[i].mail, result.header, result.body);
		assert_true(result.clear);
		assert_int_equal(result.outcome.empty, empty);
		assert_int_equal(result.changed, changed);
		if (changed)
			assert_string_equal(result.body, cases[i].out);
		assert_int_equal(result.outcome.removed, cases[i].removed);
		assert_non_null(strstr(result.header, cases[i].field));
		filter_outcome_clear(&result.outcome);
		g_free(result.header);
		g_free(result.body);
	}
}

/* M33 */
static void test_names(void **state)
{
	static const char *const bad[] = {"exe", "js", NULL};
	static const struct {
		const char *fields;
		gboolean matches;
	} names[] = {
		{"Content-Disposition: attachment; filename=a.exe\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.EXE\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.exe.txt\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.txt.exe\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.exe. . \"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.exe   .txt\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.exe::$DATA\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\".exe\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"C:\\\\a.exe\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename*0=\"a.e\"; filename*1=\"xe\"\r\n", TRUE},
		{"Content-Disposition: attachment;\r\n filename*1=\"xe\";\r\n filename*0=\"a.e\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename*=utf-8''a%2Eexe\r\n", TRUE},
		{"Content-Disposition: attachment; filename*=utf-8''photo%E2%80%AEgpj.exe\r\n", TRUE},
		{"Content-Disposition: attachment; filename*=utf-8''a.e%E2%80%8Bxe\r\n", TRUE},
		{"Content-Disposition: attachment; filename*=utf-8''a%EF%BC%8E%EF%BD%85xe\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"=?utf-8?q?a=2Eexe?=\"\r\n", TRUE},
		{"Content-Type: a/b; name=a.exe\r\n", TRUE},
		{"Content-Type: a/b; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt\r\n", TRUE},
		{"Content-Type: a/b; name=a.txt\r\nContent-Disposition: attachment; filename=a.exe\r\n", TRUE},
		{"Content-Disposition: attachment; filename=a.txt\r\nContent-Disposition: attachment; filename=a.exe\r\n", TRUE},
		{"Content-Disposition: attachment; filename=a.txt; filename=a.exe\r\n", TRUE},
		{"Content-Disposition: attachment; filename=\"a.\r\n exe\"\r\n", TRUE},
		{"Content-Disposition: attachment; filename=a.txt\r\n", FALSE},
		{"Content-Disposition: attachment; filename=exe\r\n", FALSE},
		{"Content-Disposition: attachment; filename=exe.txt\r\n", FALSE},
		{"Content-Disposition: attachment; filename=a.exec\r\n", FALSE},
		{"Content-Disposition: attachment; filename=a.json\r\n", FALSE},
		{"Subject: a.exe\r\n", FALSE},
		{"", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text = g_strdup_printf("%s\r\nx\r\n", names[i].fields);
		g_autofree char *block = g_memdup2(text, strlen(text));
		struct walk walk;

		assert_int_equal(walk_message(block, strlen(text), &walk), WALK_OK);
		if (filter_name_has(block, walk_entity(&walk, 0), bad) != names[i].matches)
			print_error("%s", names[i].fields);
		assert_int_equal(filter_name_has(block, walk_entity(&walk, 0), bad), names[i].matches);
		walk_clear(&walk);
	}
}

static void test_removed_parts_are_named(void **state)
{
	struct result result = run(1);

	assert_int_equal(result.outcome.names->len, 1);
	assert_string_equal(g_ptr_array_index(result.outcome.names, 0), "a.exe (application/octet-stream, 1 kB)");
	filter_outcome_clear(&result.outcome);
	g_free(result.header);
	g_free(result.body);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_names), cmocka_unit_test(test_removed_parts_are_named),
	};

	g_free(mail_warm_up());
	html_text_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
