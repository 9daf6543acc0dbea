/*
 * room: intake. lib/mail/charset_table.h: what the tables make of bytes and letters is what the C library makes of them, with the same results
 * and the same places left behind; and the C library's own libraries are gone afterwards (HOSTILE M20: a bad character set).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>

#include "lib/mail/mail.h"

static const char *const names[] = {"iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8",
	"iso-8859-9", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "windows-1250", "windows-1251", "windows-1252",
	"windows-1253", "windows-1254", "windows-1256", "windows-1257", "windows-874", "tis-620", "koi8-r", "koi8-u", "macintosh", "cp437", "cp850", "cp852", "cp866",
	"latin1", "ISO_8859-1:1987", "csISOLatin2", "CP1252", "KOI8R", "iso8859-15"};

struct library {
	iconv_t (*open)(const char *, const char *);
	size_t (*convert)(iconv_t, char **, size_t *, char **, size_t *);
	int (*close)(iconv_t);
};

static const struct library ours = {iconv_open, iconv, iconv_close};
static struct library theirs;
static gsize loaded; /* libraries of the C library's iconv, after the warm-up */

static gsize count_loaded(void)
{
	g_autofree char *maps = NULL;
	gsize count = 0;

	assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
	for (const char *place = maps; (place = strstr(place, "r-xp")); place++)
		count += strstr(place, "/gconv/") && strstr(place, "/gconv/") < strchr(place, '\n');
	return count;
}

static int setup(void **state)
{
	g_autofree char *missing = mail_warm_up();

	assert_null(missing);
	loaded = count_loaded();
	theirs.open = (iconv_t (*)(const char *, const char *))dlsym(RTLD_NEXT, "iconv_open");
	theirs.convert = (size_t (*)(iconv_t, char **, size_t *, char **, size_t *))dlsym(RTLD_NEXT, "iconv");
	theirs.close = (int (*)(iconv_t))dlsym(RTLD_NEXT, "iconv_close");
	return 0;
}

struct outcome {
	size_t result, left, room;
	int error;
	char out[64];
};

static struct outcome run(const struct library *library, const char *to, const char *from, const char *data, size_t length, size_t room)
{
	struct outcome outcome = {.left = length, .room = room};
	g_autofree char *exact = g_memdup2(data, length), *made = g_malloc0(room ? room : 1);
	char *in = exact, *out = made;
	iconv_t converter = library->open(to, from);

	assert_true(converter != (iconv_t)-1);
	outcome.result = library->convert(converter, &in, &outcome.left, &out, &outcome.room);
	outcome.error = outcome.result == (size_t)-1 ? errno : 0;
	assert_true(in == exact + length - outcome.left);
	assert_true(out == made + room - outcome.room);
	memcpy(outcome.out, made, room - outcome.room);
	assert_int_equal(library->close(converter), 0);
	return outcome;
}

static void assert_same(const char *to, const char *from, const char *data, size_t length, size_t room)
{
	struct outcome a = run(&ours, to, from, data, length, room), b = run(&theirs, to, from, data, length, room);

	/* Some of theirs look for room before they look whether it is a letter. */
	if (b.error == E2BIG && b.room == 0 && a.error == EILSEQ)
		b.error = EILSEQ;
	if (a.result != b.result || a.error != b.error || a.left != b.left || a.room != b.room || memcmp(a.out, b.out, sizeof(a.out)) != 0)
		fail_msg("%s to %s: %zd %d %zu %zu, theirs %zd %d %zu %zu; first byte %02x", from, to, (ssize_t)a.result, a.error, a.left, a.room,
			(ssize_t)b.result, b.error, b.left, b.room, length ? (guint8)data[0] : 0);
}

static void test_bytes(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		for (guint byte = 0; byte < 256; byte++) {
			char data[] = {'a', (char)byte, 'z'};

			assert_same("UTF-8", names[i], data, sizeof(data), 16);
			for (size_t room = 0; room < 5; room++)
				assert_same("utf8", names[i], data + 1, 2, room);
		}
}

static void test_letters(void **state)
{
	for (gsize i = 0; i < 30; i++) {
		iconv_t mine = ours.open(names[i], "utf-8"), other = theirs.open(names[i], "utf-8");

		for (gunichar letter = 0; letter < 0x10000; letter++) {
			char text[6], a = 0, b = 0;

			if (letter >= 0xD800 && letter < 0xE000)
				continue;
			size_t length = (size_t)g_unichar_to_utf8(letter, text), left_a = length, left_b = length, room_a = 1, room_b = 1;
			char *in_a = text, *in_b = text, *out_a = &a, *out_b = &b;

			size_t result_a = ours.convert(mine, &in_a, &left_a, &out_a, &room_a);
			size_t result_b = theirs.convert(other, &in_b, &left_b, &out_b, &room_b);
			if (result_a != result_b || left_a != left_b || a != b)
				fail_msg("%s: U+%04X: %zd %02x, theirs %zd %02x", names[i], letter, (ssize_t)result_a, (guint8)a, (ssize_t)result_b, (guint8)b);
		}
		ours.close(mine);
		theirs.close(other);
	}
}

/* Cut, overlong, surrogates, no room. */
static void test_odd(void **state)
{
	static const char *const odd[] = {"", "a", "a\xC3", "a\xE2\x82", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xFF", "\x80", "ab\xC3\xA9\x63",
		"\xF0\x9F\x98\x80x", "\xF0\x9F", "\xC3\x28", "a\xE2\x28", "\xF8\x88\x80\x80\x80"};

	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		for (size_t room = 0; room < 6; room++) {
			assert_same("iso-8859-15", "utf-8", odd[i], strlen(odd[i]), room);
			assert_same("koi8-r", "UTF8", odd[i], strlen(odd[i]), room);
		}
	struct outcome beyond = run(&ours, "koi8-r", "utf-8", "\xF4\x90\x80\x80", 4, 2);
	assert_int_equal(beyond.error, EILSEQ);
	assert_int_equal(beyond.left, 4);
	iconv_t converter = iconv_open("utf-8", "koi8-r");
	assert_int_equal(iconv(converter, NULL, NULL, NULL, NULL), 0);
	assert_int_equal(iconv_close(converter), 0);
}

/* What is not ours is the C library's. */
static void test_others(void **state)
{
	static const char *const pairs[][2] = {{"utf-8", "euc-jp"}, {"utf-8", "windows-1255"}, {"iso-8859-2", "iso-8859-1"}, {"utf-8", "iso-8859-1//IGNORE"},
		{"utf-16", "koi8-r"}};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		assert_same(pairs[i][0], pairs[i][1], "a\xA4\xA2", 3, 16);
	assert_true(iconv_open("utf-8", "iso-8859-99") == (iconv_t)-1);
	assert_int_equal(errno, EINVAL);
}

/* 15 are left, and one or two that the C library unloads with the next. */
static void test_unloaded(void **state)
{
	assert_in_range(loaded, 10, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unloaded),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("charset_table", tests, setup, NULL);
}
