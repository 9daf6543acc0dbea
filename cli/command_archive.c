/*
 * rollcall archive: what waits for the lists' archives (status), what is to become of posts that an archive did not take (retry, forget), and an old archive
 * brought in (import). Nothing here speaks to an archive: the daemon's archiver does, see lmtpd/dispatch/archiver.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/archive_import.h"
#include "cli/command.h"
#include "cli/held_text.h"
#include "cli/json.h"
#include "cli/list_argument.h"
#include "cli/store_door.h"
#include "lib/list/archive_place.h"
#include "lib/store/store_kept.h"

struct request {
	struct invocation *invocation;
	struct store_door door;
	char *list; /* its address; NULL: none was named */
	const char *from;
};

/* ---- status ---- */

static void show_json(const GPtrArray *lists)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_begin(out);
	for (guint i = 0; i < lists->len; i++) {
		const struct store_archive_list *list = g_ptr_array_index(lists, i);

		json_object(out);
		json_text(out, "list", list->list);
		json_number(out, "waiting", list->posts);
		json_number(out, "aside", list->aside);
		json_number(out, "bytes", (gint64)list->bytes);
		json_number(out, "since", list->since);
	}
	json_end(out);
	fputs(out->str, stdout);
}

static gboolean show_status(struct request *request, GError **error)
{
	g_autoptr(GPtrArray) lists = store_archive_lists(request->door.store, error);

	if (!lists)
		return FALSE;
	if (request->invocation->json)
		show_json(lists);
	else if (lists->len == 0)
		puts("nothing waits for an archive");
	for (guint i = 0; !request->invocation->json && i < lists->len; i++) {
		const struct store_archive_list *list = g_ptr_array_index(lists, i);
		g_autofree char *since = held_text_time(list->since, TRUE);

		printf("%s: %u waiting, %u set aside, %" G_GUINT64_FORMAT " bytes, the oldest of %s\n", list->list, list->posts, list->aside, list->bytes, since);
	}
	return TRUE;
}

/* ---- retry and forget ---- */

static gboolean is_missing(const struct request *request)
{
	return list_argument_ask(request->invocation, request->door.settings, request->list) == LIST_ARGUMENT_MISSING;
}

static gboolean retry(struct request *request, GError **error)
{
	guint count = 0;

	if (!store_archive_again(request->door.store, request->list, &count, error) || (count == 0 && is_missing(request)))
		return FALSE;
	printf(count == 1 ? "%u post is due again\n" : "%u posts are due again\n", count);
	return TRUE;
}

static gboolean forget(struct request *request, GError **error)
{
	guint count = 0;

	if (!store_archive_forget(request->door.store, request->list, &count, error) || (count == 0 && is_missing(request)))
		return FALSE;
	printf(count == 1 ? "%u post will not be archived\n" : "%u posts will not be archived\n", count);
	return TRUE;
}

/* ---- import ---- */

/* Midnight where we are. FALSE with `error`. */
static gboolean read_date(const char *text, gint64 *from, GError **error)
{
	g_autoptr(GTimeZone) zone = g_time_zone_new_local();
	g_autofree char *whole = g_strconcat(text, "T00:00:00", NULL);
	g_autoptr(GDateTime) date = strlen(text) == strlen("2026-11-21") ? g_date_time_new_from_iso8601(whole, zone) : NULL;

	if (date)
		*from = g_date_time_to_unix(date);
	else
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "--from %s: expected a date such as 2026-11-21", text);
	return date != NULL;
}

static gboolean bring_in(struct request *request, GError **error)
{
	const char *path = request->invocation->argv[2];
	const struct settings *settings = request->door.settings;
	struct archive_import import = {
		.store = request->door.store,
		.list = request->list,
		.most = (gsize)settings_number(settings, SET_message_size_limit, NULL),
		.progress = isatty(STDERR_FILENO),
	};

	if (request->from && !read_date(request->from, &import.from, error))
		return FALSE;
	if (!archive_place_is_set(settings, request->list)) {
		g_set_error_literal(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "the list has no archive: see the setting archive");
		return FALSE;
	}
	/* A domain's setting would make a new archive for any name that is typed wrong. */
	if (list_argument_ask(request->invocation, settings, request->list) != LIST_ARGUMENT_THERE)
		return FALSE;
	/* Read as the daemon's user; what that may not read comes by standard input. */
	import.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!import.file) {
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "%s: %s; the daemon's user must be able to read it, or: import LIST - <FILE", path,
			g_strerror(errno));
		return FALSE;
	}
	gboolean good = archive_import_run(&import, error);
	if (import.file != stdin)
		fclose(import.file);
	printf("%u posts taken, %u known already, %u older, %u too large or empty; rollcall archive status shows what still waits\n", import.taken, import.known,
		import.older, import.large);
	return good;
}

/* ---- all of them ---- */

static const struct {
	const char *word;
	int arguments; /* behind the word */
	gboolean (*run)(struct request *request, GError **error);
} actions[] = {
	{"status", 0, show_status},
	{"retry", 1, retry},
	{"forget", 1, forget},
	{"import", 2, bring_in},
};

static int run(struct request *request, gboolean (*action)(struct request *request, GError **error))
{
	const struct invocation *invocation = request->invocation;
	const char *wanted = invocation->argc > 1 ? invocation->argv[1] : NULL;
	g_autoptr(GError) error = NULL;
	gboolean good = store_door_open(&request->door, invocation->config, &error);

	if (good && wanted && !(request->list = list_argument_read(invocation, request->door.settings, wanted)))
		return COMMAND_BAD;
	if (good && action(request, &error))
		return COMMAND_GOOD;
	/* Without an error the user has been told. */
	if (error)
		fprintf(stderr, "rollcall archive: %s\n", error->message);
	return COMMAND_BAD;
}

int command_archive(struct invocation *invocation)
{
	struct request request = {.invocation = invocation};
	g_autofree char *from = NULL;
	const GOptionEntry own[] = {
		{"from", 0, 0, G_OPTION_ARG_STRING, &from, "With import: pass over posts from before that day (YYYY-MM-DD)", "DATE"},
		{NULL},
	};
	int status = command_parse(invocation, own,
		"status               what waits for each list's archive, and what it did not take as it was (set aside)\n"
		"retry LIST           what was set aside is due again\n"
		"forget LIST          all that waits for the list's archive will not get there\n"
		"import LIST FILE     the posts of an mbox go into it; - is standard input\n"
		"Exit status: 0 done; 1 there is no such list, or the store or the configuration did not allow it; 64 wrong usage.");

	if (status != COMMAND_GO_ON)
		return status;
	request.from = from;
	for (gsize i = 0; i < G_N_ELEMENTS(actions) && invocation->argc > 0; i++) {
		if (strcmp(invocation->argv[0], actions[i].word) != 0 || invocation->argc - 1 != actions[i].arguments)
			continue;
		status = run(&request, actions[i].run);
		store_door_close(&request.door);
		g_free(request.list);
		return status;
	}
	fputs("rollcall archive: expected status, retry LIST, forget LIST or import LIST FILE: see rollcall archive --help\n", stderr);
	return COMMAND_USAGE;
}
