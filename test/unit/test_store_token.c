/*
 * room: trusted. Tokens: who may act with which, what the others hear (HOSTILE X1 to X3), bad ones counted, and none on disk.
 */
#include "test/unit/held_help.h"

#include "lib/store/store_token.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyz"

static const guint8 moderator[STORE_PERSON_SIZE] = {1, 2, 3};
static const guint8 other[STORE_PERSON_SIZE] = {1, 2, 4};

static void give(struct store *store, const char *token, gint64 held, enum store_action action)
{
	struct store_token what = {.held = held, .action = action, .life = 3600};
	g_autoptr(GError) error = NULL;

	memcpy(what.person, moderator, STORE_PERSON_SIZE);
	if (!store_token_add(store, token, &what, &error))
		fail_msg("token: %s", error->message);
}

static enum store_order use(struct store *store, const char *token, enum store_held_state state, struct store_token_found *found)
{
	struct store_bearer bearer = {.token = token, .list = LIST, .person = moderator};
	struct store_verdict verdict = {.state = state, .decider = other, .jobs = release_job, .job_count = 1};

	return store_token_use(store, &bearer, &verdict, found, NULL);
}

/* ---- who may act ---- */

static const struct {
	const char *what, *token, *list;
	const guint8 *person;
	enum store_order order;
} bearers[] = {
	{"nothing", "", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"a guess", "bbcdefghijklmnopqrstuvwxyz", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"truncated", "abcdefghijklmnopqrstuvwxy", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"longer", TOKEN "a", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"upper case", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"soft break", "abcdefghijklm=nopqrstuvwxyz", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"folded", "abcdefghijklm\r\n nopqrstuvwxyz", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"SQL", "' OR hash <> '", LIST, moderator, STORE_ORDER_UNKNOWN},
	{"other list", TOKEN, "other@lists.example.org", moderator, STORE_ORDER_UNKNOWN},
	{"no list", TOKEN, "", moderator, STORE_ORDER_UNKNOWN},
	{"other person", TOKEN, LIST, other, STORE_ORDER_WRONG_PERSON},
	{"the right one", TOKEN, LIST, moderator, STORE_ORDER_DECIDED},
	{"twice", TOKEN, LIST, moderator, STORE_ORDER_ALREADY},
	{"other person afterwards", TOKEN, LIST, other, STORE_ORDER_WRONG_PERSON},
	{"other list afterwards", TOKEN, "other@lists.example.org", moderator, STORE_ORDER_UNKNOWN},
};

static void only_the_exact_token_acts(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_verdict verdict = {.state = STORE_HELD_ACCEPTED, .jobs = release_job, .job_count = 1};
	gint64 id = hold(store, 1);

	give(store, TOKEN, id, STORE_ACTION_ACCEPT);
	for (guint i = 0; i < G_N_ELEMENTS(bearers); i++) {
		g_autofree char *token = g_strdup(bearers[i].token);
		struct store_bearer bearer = {.token = token, .list = bearers[i].list, .person = bearers[i].person};
		gboolean was_waiting = sql(*state, "SELECT state FROM held") == STORE_HELD_WAITING;
		struct store_token_found looked, used;
		enum store_order look = store_token_look(store, &bearer, &looked, NULL);
		enum store_order order = store_token_use(store, &bearer, &verdict, &used, NULL);

		if (order != bearers[i].order)
			fail_msg("%s: %d", bearers[i].what, order);
		/* To look says the same and does nothing. */
		assert_int_equal(look, order == STORE_ORDER_DECIDED ? STORE_ORDER_GOOD : order);
		gboolean waits = sql(*state, "SELECT state FROM held") == STORE_HELD_WAITING;
		assert_int_equal(was_waiting && !waits, order == STORE_ORDER_DECIDED);
		/* Whose it is not learns nothing of the post. */
		gboolean told = order == STORE_ORDER_DECIDED || order == STORE_ORDER_ALREADY;
		assert_int_equal(used.held, told ? id : 0);
		assert_int_equal(used.decision.state, told ? STORE_HELD_ACCEPTED : STORE_HELD_WAITING);
	}
	assert_int_equal(sql(*state, "SELECT count(*) FROM job WHERE kind = 'release'"), 1);
}

static void the_decider_is_the_bearer(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token_found found;

	give(store, TOKEN, hold(store, 1), STORE_ACTION_REJECT);
	assert_int_equal(use(store, TOKEN, STORE_HELD_REJECTED, &found), STORE_ORDER_DECIDED);
	assert_true(found.decision.by_person);
	assert_memory_equal(found.decision.decider, moderator, STORE_PERSON_SIZE);
	/* Nobody's click afterwards changes it, whatever it orders. */
	assert_int_equal(use(store, TOKEN, STORE_HELD_REJECTED, &found), STORE_ORDER_ALREADY);
	assert_memory_equal(found.decision.decider, moderator, STORE_PERSON_SIZE);
}

/* ---- what it is for ---- */

static void acts_as_it_was_given(void **state)
{
	static const struct {
		enum store_action action;
		guint states; /* bits by enum store_held_state */
	} table[] = {
		{STORE_ACTION_ACCEPT, 1 << STORE_HELD_ACCEPTED},
		{STORE_ACTION_REJECT, 1 << STORE_HELD_REJECTED},
		{STORE_ACTION_DISCARD, 1 << STORE_HELD_DISCARDED},
		{STORE_ACTION_WITHDRAW, 1 << STORE_HELD_WITHDRAWN},
		{STORE_ACTION_CONFIRM, 1 << STORE_HELD_CONFIRMED},
		{STORE_ACTION_REPLY, 1 << STORE_HELD_ACCEPTED | 1 << STORE_HELD_REJECTED | 1 << STORE_HELD_DISCARDED},
	};
	store_auto struct store *store = open_good(*state);
	guint number = 0;

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		for (guint to = STORE_HELD_ACCEPTED; to <= STORE_HELD_CONFIRMED; to++) {
			g_autofree char *token = g_strdup_printf("token %u", ++number);
			struct store_token_found found;
			gint64 id = hold(store, number);

			give(store, token, id, table[i].action);
			enum store_order order = use(store, token, (enum store_held_state)to, &found);
			assert_int_equal(order, table[i].states & 1 << to ? STORE_ORDER_DECIDED : STORE_ORDER_TROUBLE);
			assert_int_equal(found.action, table[i].action);
		}
	check_invariants(*state);
}

static void says_that_it_is_a_second_one(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token what = {.action = STORE_ACTION_ACCEPT, .life = 3600, .second = TRUE};
	struct store_bearer bearer = {.token = "second", .list = LIST, .person = moderator};
	struct store_token_found found;

	what.held = hold(store, 1);
	memcpy(what.person, moderator, STORE_PERSON_SIZE);
	assert_true(store_token_add(store, "second", &what, NULL));
	give(store, "first", what.held, STORE_ACTION_ACCEPT);
	assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_GOOD);
	assert_true(found.second);
	bearer.token = "first";
	assert_int_equal(store_token_look(store, &bearer, &found, NULL), STORE_ORDER_GOOD);
	assert_false(found.second);
}

static void time_is_over(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token_found found;
	struct store_decision decision;
	gint64 id = hold(store, 1);

	give(store, TOKEN, id, STORE_ACTION_ACCEPT);
	sql(*state, "UPDATE token SET expires_at = (SELECT seconds FROM age)");
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_EXPIRED);
	assert_int_equal(found.held, id);
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_EXPIRED);
	/* The post's time is over, too: what became of it says more. */
	assert_int_equal(decide(store, id, STORE_HELD_EXPIRED, &decision), STORE_ORDER_DECIDED);
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_ALREADY);
	assert_int_equal(found.decision.state, STORE_HELD_EXPIRED);
	assert_false(found.decision.by_person);
	sql(*state, "UPDATE token SET expires_at = (SELECT seconds FROM age) - 31 * 86400");
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_UNKNOWN);
}

static void tells_when_all_is_done(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token_found found;

	give(store, TOKEN, hold(store, 1), STORE_ACTION_ACCEPT);
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_DECIDED);
	gint64 at = found.decision.at;
	assert_int_equal(do_jobs(store), 3);
	assert_true(store_expire(store, 0, NULL));
	assert_int_equal(use(store, TOKEN, STORE_HELD_ACCEPTED, &found), STORE_ORDER_ALREADY);
	assert_int_equal(found.decision.state, STORE_HELD_ACCEPTED);
	assert_int_equal(found.decision.at, at);
}

static void none_without_a_post_and_none_twice(void **state)
{
	store_auto struct store *store = open_good(*state);
	struct store_token what = {.held = 1, .action = STORE_ACTION_ACCEPT, .life = 3600};
	g_autoptr(GError) error = NULL;

	assert_false(store_token_add(store, TOKEN, &what, &error));
	assert_non_null(strstr(error->message, "no held post"));
	g_clear_error(&error);
	hold(store, 1);
	assert_true(store_token_add(store, TOKEN, &what, &error));
	assert_false(store_token_add(store, TOKEN, &what, &error));
}

static void is_not_on_the_disk(void **state)
{
	static const char *const files[] = {"store.db", "store.db-wal"};
	struct store *store = open_good(*state);

	give(store, TOKEN, hold(store, 1), STORE_ACTION_ACCEPT);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++)
		assert_false(on_disk(*state, files[i], TOKEN));
	/* What is looked for would be found. */
	assert_true(on_disk(*state, "store.db-wal", AUTHOR));
	store_close(store);
	assert_false(on_disk(*state, "store.db", TOKEN));
}

/* ---- bad ones ---- */

static guint bad(struct store *store, const guint8 *person, gboolean one_more)
{
	guint count = 999;

	assert_true(store_token_bad(store, person, one_more, &count, NULL));
	return count;
}

static void bad_ones_are_counted_by_sender_and_hour(void **state)
{
	store_auto struct store *store = open_good(*state);

	assert_int_equal(bad(store, moderator, FALSE), 0);
	for (guint i = 1; i <= STORE_TOKEN_BAD_LIMIT + 5; i++) {
		assert_int_equal(bad(store, moderator, TRUE), i);
		assert_int_equal(bad(store, moderator, FALSE), i);
	}
	assert_int_equal(bad(store, other, FALSE), 0);
	assert_int_equal(bad(store, other, TRUE), 1);
	sql(*state, "UPDATE token_bad SET hour = hour - 1");
	assert_int_equal(bad(store, moderator, FALSE), 0);
	assert_int_equal(bad(store, moderator, TRUE), 1);
	assert_true(store_expire(store, 1000, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM token_bad"), 1);
	assert_int_equal(bad(store, moderator, FALSE), 1);
}

static void count_a_bad_one(const char *directory, int to_parent)
{
	struct store *store = open_in_child(directory);
	guint count;

	if (!store_token_bad(store, other, TRUE, &count, NULL))
		FAIL_CHILD("count");
	say(to_parent, (guint8)count);
	store_close(store);
}

/* Twenty at once: each sees a number of its own, so exactly one rings the alarm. */
static void bad_ones_at_once(void **state)
{
	enum { CHILDREN = 20 };
	guint seen = 0, sum = 0;
	pid_t pids[CHILDREN];
	int pipes[CHILDREN];

	for (guint i = 0; i < CHILDREN; i++)
		pids[i] = start_child(count_a_bad_one, *state, &pipes[i]);
	for (guint i = 0; i < CHILDREN; i++) {
		guint count = hear(pipes[i]);

		seen += count == STORE_TOKEN_BAD_LIMIT;
		sum += count;
		assert_int_equal(wait_child(pids[i]), 0);
		close(pipes[i]);
	}
	assert_int_equal(seen, 1);
	assert_int_equal(sum, CHILDREN * (CHILDREN + 1) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(only_the_exact_token_acts),
		T(the_decider_is_the_bearer),
		T(acts_as_it_was_given),
		T(says_that_it_is_a_second_one),
		T(time_is_over),
		T(tells_when_all_is_done),
		T(none_without_a_post_and_none_twice),
		T(is_not_on_the_disk),
		T(bad_ones_are_counted_by_sender_and_hour),
		T(bad_ones_at_once),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
