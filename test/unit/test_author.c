/* room: intake. lib/mail/author.h: the one author, or a refusal (HOSTILE M1, M2, M3, M5, M34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "lib/base/limits.h"
#include "lib/mail/author.h"
#include "test/unit/mail_help.h"

#define UNCLEAR "cannot be read with certainty"
#define SEVERAL "names more than one author"
#define NO_ADDRESS "has no address of the form"
#define UNBALANCED "without its end"
#define GROUP "names a group"
#define NOT_VALID "has an address that is not valid"

static struct verdict parse_exact(const char *value, size_t length, gboolean utf8, struct author *author)
{
	char *exact = g_malloc(MAX(length, 1));

	memcpy(exact, value, length);
	struct verdict verdict = author_parse(exact, length, utf8, author);
	g_free(exact);
	return verdict;
}

static const struct {
	const char *value, *address, *name;
} good[] = {
	{"a@b.example", "a@b.example", NULL},
	{" a@b.example\t", "a@b.example", NULL},
	{"<a@b.example>", "a@b.example", NULL},
	{"< a@b.example >", "a@b.example", NULL},
	{"Jan <a@b.example>", "a@b.example", "Jan"},
	{"Jan<a@b.example>", "a@b.example", "Jan"},
	{"Jan Q. Public <a@b.example>", "a@b.example", "Jan Q. Public"},
	{"J.R.R. Tolkien <a@b.example>", "a@b.example", "J.R.R. Tolkien"},
	{"\"Public, Jan Q.\" <a@b.example>", "a@b.example", "Public, Jan Q."},
	{"\"a@b.example\" <a@b.example>", "a@b.example", "a@b.example"},
	{"\"Jan \\\"the man\\\" P\" <a@b.example>", "a@b.example", "Jan \"the man\" P"},
	{"Jan\r\n <a@b.example>", "a@b.example", "Jan"},
	{"Jan O'Neill/work <a@b.example>", "a@b.example", "Jan O'Neill/work"},
	{"a@b.example (Jan P)", "a@b.example", "Jan P"},
	{"(office (north)) Jan <a@b.example> (home)", "a@b.example", "Jan"},
	{"=?utf-8?q?J=C3=A1n?= P <a@b.example>", "a@b.example", "J\303\241n P"},
	{"=?utf-8?b?SsOhbg==?= =?utf-8?q?_P?= <a@b.example>", "a@b.example", "J\303\241n P"},
	{"=?iso-8859-1?q?J=E1n?= <a@b.example>", "a@b.example", "J\303\241n"},
	{"=?utf-8?q?Jan=0D=0ABcc=3A=00x=E2=80=AEy?= <a@b.example>", "a@b.example", "Jan Bcc:?xy"},
	/* M34: raw UTF-8 in a name, with or without SMTPUTF8 */
	{"J\303\241n <a@b.example>", "a@b.example", "J\303\241n"},
	{"\"J\303\241n, P\" <a@b.example>", "a@b.example", "J\303\241n, P"},
	/* M5: one normal form */
	{"a+tag@b.example", "a+tag@b.example", NULL},
	{"A.B@B.EXAMPLE", "A.B@b.example", NULL},
	{"\"a\"@b.example", "a@b.example", NULL},
	{"<\"a.b\"@b.example>", "a.b@b.example", NULL},
	{"\"a b\"@b.example", "\"a b\"@b.example", NULL},
	{"a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example", NULL},
	/* M3: what the name says is not who it is */
	{"\"member@x.example\" <evil@y.example>", "evil@y.example", "member@x.example"},
	{"=?utf-8?q?member=40x.example?= <evil@y.example>", "evil@y.example", "member@x.example"},
	{"evil@y.example (member@x.example)", "evil@y.example", "member@x.example"},
	/* his own address where the name should be */
	{"a@b.example <a@b.example>", "a@b.example", NULL},
	{"A@B.example <a@b.example>", "a@b.example", NULL},
	{"a@b.example<a@b.example>", "a@b.example", NULL},
	{"a@b.example (Jan)\r\n <a@b.example> (home)", "a@b.example", NULL},
	{"\"a\"@b.example <\"a\"@b.example>", "a@b.example", NULL},
	{"\"Jan <a@b.example>\" <a@b.example>", "a@b.example", "Jan <a@b.example>"},
	{"\"<A@b.example>\" <a@b.example>", "a@b.example", "<A@b.example>"},
	{"=?utf-8?q?J=C3=A1n_=3Ca=40b=2Eexample=3E?= <a@b.example>", "a@b.example", "J\303\241n <a@b.example>"},
};

static void test_good(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(good) * 2; i++) {
		const char *value = good[i / 2].value;
		struct author author;
		struct verdict verdict = parse_exact(value, strlen(value), i % 2, &author);

		if (verdict.class != VERDICT_NONE)
			print_error("%s: %s\n", value, verdict.text);
		assert_int_equal(verdict.class, VERDICT_NONE);
		assert_string_equal(author.address, good[i / 2].address);
		if (good[i / 2].name)
			assert_string_equal(author.name, good[i / 2].name);
		else
			assert_null(author.name);
		author_clear(&author);
	}
}

static const struct {
	const char *value, *reason;
} bad[] = {
	{"", "is empty"},
	{" \t ", "is empty"},
	{"(nobody)", "is empty"},
	{"<>", "has no address between its brackets"},
	{"Jan <>", "has no address between its brackets"},
	{"Jan", NO_ADDRESS},
	{"\"Jan\"", NO_ADDRESS},
	{"Jan <jan>", NO_ADDRESS},
	{"@b.example", NOT_VALID},
	{"a@", "without a valid domain name"},
	{"a@b", NULL}, /* one label is a domain */
	/* M2 */
	{"a@b.example, c@d.example", SEVERAL},
	{"<a@b.example>, <c@d.example>", SEVERAL},
	{"a@b.example,", SEVERAL},
	{",a@b.example", SEVERAL},
	{"Public, Jan <a@b.example>", SEVERAL},
	{"Team: a@b.example;", GROUP},
	{"undisclosed-recipients:;", GROUP},
	{"\"x\": a@b.example", GROUP},
	{"a@b.example <c@d.example>, e@f.example", SEVERAL},
	/* M3 */
	{"=?utf-8?q?<member@x.example>?= <evil@y.example>", UNCLEAR},
	{"=?utf-8?q?=3Cmember=40x.example=3E?= <evil@y.example>", "has another address in its display name"},
	{"\"<member@x.example>\" <evil@y.example>", "has another address in its display name"},
	{"member@x.example <evil@y.example>", UNCLEAR},
	{"evil@y.example <evil@y.example> member@x.example", UNCLEAR},
	{"evil@y.example <evil@y.example>, member@x.example", SEVERAL},
	{"evil@y.example <evil@y.example", UNCLEAR},
	{"evil@y.example, <evil@y.example>", SEVERAL},
	{"evil@y.example evil@y.example <evil@y.example>", UNCLEAR},
	{"Jan evil@y.example <evil@y.example>", NO_ADDRESS},
	{"evil@y.example <evil@y.example.x>", UNCLEAR},
	{"evil@y.example <@y.example:evil@y.example>", "has a route"},
	{"\"<evil@y.example> <member@x.example>\" <evil@y.example>", "has another address in its display name"},
	{"\"<evil@y.example <member@x.example>\" <evil@y.example>", "has another address in its display name"},
	{"\"<evil@y.example,member@x.example>\" <evil@y.example>", "has another address in its display name"},
	{"\"member@x.example,\" evil@y.example", NO_ADDRESS},
	{"member@x.example;evil@y.example", UNCLEAR},
	{"member@x.example evil@y.example", UNCLEAR},
	{"<member@x.example> <evil@y.example>", UNCLEAR},
	{"<member@x.example>evil@y.example", UNCLEAR},
	{"<<evil@y.example>>", UNCLEAR},
	{"<member@x.example <evil@y.example>>", UNCLEAR},
	{"Jan <evil@y.example", UNCLEAR},
	{"Jan evil@y.example>", NO_ADDRESS},
	{"evil@y.example>", UNCLEAR},
	{"<@member.example:evil@y.example>", "has a route"},
	{"<@x.example,@z.example:evil@y.example>", "has a route"},
	{"<(member@x.example) evil@y.example>", UNCLEAR},
	{"<evil@y.example (member@x.example)>", UNCLEAR},
	{"member(x)@y.example", NO_ADDRESS},
	{"member@(x)y.example", UNCLEAR},
	{"member @y.example", NO_ADDRESS},
	{"member@ y.example", UNCLEAR},
	{"mem\r\n ber@y.example", NO_ADDRESS},
	{"=?utf-8?q?member=40x.example?=@y.example", UNCLEAR},
	{"\"member@x.example\"@y.example", UNCLEAR},
	{"\"member@x.example> \"@y.example", UNCLEAR},
	{"\"<member@x.example>\"@y.example", UNCLEAR},
	{"member@x.example@y.example", UNCLEAR},
	{"member\\@x.example@y.example", UNCLEAR},
	{"[x] <evil@y.example>", UNCLEAR},
	{"Jan @ work <evil@y.example>", NO_ADDRESS},
	{". <evil@y.example>", UNCLEAR},
	{"evil@y.example (", UNBALANCED},
	{"evil@y.example (()", UNBALANCED},
	{"evil@y.example (\\)", UNBALANCED},
	{"\"Jan <evil@y.example>", UNBALANCED},
	{"\"Jan\\\" <evil@y.example>", UNBALANCED},
	{"Jan ) <evil@y.example>", UNCLEAR},
	{"evil@y.example )", UNCLEAR},
	{"evil@[192.0.2.1]", "number instead of a domain"},
	{"<evil@[192.0.2.1]>", "number instead of a domain"},
	{"evil@y..example", "without a valid domain name"},
	{"evil@-y.example", "without a valid domain name"},
	{"evil@y.example.", "without a valid domain name"},
	{"evil@y_y.example", "without a valid domain name"},
	{".evil@y.example", UNCLEAR},
	{"e..vil@y.example", NOT_VALID},
	{"evil@1.2.3.4", "without a valid domain name"},
	{"evil@xn--a.example", "is read in more than one way"},
	/* bytes */
	{"a@b.example\r\nBcc: c@d.example", "has a control character"},
	{"a@b.example\n", "has a control character"},
	{"a\r@b.example", "has a control character"},
	{"Jan\001 <a@b.example>", "has a control character"},
	{"Jan\177 <a@b.example>", "has a control character"},
	{"J\341n <a@b.example>", "is neither ASCII nor UTF-8"},
	{"J\300\200n <a@b.example>", "is neither ASCII nor UTF-8"},
};

static void check_bad(const char *value, size_t length, const char *reason)
{
	struct author author;
	struct verdict verdict = parse_exact(value, length, TRUE, &author);

	if (!reason) {
		assert_int_equal(verdict.class, VERDICT_NONE);
		author_clear(&author);
		return;
	}
	if (verdict.class != VERDICT_REFUSED || !strstr(verdict.text, reason))
		print_error("%s: %s (%s)\n", value, verdict.text, author.address);
	assert_int_equal(verdict.class, VERDICT_REFUSED);
	assert_string_equal(verdict.status, "5.6.0");
	assert_non_null(strstr(verdict.text, reason));
	assert_null(author.address);
	assert_null(author.name);
}

static void test_bad(void **state)
{
	static const char nul[] = "member@x.example\0@evil.example";

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		check_bad(bad[i].value, strlen(bad[i].value), bad[i].reason);
	check_bad(nul, sizeof(nul) - 1, "is neither ASCII nor UTF-8");
}

/* M34: an address that is not ASCII wants SMTPUTF8; U-label and A-label, NFC and NFD are one (M5). */
static void test_utf8(void **state)
{
	static const struct {
		const char *value, *address;
	} cases[] = {
		{"Jan <j\303\241n@b.example>", "j\303\241n@b.example"},
		{"ja\314\201n@b.example", "j\303\241n@b.example"},
		{"a@m\303\274nchen.example", "a@xn--mnchen-3ya.example"},
		{"a@mu\314\210nchen.EXAMPLE", "a@xn--mnchen-3ya.example"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct author author;
		struct verdict verdict = parse_exact(cases[i].value, strlen(cases[i].value), TRUE, &author);

		assert_int_equal(verdict.class, VERDICT_NONE);
		assert_string_equal(author.address, cases[i].address);
		author_clear(&author);
		verdict = parse_exact(cases[i].value, strlen(cases[i].value), FALSE, &author);
		/* Clear who it is, but not how it could travel. */
		assert_int_equal(verdict.class, VERDICT_UNCLEAR);
		assert_string_equal(verdict.status, "5.6.7");
		assert_string_equal(author.address, cases[i].address);
		author_clear(&author);
	}
}

static void check_many(const char *before, const char *piece, guint count, const char *after, const char *reason)
{
	g_autofree char *many = help_repeat(piece, count);
	g_autofree char *value = g_strconcat(before, many, after, NULL);

	check_bad(value, strlen(value), reason);
}

/* M11, M12: whatever scan lets through, and more. */
static void test_long(void **state)
{
	check_many("", "a:b@c,", 50000, "", GROUP);
	check_many("", "(", LIMIT_HEADER_NESTING, "", UNBALANCED);
	check_many("", "(", 100000, "", UNCLEAR);
	check_many("", "\"", 100001, "", UNBALANCED);
	check_many("", "\"\"", 50000, " <a@b.example>", NULL);
	check_many("", "<", 100000, "", UNCLEAR);
	check_many("a", ".a", 30000, " <a@b.example>", NULL);
	check_many("", "a", 65, "@b.example", "has an address that is too long");
	check_many("", "a", 64, "@b.example", NULL);
	check_many("abcdefghij@", "abcdefg.", 30, "example", "has an address that is too long");
	check_many("a@", "b.", 130, "example", "without a valid domain name");
	check_many("", "=?utf-8?q?=C3=A1?= ", 3000, "<a@b.example>", NULL);
}

static void check_message(const char *text, const char *reason)
{
	struct help_message message = help_message(text);
	struct author author;
	struct verdict verdict = author_read(&message.header, FALSE, &author);

	if (reason) {
		assert_int_equal(verdict.class, VERDICT_REFUSED);
		assert_string_equal(verdict.status, "5.6.0");
		assert_non_null(strstr(verdict.text, reason));
		assert_null(author.address);
	} else {
		assert_int_equal(verdict.class, VERDICT_NONE);
		assert_string_equal(author.address, "a@b.example");
	}
	author_clear(&author);
	help_clear(&message);
}

static void test_message(void **state)
{
	/* M1 */
	check_message("", "has no From field");
	check_message("\r\nbody only\r\n", "has no From field");
	check_message("From: Jan <a@b.example>\r\n", NULL);
	/* M2 */
	check_message("Subject: x\r\nSender: a@b.example\r\nResent-From: a@b.example\r\n\r\n", "has no From field");
	check_message("From: a@b.example\r\nFROM: a@b.example\r\n\r\n", "has 2 From fields");
	check_message("From: a@b.example\r\nX: y\r\nfrom: c@d.example\r\n\r\n", "has 2 From fields");
	check_message("From: a@b.example, c@d.example\r\n\r\n", SEVERAL);
	check_message("From: Jan\r\n\t<a@b.example>\r\n\r\nFrom: c@d.example\r\n", NULL);
	check_message("From a@x.example Mon Jan  1 00:00:00 2026\r\nfRoM:a@b.example\r\n\r\n", NULL);
	check_message("From:\r\n\r\n", "is empty");
}

static int start(void **state)
{
	g_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
