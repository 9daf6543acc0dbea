/* For tests of lib/rules: a small world of facts, and a scenario from a literal in a block of exactly its size. */
#ifndef TEST_UNIT_RULES_HELP_H
#define TEST_UNIT_RULES_HELP_H

#include <stdio.h>
#include <string.h>

#include "lib/mail/header.h"
#include "lib/rules/rules.h"

#define WHO "ann@example.org"

/* What the callbacks answer. */
struct help_world {
	guint standing;           /* of the sender on choir@lists.example.org */
	gboolean listmaster;
	gboolean broken;          /* nothing can be answered */
	const char *filter_name, *filter; /* one search file */
	const char *column, *cell;
	guint asked;
};

static inline gboolean help_standing(gpointer context, const char *list, const char *address, guint *standing)
{
	struct help_world *world = context;

	world->asked++;
	*standing = 0;
	if (strcmp(list, "choir@lists.example.org") == 0)
		*standing = g_ascii_strcasecmp(address, WHO) == 0 ? world->standing : world->standing & RULES_HAS_EDITOR;
	if (strcmp(address, "editor@example.org") == 0 && strcmp(list, "choir@lists.example.org") == 0)
		*standing |= RULES_IS_EDITOR | RULES_HAS_EDITOR;
	return !world->broken;
}

static inline gboolean help_listmaster(gpointer context, const char *address, gboolean *is)
{
	struct help_world *world = context;

	world->asked++;
	*is = world->listmaster && strcmp(address, WHO) == 0;
	return !world->broken;
}

static inline gboolean help_column(gpointer context, const char *name, char **value)
{
	struct help_world *world = context;

	world->asked++;
	*value = world->column && strcmp(name, world->column) == 0 ? g_strdup(world->cell) : NULL;
	return !world->broken;
}

static inline gboolean help_total(gpointer context, gint64 *total)
{
	struct help_world *world = context;

	world->asked++;
	*total = 42;
	return !world->broken;
}

static inline gboolean help_filter(gpointer context, const char *name, GPtrArray *texts)
{
	struct help_world *world = context;

	if (world->filter_name && strcmp(name, world->filter_name) == 0)
		g_ptr_array_add(texts, g_strdup(world->filter));
	return !world->broken;
}

static const struct rules_questions help_questions = {help_standing, help_listmaster, help_column, help_total, help_filter};

struct help_post {
	struct help_world world;
	struct rules_facts facts;
	struct header header;
	char *data;
};

/* A post by WHO to choir@lists.example.org with this text, which has LF line ends. */
static inline void help_post(struct help_post *post, const char *method, const char *text)
{
	GString *message = g_string_new(text);
	size_t body;

	g_string_replace(message, "\n", "\r\n", 0);
	*post = (struct help_post){0};
	post->facts = (struct rules_facts){
		.method = method,
		.sender = WHO,
		.list_name = "choir",
		.list_domain = "lists.example.org",
		.length = message->len,
		.now = 1790000000,
		.questions = &help_questions,
		.context = &post->world,
	};
	post->data = g_malloc(MAX(message->len, 1));
	memcpy(post->data, message->str, message->len);
	assert_int_equal(header_parse(post->data, message->len, &post->header, &body), HEADER_OK);
	post->facts.data = post->data;
	post->facts.header = &post->header;
	post->facts.body = body;
	g_string_free(message, TRUE);
}

static inline void help_post_clear(struct help_post *post)
{
	header_clear(&post->header);
	g_free(post->data);
}

/* Compiles; the problems are printed, and stay in `problems` when that is not NULL. */
static inline struct rules_scenario *help_compile(const char *text, GPtrArray *problems)
{
	g_autoptr(GPtrArray) own = rules_problems_new();
	g_autofree char *block = g_strdup(text);
	const struct rules_source source = {.file = "send.test", .text = block};
	struct rules_scenario *scenario = rules_compile(&source, problems ? problems : own);

	for (guint i = 0; i < own->len; i++) {
		g_autofree char *line = rules_problem_text(g_ptr_array_index(own, i));

		fprintf(stderr, "%s\n", line);
	}
	return scenario;
}

#endif
