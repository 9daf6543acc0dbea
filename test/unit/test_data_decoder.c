/*
 * room: intake. The DATA decoder; rows L13, L14, L15 and L17. Each case is fed whole, byte by byte, and cut in two at
 * every place: the result must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lmtpd/intake/data_decoder.h"

struct result {
	enum data_progress progress;
	unsigned faults;
	guint64 size;
	size_t used;
	GString *content;
};

/* Feeds input[0..cut), then the rest in pieces of `piece` bytes, each in a block of exactly its size. */
static struct result run(const char *input, size_t length, guint64 limit, size_t cut, size_t piece)
{
	struct data_decoder decoder;
	struct result result = {.progress = DATA_MORE, .content = g_string_new(NULL)};
	size_t at = 0;

	data_decoder_start(&decoder, limit);
	while (at < length && result.progress == DATA_MORE) {
		size_t take = MIN(at < cut ? cut - at : piece, length - at), used, before = result.content->len;
		char *exact = g_memdup2(input + at, take);

		result.progress = data_decoder_feed(&decoder, exact, take, result.content, &used);
		g_free(exact);
		assert_true(used <= take);
		assert_true(result.content->len - before <= take + 1);
		assert_true(result.progress != DATA_MORE || used == take);
		at += used;
	}
	result.faults = decoder.faults;
	result.size = decoder.size;
	result.used = at;
	return result;
}

static void assert_same(const struct result *a, const struct result *b)
{
	assert_int_equal(a->progress, b->progress);
	assert_int_equal(a->faults, b->faults);
	if (a->progress != DATA_FLOOD) {
		assert_int_equal(a->used, b->used);
		assert_true(a->size == b->size);
	}
	assert_int_equal(a->content->len, b->content->len);
	assert_memory_equal(a->content->str, b->content->str, a->content->len);
}

/* Whole, and the same however it is cut. The caller frees content. */
static struct result run_all_ways(const char *input, size_t length, guint64 limit)
{
	struct result whole = run(input, length, limit, length, length);

	for (size_t cut = 1; cut < length; cut++) {
		struct result parts = run(input, length, limit, cut, length);

		assert_same(&whole, &parts);
		g_string_free(parts.content, TRUE);
	}
	for (size_t piece = 1; piece <= 3; piece++) {
		struct result bytes = run(input, length, limit, 0, piece);

		assert_same(&whole, &bytes);
		g_string_free(bytes.content, TRUE);
	}
	return whole;
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *input;
	size_t length;
	const char *content; /* up to the first fault */
	unsigned faults;
	const char *rest;    /* what stands behind the end; NULL: no end in it */
} cases[] = {
	{BYTES(".\r\n"), "", 0, ""},
	{BYTES("a\r\n.\r\n"), "a\r\n", 0, ""},
	{BYTES("a\r\n\r\nb\r\n.\r\n"), "a\r\n\r\nb\r\n", 0, ""},
	/* L14: what comes behind is left alone */
	{BYTES("a\r\n.\r\nMAIL FROM:<>\r\n"), "a\r\n", 0, "MAIL FROM:<>\r\n"},
	{BYTES(".\r\n.\r\n"), "", 0, ".\r\n"},
	/* L15 */
	{BYTES("..\r\n.\r\n"), ".\r\n", 0, ""},
	{BYTES("...\r\n....\r\n.\r\n"), "..\r\n...\r\n", 0, ""},
	{BYTES(".a\r\n..a\r\n.\r\n"), "a\r\n.a\r\n", 0, ""},
	{BYTES("a.\r\na..b\r\n.\r\n"), "a.\r\na..b\r\n", 0, ""},
	{BYTES("a\r\n. \r\n.\r\n"), "a\r\n \r\n", 0, ""},
	/* L13: none of these ends anything */
	{BYTES("a\n.\nb\r\n.\r\n"), "a", DATA_FAULT_BARE_LF, ""},
	{BYTES("a\n.\r\nb\r\n.\r\n"), "a", DATA_FAULT_BARE_LF, ""},
	{BYTES("a\r\n.\nb\r\n.\r\n"), "a\r\n", DATA_FAULT_BARE_LF, ""},
	{BYTES("a\r.\rb\r\n.\r\n"), "a", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\n.\rb\r\n.\r\n"), "a\r\n", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\n.\r\rb\r\n.\r\n"), "a\r\n", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\n.\r\r\n.\r\n"), "a\r\n", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r.\r\nb\r\n.\r\n"), "a", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\r\n.\r\n"), "a", DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\n.\n.\r\nb\r\n.\r\n"), "a\r\n", DATA_FAULT_BARE_LF, ""},
	{BYTES("a\n\r\n.\r\n"), "a", DATA_FAULT_BARE_LF, ""},
	{BYTES("\n.\r\n\r\n.\r\n"), "", DATA_FAULT_BARE_LF, ""},
	{BYTES("a\n.\n"), "a", DATA_FAULT_BARE_LF, NULL},
	{BYTES("a\n.\r\n"), "a", DATA_FAULT_BARE_LF, NULL},
	{BYTES("a\r\n.\n"), "a\r\n", DATA_FAULT_BARE_LF, NULL},
	{BYTES("a\r\n.\r"), "a\r\n", 0, NULL},
	{BYTES("a\r\n."), "a\r\n", 0, NULL},
	{BYTES("a\r"), "a", 0, NULL},
	{BYTES("\0\r\n.\r\n"), "", DATA_FAULT_NUL, ""},
	{BYTES("a\0b\nc\rd\r\n.\r\n"), "a", DATA_FAULT_NUL | DATA_FAULT_BARE_LF | DATA_FAULT_BARE_CR, ""},
	{BYTES("a\r\n.\0\r\n.\r\n"), "a\r\n", DATA_FAULT_NUL, ""},
	{BYTES("\xff\xfe\x80\r\n.\r\n"), "\xff\xfe\x80\r\n", 0, ""},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct result result = run_all_ways(cases[i].input, cases[i].length, 1000);

		if (result.faults != cases[i].faults || (result.progress == DATA_END) != (cases[i].rest != NULL))
			fail_msg("case %zu: faults %u, progress %d", i, result.faults, (int)result.progress);
		assert_string_equal(result.content->str, cases[i].content);
		if (cases[i].rest) {
			assert_int_equal(cases[i].length - result.used, strlen(cases[i].rest));
			assert_string_equal(cases[i].input + result.used, cases[i].rest);
		}
		g_string_free(result.content, TRUE);
	}
}

/* L17: a byte over the limit is a fault, twice the limit the end of patience. */
static void test_limit(void **state)
{
	static const struct {
		guint64 limit;
		unsigned faults;
		enum data_progress progress;
		const char *content;
	} limits[] = {
		{12, 0, DATA_END, "0123456789\r\n"},
		{11, DATA_FAULT_TOO_BIG, DATA_END, "0123456789\r"},
		{10, DATA_FAULT_TOO_BIG, DATA_END, "0123456789"},
		{6, DATA_FAULT_TOO_BIG, DATA_END, "012345"},
		{5, DATA_FAULT_TOO_BIG, DATA_FLOOD, "01234"},
		{1, DATA_FAULT_TOO_BIG, DATA_FLOOD, "0"},
		{0, DATA_FAULT_TOO_BIG, DATA_FLOOD, ""},
	};
	const char input[] = "0123456789\r\n.\r\n";

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		struct result result = run_all_ways(BYTES(input), limits[i].limit);

		assert_int_equal(result.progress, limits[i].progress);
		assert_int_equal(result.faults, limits[i].faults);
		assert_string_equal(result.content->str, limits[i].content);
		g_string_free(result.content, TRUE);
	}
	struct result huge = run_all_ways(BYTES(input), G_MAXUINT64);
	assert_int_equal(huge.progress, DATA_END);
	assert_int_equal(huge.faults, 0);
	g_string_free(huge.content, TRUE);
}

/* A stream with faults and no end must come to an end as well. */
static void test_flood_of_faults(void **state)
{
	g_autofree char *flood = g_strnfill(5000, '\n');
	struct result result = run(flood, 5000, 1000, 0, 7);

	(void)state;
	assert_int_equal(result.progress, DATA_FLOOD);
	assert_int_equal(result.faults, DATA_FAULT_BARE_LF | DATA_FAULT_TOO_BIG);
	assert_true(result.used <= 2008);
	assert_int_equal(result.content->len, 0);
	g_string_free(result.content, TRUE);
}

/* L15: every text over a small alphabet up to nine bytes, against a second, naive reading of the whole. */
static enum data_progress read_naively(const char *input, size_t length, GString *content, size_t *used)
{
	gboolean line_start = TRUE;

	for (size_t i = 0; i < length; i++) {
		if (line_start && length - i >= 3 && memcmp(input + i, ".\r\n", 3) == 0) {
			*used = i + 3;
			return DATA_END;
		}
		gboolean dot = line_start && input[i] == '.';
		line_start = input[i] == '\n' && i > 0 && input[i - 1] == '\r';
		if (!dot)
			g_string_append_c(content, input[i]);
	}
	*used = length;
	return DATA_MORE;
}

static void test_all_short_texts(void **state)
{
	static const char alphabet[] = {'.', '\r', '\n', 'a'};
	enum { LONGEST = 9 };

	(void)state;
	for (size_t length = 1; length <= LONGEST; length++) {
		for (unsigned long number = 0; number < 1ul << (2 * length); number++) {
			char input[LONGEST];
			size_t used;
			g_autoptr(GString) naive = g_string_new(NULL);

			for (size_t i = 0; i < length; i++)
				input[i] = alphabet[number >> (2 * i) & 3];
			enum data_progress progress = read_naively(input, length, naive, &used);
			struct result result = run(input, length, 1000, 0, length);
			assert_int_equal(result.progress, progress);
			assert_int_equal(result.used, used);
			/* Bytes that wait for the next one are not out yet; with a fault nothing more is. */
			if (!result.faults && progress == DATA_END)
				assert_true(g_string_equal(result.content, naive));
			g_string_free(result.content, TRUE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_flood_of_faults),
		cmocka_unit_test(test_all_short_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
