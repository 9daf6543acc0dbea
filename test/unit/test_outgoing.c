/* lib/mail/outgoing.h: CRLF to LF, and the linter (HOSTILE M24, M32). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/mail/outgoing.h"
#include "test/unit/mail_help.h"

static char *write_out(const char *text)
{
	struct help_message message = help_message(text);
	io_autofd int fd = outgoing_write(&message.header, message.data + message.body, message.length - message.body);
	struct io_mapping mapping;

	assert_true(fd >= 0);
	assert_true(io_map(fd, TRUE, &mapping));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	char *copy = g_strndup(mapping.data ? mapping.data : "", mapping.length);
	io_unmap(&mapping);
	help_clear(&message);
	return copy;
}

static void test_write(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"A: b\r\n\r\nbody\r\n", "A: b\n\nbody\n"},
		{"A: b\r\n\tc\r\nB: \xFF\r\n\r\n", "A: b\n\tc\nB: \xFF\n\n"},
		{"A: b\r\n", "A: b\n\n"},
		{"A: b\r\n\r\n\r\n\r\n..\r\n.\r\n", "A: b\n\n\n\n..\n.\n"},
		{"A: b\r\n\r\nno end", "A: b\n\nno end\n"},
		/* Not ours to mend: the linter sees it. */
		{"A: b\r\n\r\na\rb\r\r\nc\nd\r\n", "A: b\n\na\rb\r\nc\nd\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = write_out(cases[i].text);

		assert_string_equal(got, cases[i].expected);
	}
}

/* Around the size of the writer's buffer, where a piece is cut. */
static void test_write_sizes(void **state)
{
	for (size_t size = 256 * 1024 - 20; size < 256 * 1024 + 20; size++) {
		GString *text = g_string_new("A: b\r\n\r\n"), *expected = g_string_new("A: b\n\n");

		while (text->len < size) {
			g_string_append(text, "0123456789012345678901234567890123456789\r\n");
			g_string_append(expected, "0123456789012345678901234567890123456789\n");
		}
		g_autofree char *got = write_out(text->str);
		assert_string_equal(got, expected->str);
		g_string_free(text, TRUE);
		g_string_free(expected, TRUE);
	}
}

static void test_lint(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"From: a\nDate: b\nMessage-ID: c\n\nbody\n", NULL},
		{"FROM: a\ndate: b\nMESSAGE-id: c\n d\n\n", NULL},
		{"Date: b\nMessage-ID: c\n\nbody\n", "no From field"},
		{"From: a\nMessage-ID: c\n\nbody\n", "no Date field"},
		{"From: a\nDate: b\n\nMessage-ID: c\n", "no Message-ID field"},
		{"From: a\nDate: b\n Message-ID: c\n\n", "no Message-ID field"},
		{"From: a\nDate: b\nMessage-ID: c\n", "no empty line ends the header"},
		{"From: a\nDate: b\nMessage-ID: c\n\nbody", "the last line has no end"},
		{"From: a\nDate: b\nMessage-ID: c\n\nbo\rdy\n", "a bare CR or a NUL"},
		{" From: a\n\n", "the header begins with a fold"},
		{"From: a\nnonsense\n\n", "a line of the header is no field"},
		{"From : a\n\n", "a line of the header is no field"},
		{": a\n\n", "a line of the header is no field"},
		{"", "no empty line ends the header"},
		{"\n", "no From field"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct help_message block = {.data = g_malloc(strlen(cases[i].text) + 1)};
		size_t length = strlen(cases[i].text);

		memcpy(block.data, cases[i].text, length);
		const char *got = outgoing_lint(block.data, length);
		if (cases[i].expected)
			assert_string_equal(got, cases[i].expected);
		else
			assert_null(got);
		g_free(block.data);
	}
	assert_string_equal(outgoing_lint("From: a\nDate: b\nMessage-ID: c\n\n\0\n", 33), "a bare CR or a NUL");
}

static void test_lint_long(void **state)
{
	for (guint size = 997; size < 1001; size++) {
		g_autofree char *line = help_repeat("x", size);
		g_autofree char *body = g_strdup_printf("From: a\nDate: b\nMessage-ID: c\n\n%s\n", line);
		g_autofree char *head = g_strdup_printf("From: a\nDate: b\nMessage-ID: c\nX:%s\n\n", line + 2);

		assert_int_equal(outgoing_lint(body, strlen(body)) != NULL, size > 998);
		assert_int_equal(outgoing_lint(head, strlen(head)) != NULL, size > 998);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_sizes),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_lint_long),
	};

	return cmocka_run_group_tests_name("outgoing", tests, NULL, NULL);
}
