/*
 * room: trusted. lib/store/store_distributed.h: who counts as a copy of a post that was distributed, from when on, for how long, and that a
 * retry is none.
 */
#include "test/unit/store_help.h"

#include "lib/store/store_distributed.h"
#include "lib/store/store_kept.h"

enum { LIFE = 1000, CONTENT = 7000 };

static enum store_copy look(struct store *store, guint32 content, gint64 *at)
{
	guint8 key[STORE_KEY_SIZE];
	g_autoptr(GError) error = NULL;

	memcpy(key, key_of(content), sizeof(key));
	enum store_copy copy = store_distributed_claim(store, key, LIFE, at, &error);
	assert_int_equal(copy == STORE_COPY_TROUBLE, error != NULL);
	return copy;
}

/* Takes K in hand and says what its content is found to be. */
static enum store_copy arrive(struct store *store, guint32 post, guint32 content)
{
	gint64 at;

	assert_int_equal(claim(store, post), STORE_NEW);
	return look(store, content, &at);
}

static void send_part(struct store *store, const char *name)
{
	guint8 part[STORE_KEY_SIZE];

	assert_int_equal(store_claim_part(store, name, part, NULL, NULL), STORE_NEW);
	assert_true(store_intent(store, part, "", NULL));
	assert_true(store_done(store, part, "A", NULL));
}

static void finish(struct store *store, guint32 post)
{
	const struct io_mapping none = {0};
	const struct store_kept_plan plan = {.list = "a@b.example", .message = &none, .archived_at = "", .queue_id = "A"};

	assert_true(store_kept_add(store, key_of(post), &plan, NULL));
	store_release(store);
}

static void a_copy_is_known(void **state)
{
	store_auto struct store *store = open_good(*state), *other = open_good(*state);
	gint64 at = 0;

	assert_int_equal(arrive(store, 1, CONTENT), STORE_COPY_NONE);
	/* At the same moment, by another path. */
	assert_int_equal(arrive(other, 2, CONTENT), STORE_COPY_IN_PROGRESS);
	store_release(other);
	assert_int_equal(arrive(other, 3, CONTENT + 1), STORE_COPY_NONE);
	store_release(other);
	send_part(store, "mail");
	store_release(store); /* its child died here: half of it is out */
	assert_int_equal(arrive(other, 2, CONTENT), STORE_COPY_IN_PROGRESS);
	store_release(other);
	assert_int_equal(arrive(store, 1, CONTENT), STORE_COPY_NONE); /* the retry is no copy of itself */
	send_part(store, "txt");
	finish(store, 1);
	assert_int_equal(claim(other, 2), STORE_NEW);
	assert_int_equal(look(other, CONTENT, &at), STORE_COPY_DISTRIBUTED);
	assert_in_range(at, g_get_real_time() / G_USEC_PER_SEC - 60, g_get_real_time() / G_USEC_PER_SEC);
	/* What is none is not in hand: what follows is no distribution of it. */
	assert_int_equal(look(other, CONTENT + 2, &at), STORE_COPY_NONE);
	store_release(other);
	assert_int_equal(sql(*state, "SELECT count(*) FROM distributed"), 1);
}

static void one_variant_that_is_all_of_it(void **state)
{
	store_auto struct store *store = open_good(*state), *other = open_good(*state);
	guint8 part[STORE_KEY_SIZE];
	gint64 at;

	assert_int_equal(arrive(store, 1, CONTENT), STORE_COPY_NONE);
	assert_false(store_done_whole(store, key_of(2), "A", NULL)); /* not in hand */
	assert_int_equal(store_claim_part(store, "mail", part, NULL, NULL), STORE_NEW);
	assert_true(store_intent(store, part, "", NULL));
	assert_true(store_done_whole(store, part, "A", NULL));
	store_release(store);
	assert_int_equal(claim(other, 1), STORE_DONE);
	assert_int_equal(claim(other, 2), STORE_NEW);
	assert_int_equal(look(other, CONTENT, &at), STORE_COPY_DISTRIBUTED);
	assert_int_equal(sql(*state, "SELECT count(*) FROM post WHERE state = 2 AND queue_id = 'A'"), 2);
}

static void what_went_nowhere_is_no_distribution(void **state)
{
	store_auto struct store *store = open_good(*state);
	guint8 part[STORE_KEY_SIZE];

	/* Refused after the claim, or held: its K is done by other words than a fan-out's. */
	assert_int_equal(arrive(store, 1, CONTENT), STORE_COPY_NONE);
	assert_true(store_done(store, key_of(1), "held as 1", NULL));
	store_release(store);
	/* Postfix may have it or not: in doubt the copy goes out. */
	assert_int_equal(arrive(store, 2, CONTENT), STORE_COPY_NONE);
	assert_int_equal(store_claim_part(store, "mail", part, NULL, NULL), STORE_NEW);
	assert_true(store_intent(store, part, "", NULL));
	store_release(store);
	/* It went to a role address. */
	assert_int_equal(arrive(store, 3, CONTENT), STORE_COPY_NONE);
	store_distributed_drop(store);
	send_part(store, "mail");
	finish(store, 3);
	assert_int_equal(sql(*state, "SELECT count(*) FROM distributed"), 0);
	assert_int_equal(arrive(store, 4, CONTENT), STORE_COPY_NONE);
	finish(store, 4); /* for readers of digests only */
	assert_int_equal(arrive(store, 5, CONTENT), STORE_COPY_DISTRIBUTED);
}

/* A flood takes the oldest away, and never all. */
static void are_bounded(void **state)
{
	store_auto struct store *store = open_good(*state);
	guint count = 99;

	for (guint32 i = 1; i <= 9; i++) {
		g_autofree char *earlier = g_strdup_printf("UPDATE distributed SET distributed_at = unixepoch() - %u WHERE distributed_at > unixepoch() - 10", 100 - i);

		assert_int_equal(arrive(store, i, CONTENT + i), STORE_COPY_NONE);
		finish(store, i);
		sql(*state, earlier);
	}
	assert_true(store_distributed_cut(store, 9, &count, NULL));
	assert_int_equal(count, 0);
	assert_true(store_distributed_cut(store, 6, &count, NULL));
	assert_int_equal(count, 3);
	assert_int_equal(arrive(store, 20, CONTENT + 3), STORE_COPY_NONE);
	store_release(store);
	assert_int_equal(arrive(store, 21, CONTENT + 4), STORE_COPY_DISTRIBUTED);
	/* Of one second: the bound holds all the same. */
	sql(*state, "UPDATE distributed SET distributed_at = 5 WHERE distributed_at < unixepoch() - 92");
	assert_true(store_distributed_cut(store, 5, &count, NULL));
	assert_true(sql(*state, "SELECT count(*) FROM distributed") <= 5 && count > 0);
}

static void wants_a_post_in_hand(void **state)
{
	store_auto struct store *store = open_good(*state);
	gint64 at;

	assert_int_equal(look(store, CONTENT, &at), STORE_COPY_TROUBLE);
	assert_int_equal(arrive(store, 1, CONTENT), STORE_COPY_NONE);
	assert_int_equal(look(store, CONTENT + 1, &at), STORE_COPY_TROUBLE);
}

static void they_grow_old(void **state)
{
	static const struct {
		const char *change;
		enum store_copy copy;
		gint64 left;
	} moments[] = {
		{"UPDATE distributed SET distributed_at = distributed_at - 990, expires_at = expires_at - 990", STORE_COPY_DISTRIBUTED, 1},
		{"UPDATE distributed SET distributed_at = distributed_at - 1001, expires_at = expires_at - 1001", STORE_COPY_NONE, 0},
		/* The setting was longer then. */
		{"UPDATE distributed SET distributed_at = distributed_at - 1001", STORE_COPY_NONE, 1},
		/* Clocks: a day is forgiven, more was a mistake. */
		{"UPDATE distributed SET distributed_at = distributed_at + 80000", STORE_COPY_DISTRIBUTED, 1},
		{"UPDATE distributed SET distributed_at = distributed_at + 90000", STORE_COPY_DISTRIBUTED, 0},
	};

	for (guint32 i = 0; i < G_N_ELEMENTS(moments); i++) {
		store_auto struct store *store = open_good(*state);

		sql(*state, "DELETE FROM distributed");
		assert_int_equal(arrive(store, 10 * i + 1, CONTENT), STORE_COPY_NONE);
		finish(store, 10 * i + 1);
		sql(*state, moments[i].change);
		assert_int_equal(arrive(store, 10 * i + 2, CONTENT), moments[i].copy);
		store_release(store);
		assert_true(store_expire(store, LIFE, NULL));
		assert_int_equal(sql(*state, "SELECT count(*) FROM distributed"), moments[i].left);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_copy_is_known),
		T(one_variant_that_is_all_of_it),
		T(what_went_nowhere_is_no_distribution),
		T(wants_a_post_in_hand),
		T(they_grow_old),
		T(are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
