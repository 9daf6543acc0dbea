/*
 * rollcall digests: what waits for each list's next digest, and when that leaves; and issues that are closed and not yet in Postfix's queue. rollcall digest: closes the one of a list now. The issue and the
 * job that sends it are one durable transaction (store_digest_close()), the same as the daemon's own when it is due; its clock finds the job,
 * at once or when it runs again. So an issue that the daemon closes at the same moment is closed once.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/held_text.h"
#include "cli/json.h"
#include "cli/list_argument.h"
#include "cli/store_door.h"
#include "lib/list/digest_plan.h"
#include "lib/store/jobs.h"
#include "lib/store/store_kept.h"

/* ---- digests ---- */

static void append_json(GString *out, const struct store_digest_open *digest, gint64 next)
{
	json_object(out);
	json_text(out, "list", digest->list);
	json_number(out, "posts", digest->posts);
	json_number(out, "bytes", (gint64)digest->bytes);
	json_number(out, "since", digest->since);
	if (digest->number)
		json_number(out, "issue", digest->number);
	else
		json_number(out, "next", next);
}

static void append_line(GString *out, const struct store_digest_open *digest, gint64 next)
{
	g_autofree char *since = held_text_time(digest->since, TRUE);
	g_autofree char *when = digest->number ? g_strdup_printf("on its way (%u)", digest->number)
		: next ? held_text_time(next, TRUE) : g_strdup("when told");

	g_string_append_printf(out, "%5u  %11" G_GUINT64_FORMAT "  %-16s  %-16s  %s\n", digest->posts, digest->bytes, since, when, digest->list);
}

static void describe(const struct store_door *door, const struct store_digest_open *digest, gboolean json, GString *out)
{
	const struct digest_waiting waiting = {.posts = digest->posts, .bytes = digest->bytes, .since = digest->since};
	gint64 next = digest->number ? 0 : digest_plan_next(door->settings, digest->list, &waiting, g_get_real_time() / G_USEC_PER_SEC);

	if (json)
		append_json(out, digest, next);
	else
		append_line(out, digest, next);
}

/* Issues that are on their way first. FALSE with `error`: no answer. `list` NULL: all of them. */
static gboolean describe_all(const struct store_door *door, const char *list, gboolean json, GString *out, GError **error)
{
	g_autoptr(GPtrArray) closed = store_digest_closed(door->store, error);
	g_autoptr(GPtrArray) open = closed ? store_digest_open(door->store, error) : NULL;

	if (!open)
		return FALSE;
	for (guint i = 0; i < closed->len + open->len; i++) {
		const struct store_digest_open *digest = i < closed->len ? g_ptr_array_index(closed, i) : g_ptr_array_index(open, i - closed->len);

		if (!list || strcmp(list, digest->list) == 0)
			describe(door, digest, json, out);
	}
	return TRUE;
}

static void print_digests(GString *out, gboolean json)
{
	if (json)
		json_end(out);
	else if (out->len == 0)
		g_string_append(out, "no post waits for a digest\n");
	else
		g_string_prepend(out, "POSTS        BYTES  SINCE             LEAVES            LIST\n");
	fputs(out->str, stdout);
}

int command_digests(struct invocation *invocation)
{
	store_door_auto struct store_door door = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *list = NULL;

	int status = command_parse(invocation, NULL, "Exit status: 0 shown; 1 there is no such list, or the store or the configuration did not allow it; 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	if (invocation->json)
		json_begin(out);
	gsize empty = out->len;
	gboolean good = store_door_open(&door, invocation->config, &error);
	if (good && invocation->argc > 0 && !(list = list_argument_read(invocation, door.settings, invocation->argv[0])))
		return COMMAND_BAD;
	if (!good || !describe_all(&door, list, invocation->json, out, &error)) {
		fprintf(stderr, "rollcall digests: %s\n", error->message);
		return COMMAND_BAD;
	}
	if (list && out->len == empty && list_argument_ask(invocation, door.settings, list) == LIST_ARGUMENT_MISSING)
		return COMMAND_BAD;
	print_digests(out, invocation->json);
	return COMMAND_GOOD;
}

/* ---- digest ---- */

/* Issues of what waits now: more than one where that is larger than a mail may be. */
static gboolean close_all(const struct store_door *door, const char *list, GString *issues, guint *count, GError **error)
{
	const struct store_digest_plan plan = {
		.list = list,
		.volume = digest_plan_volume(door->settings, list, g_get_real_time() / G_USEC_PER_SEC),
		.most = (guint64)settings_number(door->settings, SET_message_size_limit, NULL),
		.job = jobs_row(JOBS_DIGEST)->word,
	};

	for (;;) {
		struct store_digest_issue found;
		gint64 issue;

		if (!store_digest_close(door->store, &plan, &issue, error))
			return FALSE;
		if (issue == 0)
			return TRUE;
		if (!store_digest_issue(door->store, issue, &found, error))
			return FALSE;
		/* By now it may be on its way. */
		if (found.number > 0)
			g_string_append_printf(issues, "%s%u/%u", issues->len ? ", " : "", found.volume, found.number);
		(*count)++;
	}
}

static void print_closed(const struct invocation *invocation, const char *list, guint count, const char *issues)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (invocation->json) {
		json_begin(out);
		json_object(out);
		json_text(out, "list", list);
		json_number(out, "closed", count);
		json_text(out, "issues", issues);
		json_end(out);
	} else if (count == 0) {
		g_string_append_printf(out, "%s: no post waits for the digest\n", list);
	} else {
		g_string_append_printf(out, "%s: closed issue %s; the daemon sends it\n", list, issues);
	}
	fputs(out->str, stdout);
}

int command_digest(struct invocation *invocation)
{
	store_door_auto struct store_door door = {0};
	g_autoptr(GString) issues = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *list = NULL;
	guint count = 0;

	int status = command_parse(invocation, NULL,
		"The daemon sends it, to those who want digests at that moment.\n"
		"Exit status: 0 closed, or nothing waits; 1 there is no such list, or it did not work; 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	if (invocation->argc < 1) {
		fputs("rollcall digest: a list is missing: see rollcall digest --help\n", stderr);
		return COMMAND_USAGE;
	}
	gboolean good = store_door_open(&door, invocation->config, &error);
	if (good && !(list = list_argument_read(invocation, door.settings, invocation->argv[0])))
		return COMMAND_BAD;
	if (!good || !close_all(&door, list, issues, &count, &error)) {
		fprintf(stderr, "rollcall digest: %s\n", error->message);
		return COMMAND_BAD;
	}
	if (count == 0 && list_argument_ask(invocation, door.settings, list) == LIST_ARGUMENT_MISSING)
		return COMMAND_BAD;
	print_closed(invocation, list, count, issues->str);
	return COMMAND_GOOD;
}
