/* room: intake. lib/mail/walk.h: MIME structure as byte ranges (HOSTILE M13 to M19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/limits.h"
#include "lib/mail/walk.h"
#include "test/unit/mail_help.h"

/* An exact copy of the text, LF made CRLF so that the tables can be read. */
static char *message_of(const char *text, size_t *length)
{
	g_autoptr(GString) crlf = g_string_new(NULL);

	for (; *text; text++) {
		if (*text == '\n')
			g_string_append_c(crlf, '\r');
		g_string_append_c(crlf, *text);
	}
	*length = crlf->len;
	char *exact = g_malloc(MAX(*length, 1));
	memcpy(exact, crlf->str, *length);
	return exact;
}

static const char *body_of(const char *data, const struct walk_entity *entity)
{
	static char *body;

	g_free(body);
	body = g_strndup(data + entity->body, entity->end - entity->body);
	return body;
}

/* One line for each entity: depth, parent, type, body; "|" between them. */
static char *describe(const char *data, const struct walk *walk)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);

		assert_true(entity->header <= entity->body && entity->body <= entity->end);
		if (i > 0)
			assert_true(entity->end <= walk_entity(walk, (guint)entity->parent)->end);
		g_string_append_printf(out, "%s%u %d %s", i ? "|" : "", entity->depth, entity->parent, entity->type);
		if (!walk_is_multipart(entity) && !walk_is_message(entity))
			g_string_append_printf(out, " [%s]", body_of(data, entity));
	}
	for (char *cr = out->str; (cr = strstr(cr, "\r\n"));)
		memcpy(cr, "\\n", 2);
	return g_string_free(out, FALSE);
}

#define MIXED "Content-Type: multipart/mixed; boundary=x\n\n"

static const struct {
	const char *text, *structure;
	guint flags;
} cases[] = {
	/* what is no multipart */
	{"", "0 -1 text/plain []", WALK_NO_BODY},
	{"\n", "0 -1 text/plain []", 0},
	{"\nbody\n", "0 -1 text/plain [body\\n]", 0},
	{"From: a@b.example\n", "0 -1 text/plain []", WALK_NO_BODY},
	{"From: a@b.example\n\nbody", "0 -1 text/plain [body]", 0},
	{"From x\nContent-Type: text/html\n\nbody", "0 -1 text/html [body]", 0},
	{"Subject: x\n folded\nContent-Type:\n TEXT/HTML\n\n--x\n", "0 -1 text/html [--x\\n]", 0},

	/* multiparts by the book: the CRLF before a delimiter is its own */
	{MIXED "--x\n\none\n--x\nContent-Type: text/html\n\ntwo\n\n--x--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]|1 0 text/html [two\\n]", 0},
	{MIXED "--x\n\n--x--", "0 -1 multipart/mixed|1 0 text/plain []", 0},
	{MIXED "--x \t\n\none\n--x-- \n", "0 -1 multipart/mixed|1 0 text/plain [one]", 0},
	{MIXED "--x\n\none\n--X--\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one\\n--X--]", 0},
	{MIXED "--x\n\none\n --x--\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one\\n --x--]", 0},
	{"Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b\n\none\n--a b--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]", 0},
	{MIXED "--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\n\none\n--y--\n\n--x\n\ntwo\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/alternative|2 1 text/plain [one]|1 0 text/plain [two]", 0},
	{"Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: a\n\none\n--x\nContent-Type: text/plain\n\ntwo\n--x--\n",
		"0 -1 multipart/digest|1 0 message/rfc822|2 1 text/plain [one]|1 0 text/plain [two]", 0},
	{"Content-Type: message/rfc822\n\nSubject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n",
		"0 -1 message/rfc822|1 0 multipart/mixed|2 1 text/plain [one]", 0},
	{"Content-Type: message/global\n\nContent-Type: message/news\n\n\none",
		"0 -1 message/global|1 0 message/news|2 1 text/plain [one]", 0},
	{"Content-Type: message/delivery-status\n\nA: b\n\nC: d\n", "0 -1 message/delivery-status [A: b\\n\\nC: d\\n]", 0},

	/* M17: preamble, epilogue, no end */
	{MIXED "preamble\n\n--x\n\none\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one]", WALK_PREAMBLE},
	{MIXED "\n \t\n--x\n\none\n--x--\n\n \n", "0 -1 multipart/mixed|1 0 text/plain [one]", 0},
	{MIXED "--x\n\none\n--x--\nepilogue\n--x\n\nhidden\n", "0 -1 multipart/mixed|1 0 text/plain [one]", WALK_EPILOGUE},
	{MIXED "--x\n\none\n", "0 -1 multipart/mixed|1 0 text/plain [one\\n]", WALK_UNCLOSED},
	{MIXED "only text\n", "0 -1 multipart/mixed", WALK_UNCLOSED | WALK_NO_PARTS | WALK_PREAMBLE},
	{MIXED "--x--\n", "0 -1 multipart/mixed", WALK_NO_PARTS},
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--x\n\ntwo\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [one]|1 0 text/plain [two]", WALK_UNCLOSED},
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--y--\nepilogue\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [one]", WALK_EPILOGUE},

	/* an empty body right before a delimiter of the multipart around its own */
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain []", WALK_UNCLOSED},

	/* headers of parts that end early, or are none */
	{MIXED "--x\nContent-Type: text/html\n--x\n\ntwo\n--x--\n",
		"0 -1 multipart/mixed|1 0 text/html []|1 0 text/plain [two]", WALK_NO_BODY},
	{MIXED "--x\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain []", WALK_NO_BODY},
	{MIXED "--x\nno header here\n\none\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one]", WALK_FIELDS},
	{MIXED "--x\nContent-Type : text/html\n\none\n--x--\n", "0 -1 multipart/mixed|1 0 text/html [one]", 0},

	/* M16: boundaries */
	{"Content-Type: multipart/mixed\n\n--x\n\none\n--x--\n", "0 -1 multipart/mixed", WALK_NO_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\none\n----\n", "0 -1 multipart/mixed", WALK_NO_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=\"x \"\n\n--x \n\none\n--x --\n", "0 -1 multipart/mixed",
		WALK_UNSURE_BOUNDARY | WALK_NO_PARTS | WALK_PREAMBLE},
	{"Content-Type: multipart/mixed; boundary=\"x\n y\"\n\n--x y\n\none\n--x y--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]", WALK_UNSURE_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=x y\n\n--x y\n\none\n--x y--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]", WALK_UNSURE_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=x; boundary=y\n\n--x\n\none\n--x--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]", WALK_UNSURE_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary*=utf-8''x\n\n--x\n\none\n--x--\n",
		"0 -1 multipart/mixed|1 0 text/plain [one]", WALK_UNSURE_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=\"=?utf-8?q?x?=\"\n\n--x\n\none\n--x--\n", "0 -1 multipart/mixed",
		WALK_UNSURE_BOUNDARY | WALK_UNCLOSED | WALK_NO_PARTS | WALK_PREAMBLE},
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [one]", WALK_SAME_BOUNDARY},
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=x\n--x\n\none\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|1 0 text/plain [one]", WALK_SAME_BOUNDARY | WALK_NO_BODY},
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=xy\n\n--xy\n\none\n--xy--\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [one]", WALK_PREFIX_BOUNDARY},
	{"Content-Type: multipart/mixed; boundary=xy\n\n--xy\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n--xy--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [one]", WALK_PREFIX_BOUNDARY},
	{MIXED "--x\n\none\n--x1\n--x-\n--x--1\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one\\n--x1\\n--x-\\n--x--1]",
		WALK_NEAR_BOUNDARY},
	/* two multiparts beside each other may have the same boundary */
	{MIXED "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\n1\n--y--\n--x\nContent-Type: multipart/mixed; boundary=y\n\n"
		"--y\n\n2\n--y--\n--x--\n",
		"0 -1 multipart/mixed|1 0 multipart/mixed|2 1 text/plain [1]|1 0 multipart/mixed|2 3 text/plain [2]", 0},

	/* M19: Content-Type and Content-Transfer-Encoding that say nothing, or too much */
	{"Content-Type: text/html\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", "0 -1 text/html [--x\\n]",
		WALK_TYPE | WALK_UNSURE_BOUNDARY},
	{"Content-Type: text/plain; multipart/mixed\n\none", "0 -1 text/plain [one]", 0},
	{"Content-Type: nonsense\n\none", "0 -1 text/plain [one]", WALK_TYPE},
	{"Content-Type: multipart\n\none", "0 -1 text/plain [one]", WALK_TYPE | WALK_UNSURE_BOUNDARY},
	{"Content-Type: multipart/\303\251; boundary=x\n\none", "0 -1 text/plain [one]", WALK_TYPE | WALK_UNSURE_BOUNDARY},
	{"Content-Type: message/rfc822\303\251\n\none", "0 -1 text/plain [one]", WALK_TYPE | WALK_UNSURE_BOUNDARY},
	{"Content-Type: text/plain; charset=a; charset=b\n\none", "0 -1 text/plain [one]", WALK_TYPE},
	{"Content-Transfer-Encoding: x-mine\n\none", "0 -1 text/plain [one]", WALK_ENCODING},
	{"Content-Transfer-Encoding: base64 really\n\none", "0 -1 text/plain [one]", WALK_ENCODING},
	{"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit\n\none", "0 -1 text/plain [one]", WALK_ENCODING},
	{"Content-Transfer-Encoding: base64\n" MIXED "--x\n\none\n--x--\n", "0 -1 multipart/mixed|1 0 text/plain [one]",
		WALK_ENCODING},
	{"Content-Transfer-Encoding: base64\nContent-Type: message/rfc822\n\nAAAA", "0 -1 message/rfc822 [AAAA]",
		WALK_ENCODING},
	/* M18 */
	{"Content-Type: text/plain; name*0=a; name*2=b\n\none", "0 -1 text/plain [one]", WALK_NAME},
	{"Content-Type: text/plain; name=a\nContent-Disposition: attachment; filename=b\n\none", "0 -1 text/plain [one]", WALK_NAME},
	{"Content-Type: text/plain; name=a\nContent-Disposition: attachment; filename=a\n\none", "0 -1 text/plain [one]", 0},

	/* where it stands */
	{"Content-Type: multipart/signed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--y--\n"
		"--x--\n",
		"0 -1 multipart/signed|1 0 multipart/mixed|2 1 text/plain [one]", WALK_IN_SIGNED},
	{"Content-Type: multipart/encrypted; boundary=x\n\n--x\n\none\n--x--\n",
		"0 -1 multipart/encrypted|1 0 text/plain [one]", WALK_IN_ENCRYPTED},
};

static void test_cases(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length;
		char *data = message_of(cases[i].text, &length);
		struct walk walk;

		assert_int_equal(walk_message(data, length, &walk), WALK_OK);
		g_autofree char *structure = describe(data, &walk);
		if (strcmp(structure, cases[i].structure) != 0 || walk.flags != cases[i].flags)
			print_error("case %u: flags %#x\n%s\n", i, walk.flags, structure);
		assert_string_equal(structure, cases[i].structure);
		assert_int_equal(walk.flags, cases[i].flags);
		walk_clear(&walk);
		g_free(data);
	}
}

static void test_entity(void **state)
{
	static const char text[] = "From: a@b.example\nContent-Type: multipart/signed; boundary=\"x\"\n\n--x\n"
		"Content-Type: TEXT/Plain; Charset=\"UTF-8\"; name=old\nContent-Transfer-Encoding: Quoted-Printable\n"
		"Content-Disposition: attachment; filename*=utf-8''caf%C3%A9.txt\n\none\n--x--\n";
	size_t length;
	char *data = message_of(text, &length);
	struct walk walk;

	assert_int_equal(walk_message(data, length, &walk), WALK_OK);
	assert_int_equal(walk.entities->len, 2);
	const struct walk_entity *top = walk_entity(&walk, 0), *part = walk_entity(&walk, 1);
	assert_int_equal(top->header, 0);
	assert_int_equal(top->end, length);
	assert_string_equal(top->boundary, "x");
	assert_null(top->charset);
	assert_null(top->name);
	assert_int_equal(top->flags, 0);
	assert_int_equal(strncmp(data + part->header, "Content-Type: TEXT", 18), 0);
	assert_int_equal(strncmp(data + part->body - 4, "\r\n\r\none\r\n--x", 12), 0);
	assert_int_equal(part->end, part->body + 3);
	assert_string_equal(part->charset, "UTF-8");
	assert_string_equal(part->name, "caf\303\251.txt");
	assert_null(part->boundary);
	assert_int_equal(part->encoding, WALK_QUOTED_PRINTABLE);
	assert_int_equal(part->flags, WALK_IN_SIGNED | WALK_NAME);
	assert_int_equal(walk.depth, 1);
	walk_clear(&walk);
	g_free(data);

	struct walk none = {0};
	walk_clear(&none);
}

static void test_encodings(void **state)
{
	static const struct {
		const char *value;
		enum walk_encoding encoding;
	} encodings[] = {{"7bit", WALK_7BIT}, {" 8BIT ", WALK_8BIT}, {"binary", WALK_BINARY}, {"\n base64", WALK_BASE64},
		{"quoted-printable", WALK_QUOTED_PRINTABLE}, {"x-uuencode", WALK_UUENCODE}, {"uuencode", WALK_UUENCODE},
		{"", WALK_UNKNOWN}, {"base64;", WALK_UNKNOWN}, {"base65", WALK_UNKNOWN}, {"(c) base64", WALK_BASE64}};

	for (guint i = 0; i < G_N_ELEMENTS(encodings); i++) {
		g_autofree char *text = g_strconcat("Content-Transfer-Encoding:", encodings[i].value, "\n\n", NULL);
		size_t length;
		char *data = message_of(text, &length);
		struct walk walk;

		assert_int_equal(walk_message(data, length, &walk), WALK_OK);
		assert_int_equal(walk_entity(&walk, 0)->encoding, encodings[i].encoding);
		walk_clear(&walk);
		g_free(data);
	}
}

/* M16: 70 characters are good, 71 and 5,000 are found too, but told. */
static void test_long_boundaries(void **state)
{
	static const guint lengths[] = {70, 71, 5000};

	for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *boundary = help_repeat("b", lengths[i]);
		g_autofree char *text =
			g_strdup_printf("Content-Type: multipart/mixed; boundary=%s\n\n--%s\n\none\n--%s--\n", boundary, boundary, boundary);
		size_t length;
		char *data = message_of(text, &length);
		struct walk walk;

		assert_int_equal(walk_message(data, length, &walk), WALK_OK);
		assert_int_equal(walk.entities->len, 2);
		assert_string_equal(body_of(data, walk_entity(&walk, 1)), "one");
		assert_int_equal(walk.flags, lengths[i] > LIMIT_BOUNDARY ? WALK_LONG_BOUNDARY : 0);
		walk_clear(&walk);
		g_free(data);
	}
}

static void check_limit(const char *before, const char *piece, guint count, enum walk_result expected)
{
	g_autofree char *many = help_repeat(piece, count);
	g_autofree char *text = g_strconcat(before, many, NULL);
	size_t length;
	char *data = message_of(text, &length);
	struct walk walk;

	assert_int_equal(walk_message(data, length, &walk), expected);
	assert_true(walk.entities->len <= LIMIT_MIME_PARTS);
	assert_true(walk.depth <= LIMIT_MIME_DEPTH);
	for (guint i = 0; i < walk.entities->len; i++) {
		const struct walk_entity *entity = walk_entity(&walk, i);

		assert_true(entity->header <= entity->body && entity->body <= entity->end && entity->end <= length);
	}
	walk_clear(&walk);
	g_free(data);
}

/* M13, M14 */
static void test_limits(void **state)
{
	check_limit("", "Content-Type: message/rfc822\n\n", LIMIT_MIME_DEPTH, WALK_OK);
	check_limit("", "Content-Type: message/rfc822\n\n", LIMIT_MIME_DEPTH + 1, WALK_DEPTH);
	check_limit("", "Content-Type: multipart/mixed; boundary=x\n\n--x\n", LIMIT_MIME_DEPTH, WALK_OK);
	check_limit("", "Content-Type: multipart/mixed; boundary=x\n\n--x\n", 200000, WALK_DEPTH);
	check_limit(MIXED, "--x\n\n", LIMIT_MIME_PARTS - 1, WALK_OK);
	check_limit(MIXED, "--x\n\n", LIMIT_MIME_PARTS, WALK_PARTS);
	check_limit(MIXED "--x\n", "A: b\n", LIMIT_HEADER_FIELDS, WALK_OK);
	check_limit(MIXED "--x\n", "A: b\n", LIMIT_HEADER_FIELDS + 1, WALK_HEADER_LIMIT);
	check_limit(MIXED "--x\nA: ", "b", LIMIT_HEADER_FIELD, WALK_HEADER_LIMIT);
}

/* Input that LMTP does not let through must be survived. */
static void test_raw_bytes(void **state)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=x\n\n--x\r\r\n\rone\0\n--x\n\n\n--x--\n\r";
	char *data = g_memdup2(text, sizeof(text) - 1);
	struct walk walk;

	assert_int_equal(walk_message(data, sizeof(text) - 1, &walk), WALK_OK);
	assert_int_equal(walk.entities->len, 3);
	walk_clear(&walk);
	g_free(data);
}

static void test_next_field(void **state)
{
	static const char text[] = "A: b\r\n c\r\nB :d\r\nno field\r\n\ttail\r\n: e\r\nC c: d\r\nD:";
	static const struct {
		size_t length, name_length;
	} expected[] = {{10, 1}, {6, 1}, {17, 0}, {5, 0}, {8, 0}, {2, 1}};
	char *data = g_memdup2(text, sizeof(text) - 1);
	const char *place = data;
	struct header_field field;

	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
		assert_true(walk_next_field(&place, data + sizeof(text) - 1, &field));
		assert_int_equal(field.length, expected[i].length);
		assert_int_equal(field.name_length, expected[i].name_length);
	}
	assert_false(walk_next_field(&place, data + sizeof(text) - 1, &field));
	g_free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_entity),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_long_boundaries),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_raw_bytes),
		cmocka_unit_test(test_next_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
