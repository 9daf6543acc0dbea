/* room: intake. lmtpd/intake/heap.h: after it, nothing comes from a hole between what the parent keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "lmtpd/intake/heap.h"

enum { BLOCKS = 3000 };

static guint count_below(const char *end)
{
	static const gsize sizes[] = {1, 24, 40, 100, 500, 1000, 1100, 3000, 9000, 33000};
	guint below = 0;

	/* Never freed: what were given back would be the next hole. */
	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
		for (guint j = 0; j < 20; j++)
			below += (char *)malloc(sizes[i]) < end;
	return below;
}

static void test_holes(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	skip();
#endif
	char **blocks = malloc(BLOCKS * sizeof(*blocks));
	guint sum = 0;

	for (guint i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(16 + i * 37 % 5000);
		memset(blocks[i], (int)i, 16);
	}
	for (guint i = 0; i < BLOCKS; i += 2)
		free(blocks[i]);
	const char *end = sbrk(0);
	heap_fill_holes();
	assert_int_equal(count_below(end), 0);
	/* What was kept is as it was. */
	for (guint i = 1; i < BLOCKS; i += 2)
		sum += (guint8)blocks[i][15] == (guint8)i;
	assert_int_equal(sum, BLOCKS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
