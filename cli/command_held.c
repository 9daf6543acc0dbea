/*
 * rollcall held: the posts that wait for a moderator's or their author's word; with --all those, too, about which somebody has decided
 * and that the store remembers until no token can ask for them.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/held_text.h"
#include "cli/list_argument.h"
#include "cli/store_door.h"

enum { PAGE = 500 }; /* posts read at a time, so that no long reading keeps the log of the store from being brought in */

static void free_held(gpointer held)
{
	store_held_free(held);
}

static GPtrArray *read_posts(struct store *store, struct store_held_query query, GError **error)
{
	g_autoptr(GPtrArray) posts = g_ptr_array_new_with_free_func(free_held);

	query.most = PAGE;
	for (;;) {
		g_autoptr(GPtrArray) page = store_held_list(store, &query, error);

		if (!page)
			return NULL;
		if (page->len == 0)
			return g_steal_pointer(&posts);
		query.after = ((const struct store_held *)g_ptr_array_index(page, page->len - 1))->id;
		g_ptr_array_extend_and_steal(posts, g_steal_pointer(&page));
	}
}

/* The posts asked for; NULL after saying why not. */
static GPtrArray *find_posts(const struct invocation *invocation, gboolean all)
{
	store_door_auto struct store_door door = {0};
	g_autoptr(GError) error = NULL;
	GPtrArray *posts = NULL;

	if (store_door_open(&door, invocation->config, &error)) {
		const char *wanted = invocation->argc > 0 ? invocation->argv[0] : NULL;
		g_autofree char *list = wanted ? list_argument_read(invocation, door.settings, wanted) : NULL;

		if (wanted && !list)
			return NULL;
		posts = read_posts(door.store, (struct store_held_query){.list = list, .waiting = !all}, &error);
		if (list && posts && posts->len == 0 && list_argument_ask(invocation, door.settings, list) == LIST_ARGUMENT_MISSING) {
			g_ptr_array_unref(posts);
			return NULL;
		}
	}
	if (!posts)
		fprintf(stderr, "rollcall held: %s\n", error->message);
	return posts;
}

int command_held(struct invocation *invocation)
{
	gboolean all = FALSE;
	const GOptionEntry own[] = {
		{"all", 0, 0, G_OPTION_ARG_NONE, &all, "Show those, too, about which somebody has decided", NULL},
		{NULL},
	};

	int status = command_parse(invocation, own, "Exit status: 0 shown; 1 there is no such list, or the store or the configuration did not allow it; 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	g_autoptr(GPtrArray) posts = find_posts(invocation, all);
	if (!posts)
		return COMMAND_BAD;
	if (posts->len == 0 && !invocation->json) {
		puts("no post is held");
		return COMMAND_GOOD;
	}
	g_autofree char *text = invocation->json ? held_text_json(posts, FALSE) : held_text_table(posts);
	fputs(text, stdout);
	return COMMAND_GOOD;
}
