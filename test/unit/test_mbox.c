/* room: trusted. lib/archive/mbox.h: what is written is read back as it was, and what others wrote is read as it was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/archive/mbox.h"

struct case_of_mbox {
	const char *text;
	const char *messages; /* each behind its time and a blank, separated by '|'; "!" too large or empty, "?" no mbox */
};

static char *read_all(const char *text, gsize length, gsize most)
{
	FILE *file = fmemopen((char *)text, length, "r");
	struct mbox_reader *reader = mbox_reader_new(file, most);
	g_autoptr(GString) message = g_string_new(NULL);
	GString *all = g_string_new(NULL);
	enum mbox_read found;
	gint64 at;

	while ((found = mbox_reader_next(reader, message, &at)) != MBOX_END) {
		g_string_append(all, all->len ? "|" : "");
		if (found == MBOX_MESSAGE)
			g_string_append_printf(all, "%" G_GINT64_FORMAT " %s", at, message->str);
		else
			g_string_append(all, found == MBOX_TOO_LARGE ? "!" : "?");
		if (found == MBOX_NO_MBOX)
			break;
	}
	mbox_reader_free(reader);
	fclose(file);
	return g_string_free(all, FALSE);
}

#define LINE "From a@b Thu Jan  1 00:00:07 1970\n"

static void what_others_wrote(void **state)
{
	static const struct case_of_mbox cases[] = {
		{LINE "A: b\n\nx\n", "7 A: b\n\nx\n"},
		{LINE "A: b\n\nx\n\n" LINE "C: d\n\n", "7 A: b\n\nx\n|7 C: d\n"},
		/* mboxrd and mboxo */
		{LINE "\n>From x\n>>From y\n> From z\n", "7 \nFrom x\n>From y\n> From z\n"},
		/* no quoting: only a line with a time behind an empty line */
		{LINE "\nx\n" LINE "y\n\nFrom here on\n", "7 \nx\n" LINE "y\n\nFrom here on\n"},
		/* CRLF; zones; no seconds; what cannot be read */
		{"From a@b Thu Jan  1 00:00:07 1970\r\nA: b\r\n\r\nx\r\n", "7 A: b\n\nx\n"},
		{"From a at b  Thu Jan 1 00:01 +0100 1970\nx\n", "60 x\n"},
		{"From a@b Thu Jan 41 00:00:07 1970\nx\n", "0 x\n"},
		{"From a@b Thu Jan 1 99:99 1970\nx\n", "0 x\n"},
		/* nothing in it; no mbox */
		{LINE "\n" LINE "x", "!|7 x"},
		{LINE, "!"},
		{"Subject: x\n\n", "?"},
		{"\n" LINE "x\n", "?"},
		{"From \n", "?"},
		{LINE LINE LINE LINE "\n" LINE "x\n", "!|7 x\n"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_memdup2(cases[i].text, strlen(cases[i].text));
		g_autofree char *got = read_all(text, strlen(cases[i].text), 100);

		assert_string_equal(got, cases[i].messages);
	}
}

static void what_we_write_comes_back(void **state)
{
	static const char *const messages[] = {"A: b\n\nFrom x\n>From y\n>>From z\n", "A: b\n", "A: b\n\n\n\n", LINE LINE "\n" LINE, "\n\n\n"};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) wanted = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
		mbox_append_line(text, "choir@lists.example.org", 1795000000 + (gint64)i);
		mbox_append_message(text, messages[i], strlen(messages[i]));
		g_string_append_printf(wanted, "%s%" G_GINT64_FORMAT " %s", i ? "|" : "", 1795000000 + (gint64)i, messages[i]);
	}
	assert_true(g_str_has_prefix(text->str, "From choir@lists.example.org Wed Nov 18 11:06:40 2026\nA: b\n\n>From x\n>>From y\n>>>From z\n\nFrom "));
	g_autofree char *got = read_all(text->str, text->len, 1000);
	assert_string_equal(got, wanted->str);
}

/* Lines longer than what is read at a time, with the CR of a CRLF at its end. */
static void long_lines(void **state)
{
	for (gsize length = 65530; length < 65545; length++) {
		g_autofree char *body = g_strnfill(length, 'x');
		g_autofree char *text = g_strconcat(LINE, body, "\r\n>From\r\n>From y\r\n", NULL);
		g_autofree char *wanted = g_strconcat("7 ", body, "\n>From\nFrom y\n", NULL);
		g_autofree char *got = read_all(text, strlen(text), 100000);

		assert_string_equal(got, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_wrote),
		cmocka_unit_test(what_we_write_comes_back),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
