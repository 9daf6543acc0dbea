/* lib/mail/long_lines.h: only the leaf that has them, and only where nobody can mistake it (HOSTILE M24, M21, M25). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/long_lines.h"
#include "test/unit/mail_help.h"

/*
 * Each case is a message in which @ stands for 1,000 letters, % for 1,000 letters with a blank after every ninth, and
 * & for 1,000 letters that are no ASCII; `header` and `body` are what must come out (NULL body: as it was; both NULL: refused).
 */
static char *expand(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++)
		switch (*text) {
		case '@':
			for (guint i = 0; i < 1000; i++)
				g_string_append_c(out, 'a');
			break;
		case '%':
			for (guint i = 0; i < 100; i++)
				g_string_append(out, "bbbbbbbbb ");
			break;
		case '&':
			for (guint i = 0; i < 500; i++)
				g_string_append(out, "\xD0\xB6");
			break;
		default:
			g_string_append_c(out, *text);
		}
	return g_string_free(out, FALSE);
}

struct result {
	struct verdict verdict;
	char *header;
	char *body; /* NULL: as it was */
};

static struct result mend(const char *text)
{
	g_autofree char *whole = expand(text);
	struct help_message message = help_message(whole);
	GString *mended = NULL;
	struct result result = {
		.verdict = long_lines_mend(&message.header, message.data, message.length, message.body, &mended)};

	result.header = help_render(&message.header);
	result.body = mended ? g_string_free(mended, FALSE) : NULL;
	if (!verdict_is_final(&result.verdict)) {
		assert_false(long_lines_found(result.header, strlen(result.header)));
		const char *body = result.body ? result.body : message.data + message.body;
		assert_false(long_lines_found(body, result.body ? strlen(body) : message.length - message.body));
	} else {
		assert_null(result.body);
		assert_string_equal(result.verdict.status, "5.6.0");
	}
	help_clear(&message);
	return result;
}

static void clear(struct result *result)
{
	g_free(result->header);
	g_free(result->body);
}

static void assert_piece(const char *text, const char *piece, gboolean there)
{
	if ((strstr(text, piece) != NULL) != there)
		print_error("%s\n--- in ---\n%s\n", piece, text);
	assert_true((strstr(text, piece) != NULL) == there);
}

#define A75 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_untouched(void **state)
{
	static const char *const cases[] = {
		"From: a\r\n\r\nshort\r\n",
		"From: a\r\n",
		"From: a\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n",
		"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nno parts\r\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct result result = mend(cases[i]);

		assert_false(verdict_is_final(&result.verdict));
		assert_null(result.body);
		clear(&result);
	}
}

static void test_limit(void **state)
{
	for (guint size = 996; size <= 1000; size++) {
		g_autofree char *line = help_repeat("x", size);
		g_autofree char *text = g_strdup_printf("From: a\r\n\r\n%s\r\n", line);
		struct result result = mend(text);

		assert_int_equal(result.body != NULL, size > 998);
		clear(&result);
	}
}

/* The message itself is the leaf. */
static void test_whole_message(void **state)
{
	struct result result = mend("From: a\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nfirst =\r\n@\r\nlast\r\n");

	assert_string_equal(result.header,
		"From: a\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n"
		"MIME-Version: 1.0\r\n");
	assert_true(g_str_has_prefix(result.body, "first =3D\r\n" A75 "=\r\n"));
	assert_true(g_str_has_suffix(result.body, "aaaaa\r\nlast\r\n"));
	clear(&result);

	/* Not MIME at all: still text, and of a charset that nobody names. */
	result = mend("From: a\r\n\r\n@\xFF\r\n");
	assert_string_equal(result.header, "From: a\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n");
	assert_piece(result.body, "=FF\r\n", TRUE);
	clear(&result);

	/* Mostly no ASCII: base64. The header that was there is replaced in its place. */
	result = mend("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=utf-8\r\nFrom: a\r\n\r\n&\r\n");
	assert_string_equal(result.header,
		"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\nFrom: a\r\n");
	assert_true(g_str_has_suffix(result.body, "\r\n"));
	gsize length = 0;
	g_autofree guchar *back = g_base64_decode(result.body, &length);
	assert_int_equal(length, 1002);
	clear(&result);

	/* Encoded already, and not folded: folded, whatever else stands there. */
	result = mend("From: a\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@@\r\n");
	assert_string_equal(result.header, "From: a\r\nContent-Transfer-Encoding: base64\r\n");
	assert_true(g_str_has_prefix(result.body, A75 "a\r\n" A75 "a\r\n"));
	clear(&result);
	result = mend("From: a\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n=41@=\r\n=42\r\n");
	assert_true(g_str_has_prefix(result.body, "=41aaaaa"));
	assert_piece(result.body, "a=\r\na", TRUE);
	clear(&result);
}

static const char two_parts[] =
	"From: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
	"preamble\r\n--b\r\nContent-Type: text/plain\r\nX-Odd :  kept \r\nContent-Transfer-Encoding:\r\n 7bit\r\n\r\n@\r\n"
	"--b\r\nContent-Type: application/json\r\n\r\n{ \"as\":  \"it was\" }\t\r\n--b--\r\nepilogue\r\n";

static void test_one_part(void **state)
{
	struct result result = mend(two_parts);

	assert_false(verdict_is_final(&result.verdict));
	assert_string_equal(result.header, "From: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n");
	assert_true(g_str_has_prefix(result.body,
		"preamble\r\n--b\r\nContent-Type: text/plain\r\nX-Odd :  kept \r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n"));
	assert_true(g_str_has_suffix(result.body,
		"aaaa\r\n--b\r\nContent-Type: application/json\r\n\r\n{ \"as\":  \"it was\" }\t\r\n--b--\r\nepilogue\r\n"));
	clear(&result);
}

static void test_nested(void **state)
{
	struct result result = mend("From: a\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
				    "Content-Type: message/rfc822\r\n\r\nFrom: inner\r\nSubject: %\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
				    "--i\r\nContent-Type: text/plain\r\n\r\nshort\r\n--i\r\nContent-Type: application/json\r\n\r\n@\r\n--i--\r\n"
				    "--o\r\n\r\nlast\r\n--o--\r\n");

	assert_false(verdict_is_final(&result.verdict));
	assert_piece(result.body, "--o\r\nContent-Type: message/rfc822\r\n\r\nFrom: inner\r\nSubject: bbbbbbbbb bbb", TRUE);
	assert_piece(result.body, "--i\r\nContent-Type: text/plain\r\n\r\nshort\r\n--i\r\nContent-Type: application/json\r\n"
				  "Content-Transfer-Encoding: base64\r\n\r\nYWFhYWFh",
		TRUE);
	assert_piece(result.body, "\r\n--i--\r\n--o\r\n\r\nlast\r\n--o--\r\n", TRUE);
	clear(&result);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"From: a\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n@\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\ny\r\n--b--\r\n", "signed"},
		{"From: a\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n@\r\n--c--\r\n--b\r\n\r\ny\r\n--b--\r\n", "signed"},
		{"From: a\r\nContent-Type: multipart/mixed\r\n\r\n@\r\n", "ambiguous"},
		{"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n@\r\n--b\r\n\r\nx\r\n--b--\r\n", "outside"},
		{"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n@\r\n", "outside"},
		{"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--bx\r\n--b\r\n\r\n@\r\n--b--\r\n", "ambiguous"},
		{"From: a\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n@\r\n", "encoded anew"},
		{"From: a\r\nContent-Transfer-Encoding: x-what\r\n\r\n@\r\n", "broken"},
		{"From: a\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n@\r\n", "broken"},
		{"From: a\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\n@\r\n", "ambiguous"},
		{"From: a\r\nContent-Type: text/\r\n\r\n@\r\n", "broken"},
		{"From: a\r\nContent-Type: message/delivery-status\r\n\r\n@\r\n", "report"},
		{"From: a\r\nContent-Transfer-Encoding: base64\r\n\r\n@-\r\n", "encoded anew"},
		{"From: a\r\nTo: @\r\n\r\nx\r\n", "header field"},
		{"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: @\r\n\r\nx\r\n--b--\r\n", "header of a part"},
		{"From: a\r\nReferences: <@>\r\n\r\nx\r\n", "header field"},
		{"From: a\r\nContent-Type: text/plain; name=@\r\n\r\nx\r\n", "header field"},
		{"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnonsense\r\nX: %\r\n\r\nx\r\n--b--\r\n", "broken"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct result result = mend(cases[i].text);

		assert_int_equal(result.verdict.class, VERDICT_REFUSED);
		assert_piece(result.verdict.text, cases[i].why, TRUE);
		clear(&result);
	}
}

static void test_header(void **state)
{
	struct result result = mend("From: a\r\nSubject: @@\r\nReferences: %\r\nReceived: 1\r\nX-Folded: short\r\n\tand sweet\r\n\r\n@\r\n");

	assert_false(verdict_is_final(&result.verdict));
	assert_piece(result.header, "Subject: =?utf-8?Q?aaaa", TRUE);
	assert_piece(result.header, "References: bbbbbbbbb bbbbbbbbb", TRUE);
	assert_piece(result.header, "X-Folded: short\r\n\tand sweet\r\n", TRUE);
	clear(&result);

	/* What has no blank gets one where that changes nothing. */
	g_autofree char *id = help_repeat("i", 600);
	g_autofree char *text = g_strdup_printf(
		"From: a\r\nReferences: <%s.b><%s.c>\r\nX-Reasons: @@\r\nAutocrypt: a=b; keydata=@@\r\n\r\nx\r\n", id, id);
	result = mend(text);
	assert_false(verdict_is_final(&result.verdict));
	assert_piece(result.header, ".b>\r\n <iii", TRUE);
	assert_piece(result.header, "X-Reasons:\r\n aaa", FALSE);
	assert_piece(result.header, "aaa\r\n aaa", TRUE);
	assert_piece(result.header, "a=b;\r\n keydata=aaa", TRUE);
	clear(&result);

	/* The header of a part, and its body short: only the header changes. */
	result = mend("From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: %\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n--b--\r\n");
	assert_piece(result.body, "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n--b--\r\n", TRUE);
	clear(&result);
}

static void test_huge(void **state)
{
	/* 30 MB in one line (M24). */
	GString *text = g_string_new("From: a\r\n\r\n");
	guint length = 30 * 1024 * 1024;
	gsize start = text->len;

	g_string_set_size(text, start + length);
	memset(text->str + start, 'z', length);
	g_string_append(text, "\r\n");
	struct result result = mend(text->str);
	assert_non_null(result.body);
	assert_true(strlen(result.body) > length);
	clear(&result);
	g_string_free(text, TRUE);
}

/* A line that we break must not become a delimiter. */
static void test_no_new_delimiter(void **state)
{
	GString *text = g_string_new("From: a\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n--xyz\r\n\r\n");

	for (guint i = 0; i < 500; i++)
		g_string_append(text, "--xyz--  --xyz ");
	g_string_append(text, "\r\n--xyz--\r\n");
	/* It begins like one already, so readers may disagree: refused. */
	struct result result = mend(text->str);
	assert_int_equal(result.verdict.class, VERDICT_REFUSED);
	clear(&result);

	char *place = strstr(text->str, "\r\n\r\n--xyz--  ");
	place[4] = 'q';
	result = mend(text->str);
	assert_false(verdict_is_final(&result.verdict));
	assert_piece(result.body, "\r\n--xyz--\r\n", TRUE);
	/* Only the two that were there. */
	guint delimiters = 0;
	for (const char *line = result.body; (line = strstr(line, "--xyz")); line++)
		delimiters += line == result.body || line[-1] == '\n';
	assert_int_equal(delimiters, 2);
	clear(&result);
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_whole_message),
		cmocka_unit_test(test_one_part),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_no_new_delimiter),
	};

	return cmocka_run_group_tests_name("long_lines", tests, NULL, NULL);
}
