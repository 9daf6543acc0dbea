/* room: intake. lib/mail/footer.h: where a list's text goes, in which charset and encoding, and where it does not go (HOSTILE M16, M17, M19, M26, C7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/footer.h"
#include "lib/mail/mail.h"
#include "lib/mail/exact_text.h"
#include "test/unit/mail_help.h"

static const guint8 key[8] = {1, 2, 3, 4, 5, 6, 7, 8};

#define BOUNDARY "=_0102030405060708.0"
#define ASCII_FOOTER "-- \nThe choir, choir@x.example\n"
#define SMALL "Caf\xC3\xA9 choir, caf@x.example\n"
#define WIDE "\xE5\x90\x88\xE5\x94\xB1 choir, caf@x.example \xE2\x82\xAC\n"
#define JAPANESE "\xE5\x90\x88\xE5\x94\xB1\xE5\x9B\xA3 choir@x.example\n"

struct result {
	enum footer_place place;
	char *header, *body; /* as it goes out */
	gboolean changed;
};

static struct footer_text fill(const char *template)
{
	static const struct texts_field none[] = {{NULL, NULL}};
	struct footer_text text;
	struct footer_template *parsed = footer_template_parse(template, strlen(template), "f", NULL);

	assert_non_null(parsed);
	footer_template_fill(parsed, none, &text);
	footer_template_free(parsed);
	return text;
}

static struct result add(const char *text, const char *above, const char *below, const struct footer *like)
{
	struct help_message message = help_message(text);
	struct footer_text over = {0}, under = {0};
	struct footer footer = like ? *like : (struct footer){0};
	struct draft draft;

	footer.key = key;
	if (above)
		over = fill(above);
	if (below)
		under = fill(below);
	footer.above = above ? &over : NULL;
	footer.below = below ? &under : NULL;
	draft_begin(&draft, &message.header, message.data, message.length, message.body);
	struct result result = {.place = footer_add(&draft, &footer)};
	GString *made = draft_end(&draft);
	result.header = help_render(&message.header);
	result.changed = made != NULL;
	result.body = made ? g_string_free(made, FALSE) : g_strndup(message.data + message.body, message.length - message.body);
	help_clear(&message);
	footer_text_clear(&over);
	footer_text_clear(&under);
	return result;
}

static void clear(struct result *result)
{
	g_free(result->header);
	g_free(result->body);
}

/* The body that comes out; with the header "From: a" and `fields`. NULL for `out`: the body stays as it was. */
struct row {
	const char *fields, *body, *footer;
	enum footer_place place;
	const char *out, *field; /* `field`: must stand in the header */
};

static const struct row rows[] = {
	/* plain text */
	{"", "hi\r\n", ASCII_FOOTER, FOOTER_INSIDE, "hi\r\n\r\n-- \r\nThe choir, choir@x.example\r\n", ""},
	{"", "hi", ASCII_FOOTER, FOOTER_INSIDE, "hi\r\n\r\n-- \r\nThe choir, choir@x.example\r\n", ""},
	{"", "", ASCII_FOOTER, FOOTER_INSIDE, "-- \r\nThe choir, choir@x.example\r\n", ""},
	{"", "\r\n \r\n", ASCII_FOOTER, FOOTER_INSIDE, "\r\n \r\n-- \r\nThe choir, choir@x.example\r\n", ""},
	{"Content-Type: text/plain; charset=us-ascii; x=y\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_INSIDE,
		"hi\r\n\r\n-- \r\nThe choir, choir@x.example\r\n", "x=y"},
	/* a charset that cannot hold it becomes UTF-8; 7bit becomes quoted-printable or base64 */
	{"", "hi\r\n", SMALL, FOOTER_INSIDE, "hi\r\n\r\nCaf=C3=A9 choir, caf@x.example\r\n",
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"},
	{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "h\xC3\xA9\r\n", SMALL, FOOTER_INSIDE,
		"h\xC3\xA9\r\n\r\nCaf\xC3\xA9 choir, caf@x.example\r\n", "charset=utf-8"},
	{"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n", "h\xE9\r\n", SMALL, FOOTER_INSIDE,
		"h\xE9\r\n\r\nCaf\xE9 choir, caf@x.example\r\n", "charset=iso-8859-1"},
	{"Content-Type: text/plain; charset=iso-8859-1; format=flowed; delsp=yes\r\nContent-Transfer-Encoding: 8bit\r\n", "h\xE9\r\n", WIDE,
		FOOTER_INSIDE, "h\xC3\xA9\r\n\r\n\xE5\x90\x88\xE5\x94\xB1 choir, caf@x.example \xE2\x82\xAC\r\n",
		"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n"},
	{"Content-Type: text/plain; charset=iso-2022-jp\r\n", "\x1B$BF|\x1B(B\r\n", JAPANESE, FOOTER_INSIDE,
		"\x1B$BF|\x1B(B\r\n\r\n\x1B$B9g>'CD\x1B(B choir@x.example\r\n", "charset=iso-2022-jp"},
	/* its text does not end in the state it began in */
	{"Content-Type: text/plain; charset=iso-2022-jp\r\n", "\x1B$BF|", ASCII_FOOTER, FOOTER_INSIDE, NULL, ""},
	/* quoted-printable: what is there stays */
	{"Content-Transfer-Encoding: quoted-printable\r\n", "h=69 =\r\nyou=20\r\n", ASCII_FOOTER, FOOTER_INSIDE,
		"h=69 =\r\nyou=20\r\n\r\n=2D-=20\r\nThe choir, choir@x.example\r\n", ""},
	{"Content-Transfer-Encoding: quoted-printable\r\n", "hi=\r\n", "choir@x.example\n", FOOTER_INSIDE, "hi\r\n\r\nchoir@x.example\r\n", ""},
	{"Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n", "h=C3=A9\r\n", SMALL, FOOTER_INSIDE,
		"h=C3=A9\r\n\r\nCaf=C3=A9 choir, caf@x.example\r\n", "charset=utf-8"},
	/* base64: text that ends in LF, too */
	{"Content-Transfer-Encoding: base64\r\n", "aGkNCg==\r\n", "choir@x.example\n", FOOTER_INSIDE, "aGkNCg0KY2hvaXJAeC5leGFtcGxlDQo=\r\n", ""},
	{"Content-Transfer-Encoding: base64\r\n", "aGkK\r\n", "choir@x.example\n", FOOTER_INSIDE, "aGkKCmNob2lyQHguZXhhbXBsZQo=\r\n", ""},
	{"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-16\r\n", "//5oAGkA\r\n", "choir@x.example\n", FOOTER_INSIDE,
		"aGkNCg0KY2hvaXJAeC5leGFtcGxlDQo=\r\n", "charset=utf-8"},
	/* flowed: stuffed, and not joined to the last line */
	{"Content-Type: text/plain; format=flowed\r\n", "hi \r\n", "From here\n >x\n-- \nchoir@x.example\n", FOOTER_INSIDE,
		"hi \r\n\r\n\r\n From here\r\n  >x\r\n-- \r\nchoir@x.example\r\n", "format=flowed"},
	/* eight bits without MIME: ASCII is ASCII behind anything, more is not known */
	{"", "h\xE9\r\n", "choir@x.example\n", FOOTER_INSIDE, "h\xE9\r\n\r\nchoir@x.example\r\n", ""},
	{"", "h\xE9\r\n", SMALL, FOOTER_AROUND, "--" BOUNDARY "\r\n\r\nh\xE9\r\n\r\n--" BOUNDARY "\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\nContent-Disposition: inline\r\n\r\nCaf=C3=A9 choir, caf@x.example\r\n\r\n--" BOUNDARY "--\r\n",
		"MIME-Version: 1.0\r\n"},
	{"Content-Type: text/plain; charset=x-unheard-of\r\n", "hi\r\n", "choir@x.example\n", FOOTER_AROUND, NULL, ""},
	/* M19: broken */
	{"Content-Transfer-Encoding: base64\r\n", "aGkNCg=\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Transfer-Encoding: base64\r\n", "!!!!\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Transfer-Encoding: quoted-printable\r\n", "=ZZ\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Transfer-Encoding: x-uuencode\r\n", "begin\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Transfer-Encoding: x-unknown\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: text/plain; charset=a\r\nContent-Type: text/html\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: text/plain; multipart/mixed\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_INSIDE, NULL, ""},
	/* M16, M17 */
	{"Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nhi\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: multipart/mixed; boundary=b\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: multipart/mixed\r\n", "--b\r\n\r\nhi\r\n--b--\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nhi\r\n--b--\r\n--b\r\nhidden\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	{"Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nhi\r\n--bc\r\n--b--\r\n", ASCII_FOOTER, FOOTER_BROKEN, NULL, ""},
	/* multipart/mixed gets a part, with its preamble and its odd delimiter lines as they were */
	{"Content-Type: multipart/mixed; boundary=b\r\n", "pre\r\n--b  \r\n\r\nhi\r\n--b\r\n\r\nyou\r\n--b--\r\n", "choir@x.example\n", FOOTER_PART,
		"pre\r\n--b  \r\n\r\nhi\r\n--b\r\n\r\nyou\r\n--b\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
		"Content-Disposition: inline\r\n\r\nchoir@x.example\r\n\r\n--b--\r\n", ""},
	{"Content-Type: multipart/mixed; boundary=choir\r\n", "--choir\r\n\r\nhi\r\n--choir--\r\n", "--choir@x.example\n", FOOTER_BROKEN, NULL, ""},
	/* all else gets it around */
	{"Content-Type: text/html\r\n", "<p>hi\r\n", "choir@x.example\n", FOOTER_AROUND,
		"--" BOUNDARY "\r\nContent-Type: text/html\r\n\r\n<p>hi\r\n\r\n--" BOUNDARY "\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		"Content-Transfer-Encoding: 7bit\r\nContent-Disposition: inline\r\n\r\nchoir@x.example\r\n\r\n--" BOUNDARY "--\r\n",
		"Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\r\n"},
	{"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n", "hi\r\n", ASCII_FOOTER, FOOTER_AROUND, NULL, ""},
	{"Content-Type: multipart/alternative; boundary=b\r\n", "--b\r\n\r\nhi\r\n--b--\r\n", ASCII_FOOTER, FOOTER_AROUND, NULL, ""},
	{"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n", "AAAA\r\n", ASCII_FOOTER, FOOTER_AROUND, NULL, ""},
	/* signed and encrypted */
	/* its boundary is none that ours begins with */
	{"Content-Type: multipart/alternative; boundary=\"=\"\r\n", "--=\r\n\r\nhi\r\n--=--\r\n", ASCII_FOOTER, FOOTER_AROUND, NULL, "boundary=\"A_"},
	{"Content-Type: multipart/signed; boundary=b\r\n", "--b\r\n\r\nhi\r\n--b\r\n\r\nx\r\n--b--\r\n", ASCII_FOOTER, FOOTER_SIGNED, NULL, ""},
	{"Content-Type: multipart/encrypted; boundary=b\r\n", "--b\r\n\r\nhi\r\n--b\r\n\r\nx\r\n--b--\r\n", ASCII_FOOTER, FOOTER_SIGNED, NULL, ""},
	{"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n", "AAAA\r\n", ASCII_FOOTER, FOOTER_SIGNED, NULL, ""},
	/* there already: re-posted, quoted as a whole, and not: quoted in the middle, or only its rule */
	{"", "hi\r\n-- \r\nThe choir,  choir@x.example\r\n", ASCII_FOOTER, FOOTER_THERE, NULL, ""},
	{"", "me too\r\n> hi\r\n> -- \r\n> The choir, choir@x.example\r\n>\r\n", ASCII_FOOTER, FOOTER_THERE, NULL, ""},
	{"", "> hi\r\n> -- \r\n> The choir, choir@x.example\r\nme too\r\n", ASCII_FOOTER, FOOTER_INSIDE, NULL, ""},
	{"", "hi\r\n-- \r\nme\r\n", ASCII_FOOTER, FOOTER_INSIDE, NULL, ""},
	{"", "-----\r\nhi\r\n", "-----\n", FOOTER_INSIDE, NULL, ""},
	{"Content-Transfer-Encoding: base64\r\n", "aGkNCg0KY2hvaXJAeC5leGFtcGxlDQo=\r\n", "choir@x.example\n", FOOTER_THERE, NULL, ""},
	{"Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nhi\r\n--b\r\n\r\nchoir@x.example\r\n--b--\r\n", "choir@x.example\n",
		FOOTER_THERE, NULL, ""},
	{"Content-Type: multipart/mixed; boundary=b\r\n",
		"--b\r\n\r\nhi\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a\r\n\r\nchoir@x.example\r\n--b--\r\n", "choir@x.example\n",
		FOOTER_PART, NULL, ""},
};

static void test_rows(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		g_autofree char *text = g_strdup_printf("From: a\r\n%s\r\n%s", row->fields, row->body);
		struct result result = add(text, NULL, row->footer, NULL);

		if (result.place != row->place || (row->out && strcmp(row->out, result.body) != 0) || !strstr(result.header, row->field))
			print_error("--- %s--- %s--- %s--- %s", row->fields, row->body, result.header, result.body);
		assert_int_equal(result.place, row->place);
		if (row->out)
			assert_string_equal(result.body, row->out);
		assert_non_null(strstr(result.header, row->field));
		assert_int_equal(result.changed, row->place == FOOTER_INSIDE || row->place == FOOTER_PART || row->place == FOOTER_AROUND);
		if (!result.changed)
			assert_string_equal(result.body, row->body);
		clear(&result);
	}
}

/* What went out and comes back gets nothing more, whatever its shape. */
static void test_never_twice(void **state)
{
	static const char *const footers[] = {ASCII_FOOTER, SMALL, WIDE, JAPANESE};

	for (guint i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(footers); i++) {
		const struct row *row = &rows[i / G_N_ELEMENTS(footers)];
		const char *footer = footers[i % G_N_ELEMENTS(footers)];
		g_autofree char *text = g_strdup_printf("From: a\r\n%s\r\n%s", row->fields, row->body);
		struct result first = add(text, footer, NULL, NULL);
		g_autofree char *again = g_strdup_printf("%s\r\n%s", first.header, first.body);
		struct result second = add(again, footer, NULL, NULL);

		if (first.changed && second.place != FOOTER_THERE)
			print_error("%s\n", again);
		if (first.changed)
			assert_int_equal(second.place, FOOTER_THERE);
		assert_string_equal(first.body, second.body);
		clear(&first);
		clear(&second);
	}
}

/* Not each text is looked at, but those where the footer would be. */
static void test_never_twice_in_many_parts(void **state)
{
	g_autoptr(GString) text = g_string_new("From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");

	for (guint i = 0; i < 60; i++)
		g_string_append(text, "--b\r\n\r\nhi\r\n");
	g_string_append(text, "--b--\r\n");
	struct result first = add(text->str, "Over all of it\n", "Under all of it\n", NULL);
	g_autofree char *again = g_strdup_printf("%s\r\n%s", first.header, first.body);
	struct result second = add(again, "Over all of it\n", "Under all of it\n", NULL);
	assert_int_equal(first.place, FOOTER_PART);
	assert_int_equal(second.place, FOOTER_THERE);
	clear(&first);
	clear(&second);
}

/* Who has them all gets one all the same. */
static void test_all_boundaries(void **state)
{
	g_autoptr(GString) text = g_string_new("From: a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n");

	for (char first = '='; first <= 'Z'; first++)
		g_string_append_printf(text, "--b\r\nContent-Type: multipart/mixed; boundary=\"%c\"\r\n\r\n--%c\r\n\r\nhi\r\n--%c--\r\n", first, first, first);
	g_string_append(text, "--b--\r\n");
	struct result result = add(text->str, NULL, "Under all of it\n", NULL);
	assert_int_equal(result.place, FOOTER_AROUND);
	assert_non_null(strstr(result.header, "boundary=\"Z_"));
	clear(&result);
}

static void test_above_and_below(void **state)
{
	struct result result = add("From: a\r\n\r\nhi\r\n", "Over all of it\n", "Under all of it\n", NULL);

	assert_string_equal(result.body, "Over all of it\r\n\r\nhi\r\n\r\nUnder all of it\r\n");
	clear(&result);
	result = add("From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n", "Over all of it\n", "Under all of it\n", NULL);
	assert_true(g_str_has_prefix(result.body, "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n"));
	assert_non_null(strstr(result.body, "Over all of it\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/plain"));
	assert_true(g_str_has_suffix(result.body, "Under all of it\r\n\r\n--b--\r\n"));
	clear(&result);
	/* one of them is there */
	result = add("From: a\r\n\r\nOver all of it\r\n\r\nhi\r\n", "Over all of it\n", "Under all of it\n", NULL);
	assert_string_equal(result.body, "Over all of it\r\n\r\nhi\r\n\r\nUnder all of it\r\n");
	clear(&result);
}

/* A note is said even where a footer would be left out. */
static void test_note(void **state)
{
	const struct footer note = {.note = "Removed: a.exe\r\n"};
	struct result result = add("From: a\r\n\r\nhi\r\n", NULL, "Under all\n", &note);

	assert_string_equal(result.body, "hi\r\n\r\nRemoved: a.exe\r\n\r\nUnder all\r\n");
	clear(&result);
	result = add("From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n", NULL, NULL, &note);
	assert_int_equal(result.place, FOOTER_AROUND);
	assert_non_null(strstr(result.body, "Removed: a.exe"));
	clear(&result);
	result = add("From: a\r\nContent-Transfer-Encoding: x\r\n\r\nhi\r\n", NULL, NULL, &note);
	assert_int_equal(result.place, FOOTER_AROUND);
	assert_non_null(strstr(result.body, "Content-Transfer-Encoding: x\r\n\r\nhi\r\n"));
	clear(&result);
}

static void test_around_signed(void **state)
{
	const struct footer around = {.around_signed = TRUE};
	static const char body[] = "--b\r\n\r\nhi\r\n--b\r\n\r\nx\r\n--b--\r\n";
	g_autofree char *text = g_strdup_printf("From: a\r\nContent-Type: multipart/signed;\r\n\tboundary=b\r\n\r\n%s", body);
	struct result result = add(text, NULL, "Under all\n", &around);

	assert_int_equal(result.place, FOOTER_AROUND);
	assert_non_null(strstr(result.body, "Content-Type: multipart/signed;\r\n\tboundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\r\nx\r\n--b--\r\n\r\n--"));
	assert_null(strstr(result.header, "multipart/signed"));
	clear(&result);
}

/* C7: what a file may say. */
static void test_templates(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *reason; /* NULL: good */
	} templates[] = {
		{"{list}\r\n.\r\n{{x}}\r\n", 18, NULL},
		{"\xEF\xBB\xBFx\n", 5, NULL},
		{"{?archive_page}Archive: {archive_page}\n", 39, NULL},
		{"", 0, "no text"},
		{"\n\n", 2, "no text"},
		{"\xFF\n", 2, "UTF-8"},
		{"a\0b", 3, "UTF-8"},
		{"a\tb", 3, "tab"},
		{"a\x1Bz", 3, "control"},
		{"a\rb\n", 4, "control"},
		{"{member}\n", 9, "no field {member}"},
		{"%s {x\n", 6, "field"},
		{"}\n", 2, "lone"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *block = g_memdup2(templates[i].text, MAX(templates[i].length, 1));
		struct footer_template *template = footer_template_parse(block, templates[i].length, "f", &error);

		assert_int_equal(template != NULL, templates[i].reason == NULL);
		if (templates[i].reason && !strstr(error->message, templates[i].reason))
			print_error("%s\n", error->message);
		if (templates[i].reason)
			assert_non_null(strstr(error->message, templates[i].reason));
		footer_template_free(template);
	}
}

/* One pass, and what is different for each post does not hide that the rest is there. */
static void test_values(void **state)
{
	static const char template[] = "{?archived_at}{archived_at}\n{list} {description}\n{?help_page}Help: {help_page}\n";
	static const struct texts_field first[] = {{"archived_at", "https://x.example/1"}, {"list", "choir@x.example"},
		{"description", "{list}\r\n%n\xE2\x80\xAEx"}, {NULL, NULL}};
	static const struct texts_field second[] = {{"archived_at", "https://x.example/2"}, {"list", "choir@x.example"},
		{"description", "{list}\r\n%n\xE2\x80\xAEx"}, {NULL, NULL}};
	struct footer_template *parsed = footer_template_parse(template, strlen(template), "f", NULL);
	struct footer_text one, other;

	footer_template_fill(parsed, first, &one);
	footer_template_fill(parsed, second, &other);
	assert_string_equal(one.text, "https://x.example/1\r\nchoir@x.example {list} %nx\r\n");
	assert_true(footer_text_stands_in(&other, one.text, strlen(one.text)));
	footer_text_clear(&one);
	footer_text_clear(&other);
	footer_template_free(parsed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_never_twice), cmocka_unit_test(test_never_twice_in_many_parts), cmocka_unit_test(test_all_boundaries),
		cmocka_unit_test(test_above_and_below),
		cmocka_unit_test(test_note), cmocka_unit_test(test_around_signed), cmocka_unit_test(test_templates),
		cmocka_unit_test(test_values),
	};

	g_free(mail_warm_up());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
