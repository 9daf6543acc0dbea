/* room: both. lib/wire/bundle.h: messages there and back, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/wire/bundle.h"

static void put(int fd, const char *word, const char *text)
{
	assert_true(bundle_begin(fd, word, strlen(text)));
	assert_int_equal(io_write_all(fd, text, strlen(text), deadline_in(5)), IO_OK);
}

static void test_there_and_back(void **state)
{
	io_autofd int fd = io_memory_file("bundle");
	struct io_mapping mapping;

	put(fd, "https://archive.example.org/1", "one\n");
	put(fd, "", "");
	put(fd, "", "three\n");
	assert_true(io_memory_seal(fd));
	assert_true(io_map(fd, TRUE, &mapping));
	g_autoptr(GArray) messages = bundle_read(&mapping);
	assert_non_null(messages);
	assert_int_equal(messages->len, 3);
	const struct bundle_message *first = &g_array_index(messages, struct bundle_message, 0);
	const struct bundle_message *last = &g_array_index(messages, struct bundle_message, 2);
	assert_string_equal(first->word, "https://archive.example.org/1");
	assert_memory_equal(first->data, "one\n", 4);
	assert_int_equal(last->length, 6);
	assert_memory_equal(last->data, "three\n", 6);
	io_unmap(&mapping);
}

/* Every cut of a good one but those between two messages. */
static void test_broken(void **state)
{
	io_autofd int fd = io_memory_file("bundle");
	struct io_mapping mapping;
	guint good = 0;

	put(fd, "x", "one\n");
	put(fd, "y", "two\n");
	assert_true(io_map(fd, FALSE, &mapping));
	for (size_t length = 0; length <= mapping.length; length++) {
		g_autofree char *block = g_memdup2(mapping.data, MAX(length, 1));
		const struct io_mapping cut = {.data = block, .length = length};
		GArray *messages = bundle_read(&cut);

		good += messages != NULL;
		if (messages)
			g_array_unref(messages);
	}
	assert_int_equal(good, 3);
	/* Lengths that wrap. */
	guint64 huge[3] = {1, G_MAXUINT64, 0};
	const struct io_mapping wrapping = {.data = (const char *)huge, .length = sizeof(huge)};
	assert_null(bundle_read(&wrapping));
	huge[0] = G_MAXUINT64;
	assert_null(bundle_read(&wrapping));
	io_unmap(&mapping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
