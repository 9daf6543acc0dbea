/* room: both. lib/base/text.h: bytes as hexadecimal and back. The rest is shown where it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/text.h"

static void hexadecimal(void **state)
{
	static const struct {
		const char *text;
		gboolean good;
	} table[] = {{"00ff7a", TRUE}, {"00FF7A", TRUE}, {"00ff7", FALSE}, {"00ff7a0", FALSE}, {"00ff7a00", FALSE}, {"", FALSE}, {"00ff7g", FALSE}, {"-1ff7a", FALSE},
		{" 0ff7a", FALSE}, {"0x7a00", FALSE}};
	static const guint8 bytes[] = {0, 0xff, 0x7a};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *exact = g_strdup(table[i].text);
		guint8 *read = g_malloc(sizeof(bytes));

		assert_int_equal(text_read_hex(exact, read, sizeof(bytes)), table[i].good);
		if (table[i].good)
			assert_memory_equal(read, bytes, sizeof(bytes));
		g_free(read);
	}
	g_autofree char *text = text_write_hex(bytes, sizeof(bytes)), *none = text_write_hex(bytes, 0);
	assert_string_equal(text, "00ff7a");
	assert_string_equal(none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hexadecimal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
