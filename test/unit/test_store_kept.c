/*
 * room: trusted. Kept posts and digests: each post in exactly one issue, each issue until it is done, nothing left over.
 * Damage and kill -9: the transactions are those of held posts, tested there.
 */
#include "lib/store/store_kept.h"
#include "test/unit/store_help.h"

#define LIST "choir@lists.example.org"

static gboolean keep(struct store *store, guint32 number, const char *list, gboolean digest, gboolean archive)
{
	g_autofree char *text = g_strdup_printf("Subject: %u\n\n%u\n", number, number);
	const struct io_mapping message = {.data = text, .length = strlen(text)};
	const struct store_kept_plan plan = {.list = list, .message = &message, .archived_at = "https://archive.example.org/x",
		.digest = digest, .archive = archive, .queue_id = "4bT2xk1Zz"};
	gboolean good;

	assert_int_equal(claim(store, number), STORE_NEW);
	good = store_kept_add(store, key_of(number), &plan, NULL);
	store_release(store);
	return good;
}

static gint64 close_digest(struct store *store, const char *list, guint volume)
{
	gint64 issue = -1;

	assert_true(store_digest_close(store, &(struct store_digest_plan){.list = list, .volume = volume, .most = 1000, .job = "digest"}, &issue,
		NULL));
	return issue;
}

static char *text_of(struct store *store, gint64 id)
{
	io_autofd int fd = io_memory_file("test");
	struct io_mapping mapping;

	assert_int_equal(store_kept_write(store, id, fd, NULL), STORE_MESSAGE_WHOLE);
	assert_true(io_memory_seal(fd));
	assert_true(io_map(fd, TRUE, &mapping));
	char *text = g_strndup(mapping.data, mapping.length);
	io_unmap(&mapping);
	return text;
}

static void nobody_waits(void **state)
{
	store_auto struct store *store = open_good(*state);

	assert_true(keep(store, 1, LIST, FALSE, FALSE));
	assert_int_equal(claim(store, 1), STORE_DONE);
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept"), 0);
}

/* The first issue of LIST, and nothing else, or nothing at all. */
static void expect_on_its_way(struct store *store, const struct store_digest_open *open)
{
	g_autoptr(GPtrArray) closed = store_digest_closed(store, NULL);

	assert_int_equal(closed->len, open ? 1 : 0);
	if (!open)
		return;
	const struct store_digest_open *issue = g_ptr_array_index(closed, 0);
	assert_string_equal(issue->list, LIST);
	assert_int_equal(issue->posts, open->posts);
	assert_int_equal(issue->number, 1);
	assert_int_equal(issue->bytes, open->bytes);
	assert_int_equal(issue->since, open->since);
}

static void a_digest_from_beginning_to_end(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct store_digest_issue numbers;
	struct store_kept kept;
	const char *issue_field = NULL;
	store_job_auto struct store_job *job = NULL;

	assert_int_equal(close_digest(store, LIST, 26), 0);
	assert_int_equal(sql(*state, "SELECT count(*) FROM digest"), 0);
	assert_true(keep(store, 1, LIST, TRUE, FALSE));
	assert_true(keep(store, 2, "other@lists.example.org", TRUE, FALSE));
	assert_true(keep(store, 3, LIST, TRUE, TRUE));
	assert_int_equal(claim(store, 3), STORE_DONE);
	g_autoptr(GPtrArray) open = store_digest_open(store, NULL);
	assert_int_equal(open->len, 2);
	const struct store_digest_open *first = g_ptr_array_index(open, 0);
	assert_string_equal(first->list, LIST);
	assert_int_equal(first->posts, 2);
	assert_int_equal(first->bytes, 2 * strlen("Subject: 1\n\n1\n"));
	gint64 issue = close_digest(store, LIST, 26);
	assert_true(issue > 0);
	assert_int_equal(close_digest(store, LIST, 26), 0);
	expect_on_its_way(store, first);
	assert_true(store_digest_issue(store, issue, &numbers, NULL));
	assert_int_equal(numbers.volume, 26);
	assert_int_equal(numbers.number, 1);
	assert_true(store_digest_posts(store, issue, ids, NULL));
	assert_int_equal(ids->len, 2);
	gint64 last = g_array_index(ids, gint64, 1);
	assert_true(store_kept_get(store, last, &kept, NULL));
	assert_string_equal(kept.archived_at, "https://archive.example.org/x");
	store_kept_clear(&kept);
	g_autofree char *text = text_of(store, last);
	assert_string_equal(text, "Subject: 3\n\n3\n");
	/* Its job, and only it, ends it. */
	assert_false(store_digest_done(store, issue, 1, NULL));
	assert_true(store_job_due(store, 9, jobs, NULL));
	assert_int_equal(jobs->len, 1);
	assert_int_equal(store_job_take(store, g_array_index(jobs, gint64, 0), &job, NULL), STORE_TAKE_TAKEN);
	assert_true(g_variant_lookup(job->fields, "issue", "&s", &issue_field));
	assert_int_equal(g_ascii_strtoll(issue_field, NULL, 10), issue);
	assert_true(store_digest_done(store, issue, job->id, NULL));
	assert_true(store_digest_issue(store, issue, &numbers, NULL));
	assert_int_equal(numbers.number, 0);
	expect_on_its_way(store, NULL);
	/* What the archive waits for stays. */
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept"), 2);
	assert_true(store_archive_due(store, LIST, 9, ids, NULL));
	assert_int_equal(ids->len, 1);
	assert_int_equal(g_array_index(ids, gint64, 0), last);
	assert_true(store_archive_done(store, last, NULL));
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept_message"), 1);
	assert_int_equal(store_kept_write(store, last, -1, NULL), STORE_MESSAGE_MISSING);
}

/* Issues count through a year and begin anew with the next; a clock that goes back changes neither. */
static void numbers_never_come_twice(void **state)
{
	static const struct {
		guint volume, got_volume, got_number;
	} steps[] = {{26, 26, 1}, {26, 26, 2}, {27, 27, 1}, {26, 27, 2}, {27, 27, 3}};
	store_auto struct store *store = open_good(*state);

	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct store_digest_issue numbers;

		assert_true(keep(store, i + 1, LIST, TRUE, FALSE));
		assert_true(store_digest_issue(store, close_digest(store, LIST, steps[i].volume), &numbers, NULL));
		assert_int_equal(numbers.volume, steps[i].got_volume);
		assert_int_equal(numbers.number, steps[i].got_number);
	}
}

/* What does not fit is the next issue; what is larger than any is one of its own. */
static void large_issues_are_shared_out(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	const struct store_digest_plan plan = {.list = LIST, .volume = 26, .most = 2 * strlen("Subject: 1\n\n1\n"), .job = "digest"};
	const struct store_digest_plan none = {.list = LIST, .volume = 26, .most = 1, .job = "digest"};
	static const guint wanted[] = {2, 2, 1};
	gint64 issue;

	for (guint i = 1; i <= 5; i++)
		assert_true(keep(store, i, LIST, TRUE, FALSE));
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		assert_true(store_digest_close(store, i == 2 ? &none : &plan, &issue, NULL));
		assert_true(store_digest_posts(store, issue, ids, NULL));
		assert_int_equal(ids->len, wanted[i]);
	}
	assert_true(store_digest_close(store, &plan, &issue, NULL));
	assert_int_equal(issue, 0);
}

static void wants_the_key_in_hand(void **state)
{
	store_auto struct store *store = open_good(*state);
	const struct io_mapping message = {.data = "x", .length = 1};
	const struct store_kept_plan plan = {.list = LIST, .message = &message, .archived_at = "", .digest = TRUE, .queue_id = ""};
	g_autoptr(GError) error = NULL;

	assert_false(store_kept_add(store, key_of(1), &plan, &error));
	assert_non_null(strstr(error->message, "not in hand"));
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept"), 0);
}

/* Order within the list, others on their own; who is set aside keeps nobody from going on. */
static void an_archive_from_beginning_to_end(void **state)
{
	store_auto struct store *store = open_good(*state);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	guint count = 0;

	for (guint32 i = 1; i <= 4; i++)
		assert_true(keep(store, i, i == 2 ? "other@lists.example.org" : LIST, i == 4, TRUE));
	assert_true(store_archive_due(store, LIST, 2, ids, NULL));
	assert_int_equal(ids->len, 2);
	assert_int_equal(g_array_index(ids, gint64, 0), 1);
	assert_int_equal(g_array_index(ids, gint64, 1), 3);
	assert_true(store_archive_aside(store, 1, NULL));
	assert_true(store_archive_done(store, 3, NULL));
	assert_true(store_archive_due(store, LIST, 2, ids, NULL));
	assert_int_equal(ids->len, 1);
	assert_int_equal(g_array_index(ids, gint64, 0), 4);
	g_autoptr(GPtrArray) lists = store_archive_lists(store, NULL);
	assert_int_equal(lists->len, 2);
	const struct store_archive_list *first = g_ptr_array_index(lists, 0);
	assert_string_equal(first->list, LIST);
	assert_int_equal(first->posts, 1);
	assert_int_equal(first->aside, 1);
	assert_true(store_archive_again(store, LIST, &count, NULL));
	assert_int_equal(count, 1);
	assert_true(store_archive_due(store, LIST, 9, ids, NULL));
	assert_int_equal(ids->len, 2);
	assert_int_equal(g_array_index(ids, gint64, 0), 1);
	assert_true(store_archive_forget(store, LIST, &count, NULL));
	assert_int_equal(count, 2);
	/* The digest's own stays. */
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept WHERE issue = 0 AND archive = 0"), 1);
	assert_int_equal(sql(*state, "SELECT count(*) FROM kept_message"), 2);
}

static void damage_is_no_message(void **state)
{
	store_auto struct store *store = open_good(*state);

	assert_true(keep(store, 1, LIST, TRUE, FALSE));
	sql(*state, "UPDATE kept_message SET message = zeroblob(14)");
	assert_int_equal(store_kept_write(store, 1, -1, NULL), STORE_MESSAGE_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_digest_from_beginning_to_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_never_come_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_issues_are_shared_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wants_the_key_in_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_archive_from_beginning_to_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_no_message, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
