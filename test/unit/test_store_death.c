/* room: trusted. lib/store/store_death.h: deaths are counted by key, grow old with the store, and are bounded; and the way from version 4. */
#include "test/unit/held_help.h"

#include "lib/store/store_death.h"

static guint add(struct store *store, guint32 number)
{
	guint count = 99;

	assert_true(store_death_add(store, key_of(number), &count, NULL));
	return count;
}

static guint known(struct store *store, guint32 number)
{
	guint count = 99;

	assert_true(store_death_count(store, key_of(number), &count, NULL));
	return count;
}

static void are_counted(void **state)
{
	store_auto struct store *store = open_good(*state), *other = open_good(*state);

	assert_int_equal(known(store, 1), 0);
	for (guint i = 1; i <= 5; i++) {
		assert_int_equal(add(i % 2 ? store : other, 1), i);
		assert_int_equal(known(store, 1), i);
	}
	assert_int_equal(known(other, 2), 0);
}

static void grow_old(void **state)
{
	store_auto struct store *store = open_good(*state);

	add(store, 1);
	assert_true(store_age(store, 900, NULL));
	add(store, 2);
	assert_true(store_expire(store, 1000, NULL));
	assert_true(store_age(store, 200, NULL));
	add(store, 2);
	assert_int_equal(known(store, 1), 1);
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(known(store, 1), 0);
	assert_int_equal(known(store, 2), 2);
}

static void are_bounded(void **state)
{
	store_auto struct store *store = open_good(*state);

	sql(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) "
		"INSERT INTO death SELECT randomblob(32), 1, 5 FROM n");
	add(store, 1); /* the youngest stays */
	assert_true(store_expire(store, G_GINT64_CONSTANT(4000000000), NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM death"), STORE_DEATHS);
	assert_int_equal(known(store, 1), 1);
}

/* HOSTILE C9: what was held stays held, and no number is given twice. */
static void version_4_goes_on(void **state)
{
	gint64 first, gone;

	{
		store_auto struct store *store = open_good(*state);

		first = hold(store, 1);
		gone = hold(store, 2);
	}
	sql(*state, "DELETE FROM held WHERE id = (SELECT max(id) FROM held)");
	sql(*state, "DROP TABLE age");
	sql(*state, "DROP TABLE distributed");
	sql(*state, "DROP TABLE death");
	sql(*state, "UPDATE post SET changed = 1000");
	sql(*state, "PRAGMA user_version = 4");
	store_auto struct store *store = open_good(*state);
	assert_int_equal(sql(*state, "PRAGMA user_version"), 6);
	assert_int_equal(sql(*state, "SELECT count(*) FROM held"), 1);
	assert_int_equal(sql(*state, "SELECT id FROM held"), first);
	assert_int_equal(sql(*state, "SELECT count(*) FROM held_message WHERE held IN (SELECT id FROM held)"), 1);
	assert_int_equal(sql(*state, "SELECT seconds FROM age"), 1000);
	assert_true(hold(store, 3) > gone);
	assert_true(store_expire(store, 1, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM post"), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(are_counted),
		T(grow_old),
		T(are_bounded),
		T(version_4_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
