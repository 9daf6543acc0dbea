/* lib/mail/transfer.h: written by us, read back by GLib and by a reader of RFC 2045 that stands here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <glib.h>

#include "lib/mail/transfer.h"

/* RFC 2045 section 6.7, told from the reader's side. */
static GString *unquote(const char *data, size_t length)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < length; i++) {
		if (data[i] != '=') {
			g_string_append_c(out, data[i]);
		} else if (i + 2 < length && data[i + 1] == '\r' && data[i + 2] == '\n') {
			i += 2;
		} else {
			assert_true(i + 2 < length && g_ascii_isxdigit(data[i + 1]) && g_ascii_isxdigit(data[i + 2]));
			g_string_append_c(
				out, (char)(g_ascii_xdigit_value(data[i + 1]) << 4 | g_ascii_xdigit_value(data[i + 2])));
			i += 2;
		}
	}
	return out;
}

static char *exact(const char *text, size_t length)
{
	char *block = g_malloc(MAX(length, 1));

	memcpy(block, text, length);
	return block;
}

static void assert_lines(const GString *text, size_t limit)
{
	for (const char *line = text->str, *end; *line; line = end + 2) {
		end = strstr(line, "\r\n");
		if (!end)
			end = text->str + text->len;
		assert_true((size_t)(end - line) <= limit);
		if (*end == '\0')
			break;
	}
}

static void test_quote_table(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"a", "a"},
		{"a=b\r\n", "a=3Db\r\n"},
		{"a \r\nb\t\r\n \r\n", "a=20\r\nb=09\r\n=20\r\n"},
		{"a b\tc\r\n", "a b\tc\r\n"},
		{"Gr\xC3\xBC\xFF\r\n", "Gr=C3=BC=FF\r\n"},
		{"From x\r\nFrom\r\nfrom x\r\n", "=46rom x\r\nFrom\r\nfrom x\r\n"},
		{"--boundary\r\n.\r\n..x\r\n", "=2D-boundary\r\n=2E\r\n=2E.x\r\n"},
		{"\x01\x7F", "=01=7F"},
		{"\r\n\r\n", "\r\n\r\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].text);
		g_autofree char *block = exact(cases[i].text, length);
		g_autoptr(GString) out = g_string_new(NULL);

		transfer_quote(block, length, out);
		assert_string_equal(out->str, cases[i].expected);
	}
}

static GString *random_lines(GRand *random, guint kind)
{
	static const char letters[] = "-- .=ab";
	GString *text = g_string_new(NULL);
	guint length = (guint)g_rand_int_range(random, 0, 3000);

	while (text->len < length) {
		int choice = g_rand_int_range(random, 0, 400);

		if (choice == 0)
			g_string_append(text, "\r\n");
		else if (kind == 0)
			g_string_append_c(text, letters[g_rand_int_range(random, 0, 7)]);
		else if (kind == 1)
			g_string_append_c(text, (char)g_rand_int_range(random, 32, 127));
		else
			g_string_append_c(text, "\x80\xFF\x01z"[g_rand_int_range(random, 0, 4)]);
	}
	return text;
}

/* Anything comes back byte for byte, no line is over 76 bytes, and none begins with "--". */
static void test_quote_round_trip(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2045);

	for (guint i = 0; i < 600; i++) {
		g_autoptr(GString) text = random_lines(random, i % 3), out = g_string_new(NULL);
		g_autofree char *block = exact(text->str, text->len);

		transfer_quote(block, text->len, out);
		g_autoptr(GString) back = unquote(out->str, out->len);
		assert_int_equal(back->len, text->len);
		assert_memory_equal(back->str, text->str, text->len);
		assert_lines(out, 76);
		assert_null(strstr(out->str, "\r\n--"));
		assert_false(g_str_has_prefix(out->str, "--"));
	}
}

static void test_base64(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(4648);

	for (guint i = 0; i < 300; i++) {
		g_autoptr(GString) text = random_lines(random, i % 3), out = g_string_new(NULL);
		g_autofree char *block = exact(text->str, text->len);
		gsize length = 0;

		transfer_base64(block, text->len, out);
		assert_lines(out, 76);
		assert_false(g_str_has_suffix(out->str, "\r\n"));
		g_autofree guchar *back = g_base64_decode(out->str, &length);
		assert_int_equal(length, text->len);
		assert_memory_equal(back, text->str, length);
	}
}

static void test_rewrap_quoted(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(67);

	for (guint i = 0; i < 300; i++) {
		g_autoptr(GString) text = random_lines(random, i % 3), quoted = g_string_new(NULL), out = g_string_new(NULL);
		g_autoptr(GString) joined = g_string_new(NULL);

		transfer_quote(text->str, text->len, quoted);
		/* What a broken mailer makes of it: the soft breaks taken out. */
		g_auto(GStrv) pieces = g_strsplit(quoted->str, "=\r\n", -1);
		for (char **piece = pieces; *piece; piece++)
			g_string_append(joined, *piece);
		g_autofree char *block = exact(joined->str, joined->len);
		transfer_rewrap_quoted(block, joined->len, 100, out);
		assert_lines(out, 100);
		g_autoptr(GString) back = unquote(out->str, out->len);
		assert_int_equal(back->len, text->len);
		assert_memory_equal(back->str, text->str, text->len);
		assert_null(strstr(out->str, "=\r\n--"));
	}
}

static void test_rewrap_quoted_edges(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		/* A soft break of its own at the end, blanks at the end, an '=' of nobody: kept together. */
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\r\nb\r\n",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\r\nb\r\n"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa    \r\nb",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nb"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=zzb\r\n",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\r\n=zzb\r\n"},
		{"short\r\n", "short\r\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *block = exact(cases[i].text, strlen(cases[i].text));
		g_autoptr(GString) out = g_string_new(NULL);

		transfer_rewrap_quoted(block, strlen(cases[i].text), 70, out);
		assert_string_equal(out->str, cases[i].expected);
	}
}

static void test_rewrap_base64(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL), out = g_string_new(NULL);

	for (guint i = 0; i < 1000; i++)
		g_string_append_c(text, (char)i);
	g_autofree char *line = g_base64_encode((const guchar *)text->str, text->len);
	g_autofree char *whole = g_strconcat("YQ==\r\n", line, "\r\n\r\n", line, NULL);
	g_autofree char *block = exact(whole, strlen(whole));
	assert_true(transfer_rewrap_base64(block, strlen(whole), 998, out));
	assert_lines(out, 76);
	/* Without its line ends it is the same. */
	g_auto(GStrv) pieces = g_strsplit(out->str, "\r\n", -1);
	g_autofree char *joined = g_strjoinv("", pieces), *expected = g_strconcat("YQ==", line, line, NULL);
	assert_string_equal(joined, expected);

	g_autoptr(GString) other = g_string_new(NULL);
	whole[20] = '-';
	assert_false(transfer_rewrap_base64(whole, strlen(whole), 998, other));
}

static void test_cost(void **state)
{
	assert_int_equal(transfer_quote_cost("", 0), 0);
	assert_int_equal(transfer_quote_cost("aaaa\r\n", 6), 0);
	assert_int_equal(transfer_quote_cost("\xC3\xBC" "ab", 4), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote_table),
		cmocka_unit_test(test_quote_round_trip),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_rewrap_quoted),
		cmocka_unit_test(test_rewrap_quoted_edges),
		cmocka_unit_test(test_rewrap_base64),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
