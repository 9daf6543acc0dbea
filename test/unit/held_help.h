/*
 * What the tests of held posts, jobs and tokens share: a message in a memory file, a post held with its first jobs, and questions.
 */
#ifndef ROLLCALL_TEST_UNIT_HELD_HELP_H
#define ROLLCALL_TEST_UNIT_HELD_HELP_H

#include "test/unit/store_help.h"

#include "lib/store/store_held.h"

#define LIST "choir@lists.example.org"
#define AUTHOR "author@example.net"
#define MARK "a line that stands in no other file"

/* `size` bytes, all told by `seed`, with MARK in the middle. */
static inline char *message_text(guint seed, gsize size)
{
	char *text = g_malloc(size);
	guint32 word = seed * 2654435761u + 1;

	for (gsize i = 0; i < size; i++) {
		word = word * 1664525 + 1013904223;
		text[i] = (char)(word >> 24);
	}
	if (size > 2 * strlen(MARK))
		memcpy(text + size / 2, MARK, strlen(MARK));
	return text;
}

static inline int message_file(guint seed, gsize size)
{
	g_autofree char *text = message_text(seed, size);

	return io_memory_file_with("test", text, size);
}

static inline GVariant *pair(const char *name, const char *value)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&builder, "{ss}", name, value);
	return g_variant_ref_sink(g_variant_builder_end(&builder));
}

static const struct store_job_plan first_jobs[] = {{.kind = "notice-moderators"}, {.kind = "notice-author"}};
static const struct store_job_plan release_job[] = {{.kind = "release"}};

/* Holds post `number` with two jobs; 0 and `error` when that fails. The K is let go of. */
static inline gint64 try_hold(struct store *store, guint number, gsize size, GError **error)
{
	io_autofd int message = message_file(number, size);
	g_autoptr(GVariant) facts = pair("rule", "send.private:3");
	const struct store_held_plan plan = {
		.kind = STORE_HELD_MODERATION,
		.list = LIST,
		.author = AUTHOR,
		.sender = "",
		.reason = "not a member",
		.facts = facts,
		.message = message,
		.life = 86400,
		.jobs = first_jobs,
		.job_count = G_N_ELEMENTS(first_jobs),
	};
	gint64 id = 0;

	if (store_claim(store, key_of(number), NULL, error) != STORE_NEW)
		return 0;
	if (!store_held_add(store, key_of(number), &plan, &id, error))
		id = 0;
	store_release(store);
	return id;
}

static inline gint64 hold(struct store *store, guint number)
{
	g_autoptr(GError) error = NULL;
	gint64 id = try_hold(store, number, 3000, &error);

	if (id == 0)
		fail_msg("hold: %s", error ? error->message : "not new");
	return id;
}

static inline enum store_order decide(struct store *store, gint64 id, enum store_held_state state,
	struct store_decision *decision)
{
	struct store_verdict verdict = {.state = state, .jobs = release_job, .job_count = 1};
	g_autoptr(GError) error = NULL;
	enum store_order order = store_held_decide(store, id, &verdict, decision, &error);

	assert_int_equal(order == STORE_ORDER_TROUBLE || order == STORE_ORDER_MISSING, error != NULL);
	return order;
}

/* Takes and does every job that is due. Returns how many. */
static inline guint do_jobs(struct store *store)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

	assert_true(store_job_due(store, 100, ids, NULL));
	for (guint i = 0; i < ids->len; i++) {
		store_job_auto struct store_job *job = NULL;
		gint64 id = g_array_index(ids, gint64, i);

		assert_int_equal(store_job_take(store, id, &job, NULL), STORE_TAKE_TAKEN);
		assert_true(store_job_done(store, id, NULL));
	}
	return ids->len;
}

/* For children that race: until the parent makes the file "start". */
static inline void wait_for_start(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, "start", NULL);

	while (access(path, F_OK) != 0)
		g_usleep(200);
}

/* Whether the bytes stand in a file of the state directory. */
static inline gboolean on_disk(const char *directory, const char *name, const char *bytes)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	g_autofree char *content = NULL;
	gsize length;

	return g_file_get_contents(path, &content, &length, NULL) &&
		memmem(content, length, bytes, strlen(bytes)) != NULL;
}

/* What holds at any moment, whoever was killed where. Returns how many posts are held or were. */
static inline gint64 check_invariants(const char *directory)
{
	assert_int_equal(sql(directory, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	assert_int_equal(sql(directory,
		"SELECT count(*) FROM held h WHERE (size > 0) <> EXISTS (SELECT 1 FROM held_message m WHERE m.held = h.id)"), 0);
	assert_int_equal(sql(directory, "SELECT count(*) FROM held_message WHERE held NOT IN (SELECT id FROM held)"), 0);
	assert_int_equal(sql(directory, "SELECT count(*) FROM held h JOIN held_message m ON m.held = h.id "
					"WHERE length(message) <> size"), 0);
	/* A tombstone is what is decided and has no job left. */
	assert_int_equal(sql(directory, "SELECT count(*) FROM held h WHERE (size = 0) <> "
					"(state <> 1 AND NOT EXISTS (SELECT 1 FROM job j WHERE j.held = h.id))"), 0);
	assert_int_equal(sql(directory, "SELECT count(*) FROM held WHERE size = 0 AND author || sender || reason <> ''"), 0);
	/* Each hold has its K, each K its hold. */
	assert_int_equal(sql(directory, "SELECT count(*) FROM held WHERE 'held as ' || id NOT IN (SELECT queue_id FROM post)"), 0);
	assert_int_equal(sql(directory, "SELECT count(*) FROM post WHERE state = 1"), 0);
	gint64 count = sql(directory, "SELECT count(*) FROM held");
	assert_int_equal(sql(directory, "SELECT count(*) FROM post"), count);
	return count;
}

#endif
