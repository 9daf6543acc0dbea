/* room: trusted. Batches: each address in exactly one, the same one whoever else is there, and none too large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/list/batches.h"

static const guint8 seed[BATCHES_SEED_SIZE] = {1, 2, 3}, other[BATCHES_SEED_SIZE] = {1, 2, 4};

static struct recipients *members(guint count)
{
	struct recipients *recipients = recipients_new();

	for (guint i = 0; i < count; i++) {
		g_autofree char *address = g_strdup_printf("m%u@home.example", i);

		recipients_add(recipients, address);
	}
	recipients_seal(recipients);
	return recipients;
}

static void each_is_in_one(void **state)
{
	recipients_auto struct recipients *all = members(1000);
	guint total = 0;

	for (guint number = 0; number < 7; number++) {
		recipients_auto struct recipients *batch = batches_pick(seed, all, number, 7);

		for (guint i = 0; i < recipients_count(batch); i++)
			assert_int_equal(batches_place(seed, recipients_get(batch, i), 7), number);
		total += recipients_count(batch);
	}
	assert_int_equal(total, 1000);
}

/* A retry reads other members: who stays is where he was. And each post divides anew. */
static void place_depends_on_address_and_post(void **state)
{
	guint moved = 0;

	for (guint i = 0; i < 1000; i++) {
		g_autofree char *address = g_strdup_printf("m%u@home.example", i);

		moved += batches_place(seed, address, 10) != batches_place(other, address, 10);
	}
	assert_in_range(moved, 800, 980);
	/* Fixed for ever: a division that was begun by one version may be ended by the next. */
	assert_int_equal(batches_place(seed, "m1@home.example", 1000), 625);
	assert_int_equal(batches_place(other, "m1@home.example", 1000), 85);
}

static void none_is_too_large(void **state)
{
	static const guint cases[][2] = {{1000, 1000}, {1001, 1000}, {5000, 1000}, {20000, 1000}, {5000, 100}, {3000, 50}, {100, 100}, {1, 1}};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		recipients_auto struct recipients *all = members(cases[i][0]);
		guint largest = cases[i][1], count = batches_count(seed, all, largest);

		for (guint number = 0; number < count; number++) {
			recipients_auto struct recipients *batch = batches_pick(seed, all, number, count);

			assert_true(recipients_count(batch) <= MAX(largest - largest / 10, 1));
		}
		if (count > 3 * (cases[i][0] / largest + 1))
			fail_msg("%u in %u batches of at most %u", cases[i][0], count, largest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_in_one),
		cmocka_unit_test(place_depends_on_address_and_post),
		cmocka_unit_test(none_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
