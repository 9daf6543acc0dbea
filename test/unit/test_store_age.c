/*
 * lib/store/store_held.h and store_token.h: what waits for a word grows old by store_age() and by no time of day.
 */
#include "test/unit/held_help.h"
#include "test/unit/skewed_time.h"

#include "lib/store/store_token.h"

/* HOSTILE S6: what waits for a word has its time by the seconds that somebody watched. A jump expires neither post nor token, and says no nonsense. */
static void a_clock_that_jumps_expires_nothing(void **state)
{
	static const gint64 jumps[] = {400, -1, -20700, 5000, 0};
	const struct store_bearer bearer = {.token = "token", .list = LIST, .person = (guint8[STORE_PERSON_SIZE]){1}};
	struct store_token token = {.action = STORE_ACTION_ACCEPT, .life = 86400 + STORE_STEP, .person = {1}};
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct store_token_found found;

	skew_begin();
	{
		store_auto struct store *store = open_good(*state);

		token.held = hold(store, 1);
		assert_true(store_token_add(store, "token", &token, NULL));
		for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
			store_held_auto struct store_held *held = NULL;

			skew_days(*state, jumps[i]);
			gint64 now = sql(*state, "SELECT unixepoch()");
			assert_true(store_expire(store, 1000, NULL));
			assert_true(store_held_due(store, 10, due, NULL));
			assert_int_equal(due->len, 0);
			assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_GOOD);
			assert_true(store_held_get(store, token.held, &held, NULL));
			assert_true(held->expires_at >= now + 86400 + STORE_STEP && held->expires_at < now + 86400 + 2 * STORE_STEP);
		}
		assert_true(store_age(store, 86399 + STORE_STEP, NULL));
		assert_true(store_held_due(store, 10, due, NULL));
		assert_int_equal(due->len, 0);
		assert_true(store_age(store, 1, NULL));
		assert_true(store_held_due(store, 10, due, NULL));
		assert_int_equal(due->len, 1);
		assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_EXPIRED);
	}
	skew_end();
}

/* Nobody knows whether the clock was right when it was written: what waits has its whole time again. */
static void a_store_of_version_5_expires_nothing(void **state)
{
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	const struct store_bearer bearer = {.token = "token", .list = LIST, .person = (guint8[STORE_PERSON_SIZE]){1}};
	struct store_token token = {.action = STORE_ACTION_ACCEPT, .life = 86400, .person = {1}};
	struct store_token_found found;
	struct store_count count;

	{
		store_auto struct store *store = open_good(*state);

		token.held = hold(store, 1);
		assert_true(store_token_add(store, "token", &token, NULL));
		assert_true(store_count_set(store, LIST, &(struct store_count){.members = 5, .shrunk_since = 1}, NULL));
	}
	sql(*state, "UPDATE held SET held_at = 1000000, expires_at = 1000000 + 86400");
	sql(*state, "UPDATE token SET expires_at = 1000000 + 86400");
	sql(*state, "PRAGMA user_version = 5");
	store_auto struct store *store = open_good(*state);
	assert_true(store_count_get(store, LIST, &count, NULL));
	assert_int_equal(count.shrunk_since, count.age);
	assert_true(store_age(store, 86399, NULL));
	assert_true(store_held_due(store, 10, due, NULL));
	assert_int_equal(due->len, 0);
	assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_GOOD);
	assert_true(store_age(store, 1, NULL));
	assert_true(store_held_due(store, 10, due, NULL));
	assert_int_equal(due->len, 1);
	assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_clock_that_jumps_expires_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_store_of_version_5_expires_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
