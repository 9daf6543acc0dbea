/*
 * room: trusted. Holds a post in a real store, and does its jobs, as a daemon of that user would: for test_cli_held.py.
 *
 *   held_probe UID DIRECTORY hold KIND LIST AUTHOR REASON [FACT=VALUE]...     the message comes on stdin; prints the post's number
 *   held_probe UID DIRECTORY decide NUMBER STATE                              as a person would, by token
 *   held_probe UID DIRECTORY jobs        does each job that is due and prints "HELD KIND LIST", then a line "\tFIELD=VALUE" for each field
 *
 * Values are escaped as g_strescape() does. Status 1 and the reason on stderr when it did not work.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/store/jobs.h"
#include "lib/store/store_held.h"

static int complain(const char *text)
{
	fprintf(stderr, "held_probe: %s\n", text);
	return 1;
}

static GString *read_all(void)
{
	GString *all = g_string_new(NULL);
	char buffer[4096];
	size_t got;

	while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		g_string_append_len(all, buffer, (gssize)got);
	return all;
}

static GVariant *read_facts(int count, char **pairs)
{
	GVariantBuilder facts;

	g_variant_builder_init(&facts, G_VARIANT_TYPE("a{ss}"));
	for (int i = 0; i < count; i++) {
		g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);

		g_variant_builder_add(&facts, "{ss}", pair[0], pair[1]);
	}
	return g_variant_ref_sink(g_variant_builder_end(&facts));
}

static int hold(struct store *store, int argc, char **argv)
{
	g_autoptr(GString) text = read_all();
	g_autoptr(GVariant) facts = read_facts(argc - 4, argv + 4);
	g_autoptr(GError) error = NULL;
	io_autofd int message = io_memory_file_with("held", text->str, text->len);
	guint8 key[STORE_KEY_SIZE];
	gint64 id;
	const struct store_held_plan plan = {
		.kind = strcmp(argv[0], "confirmation") == 0 ? STORE_HELD_CONFIRMATION : STORE_HELD_MODERATION,
		.list = argv[1],
		.author = argv[2],
		.sender = "",
		.reason = argv[3],
		.facts = facts,
		.message = message,
		.life = 86400,
	};

	for (guint i = 0; i < sizeof(key); i++)
		key[i] = (guint8)g_random_int_range(0, 256);
	if (store_claim(store, key, NULL, &error) != STORE_NEW || !store_held_add(store, key, &plan, &id, &error))
		return complain(error ? error->message : "not new");
	printf("%" G_GINT64_FORMAT "\n", id);
	return 0;
}

static int decide(struct store *store, char **argv)
{
	const guint8 person[STORE_PERSON_SIZE] = {1, 2, 3};
	struct store_verdict verdict = {.state = (enum store_held_state)strtol(argv[1], NULL, 10), .decider = person};
	struct store_decision decision;
	g_autoptr(GError) error = NULL;

	if (store_held_decide(store, strtoll(argv[0], NULL, 10), &verdict, &decision, &error) != STORE_ORDER_DECIDED)
		return complain(error ? error->message : "not decided");
	return 0;
}

static void print_job(const struct store_job *job)
{
	GVariantIter fields;
	const char *name, *value;

	printf("%" G_GINT64_FORMAT " %s %s\n", job->held, job->kind, job->list);
	g_variant_iter_init(&fields, job->fields);
	while (g_variant_iter_next(&fields, "{&s&s}", &name, &value)) {
		g_autofree char *escaped = g_strescape(value, NULL);

		printf("\t%s=%s\n", name, escaped);
	}
}

static int do_jobs(struct store *store)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GError) error = NULL;

	if (!store_job_due(store, 100, ids, &error))
		return complain(error->message);
	for (guint i = 0; i < ids->len; i++) {
		store_job_auto struct store_job *job = NULL;
		enum jobs_kind kind;
		gint64 id = g_array_index(ids, gint64, i);

		if (store_job_take(store, id, &job, &error) != STORE_TAKE_TAKEN)
			return complain(error ? error->message : "not taken");
		if (!jobs_find(job->kind, &kind))
			return complain("dispatch knows no such job");
		print_job(job);
		if (!store_job_done(store, id, &error))
			return complain(error->message);
	}
	return 0;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	const char *verb = argc > 3 ? argv[3] : "";
	uid_t uid = argc > 1 ? (uid_t)strtoul(argv[1], NULL, 10) : 0;

	if (argc > 2 && (setgroups(0, NULL) != 0 || setgid(uid) != 0 || setuid(uid) != 0))
		return complain("cannot become that user");
	store_auto struct store *store = argc > 2 ? store_open(argv[2], &error) : NULL;
	if (error)
		return complain(error->message);
	if (store && strcmp(verb, "hold") == 0 && argc >= 8)
		return hold(store, argc - 4, argv + 4);
	if (store && strcmp(verb, "decide") == 0 && argc == 6)
		return decide(store, argv + 4);
	if (store && strcmp(verb, "jobs") == 0 && argc == 4)
		return do_jobs(store);
	return complain("wrong usage");
}
