/*
 * rollcall accept, reject and discard: a held post is decided at the console, by whoever may be root or the daemon here; no token and no
 * role is asked for. The decision and the jobs that follow from it are one durable transaction (store_held_decide()), the same jobs as
 * after a moderator's mail but without a "by"; the daemon's clock finds them, at once or when it runs again. The first decision wins.
 * HOSTILE X3, X8.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/held_text.h"
#include "cli/json.h"
#include "cli/reject_text.h"
#include "cli/store_door.h"
#include "lib/store/jobs.h"

static const char more[] =
	"The daemon sends what follows from it: the post, and notices.\n"
	"Exit status: 0 done; 1 somebody was first, there is no such post, or it did not work; 64 wrong usage.";

struct decide {
	const struct invocation *invocation;
	const char *word; /* the command: accept, reject, discard */
	gint64 number;
	const char *text; /* to the author; NULL for none */
	struct store_held *held;
	struct store_decision decision;
	gboolean author_told;
};

static enum store_held_state state_of(const char *word)
{
	if (strcmp(word, "accept") == 0)
		return STORE_HELD_ACCEPTED;
	return strcmp(word, "reject") == 0 ? STORE_HELD_REJECTED : STORE_HELD_DISCARDED;
}

static enum store_order order(struct store *store, struct decide *decide, GError **error)
{
	enum store_held_state state = state_of(decide->word);
	jobs_plan_auto struct jobs_plan plan = {0};

	if (!store_held_get(store, decide->number, &decide->held, error))
		return STORE_ORDER_TROUBLE;
	if (!decide->held)
		return STORE_ORDER_UNKNOWN;
	decide->author_told = jobs_plan_decided(
		&plan, decide->held, &(struct jobs_decided){.state = state, .word = decide->word, .text = decide->text});
	const struct store_verdict verdict = {.state = state, .jobs = plan.jobs, .job_count = plan.count};
	return store_held_decide(store, decide->number, &verdict, &decide->decision, error);
}

/* ---- what came of it ---- */

static const char *outcome_word(enum store_order result)
{
	switch (result) {
	case STORE_ORDER_DECIDED:
		return "decided";
	case STORE_ORDER_ALREADY:
		return "already";
	case STORE_ORDER_UNKNOWN:
		return "unknown";
	case STORE_ORDER_MISSING:
		return "missing";
	case STORE_ORDER_TROUBLE:
	case STORE_ORDER_GOOD:
	case STORE_ORDER_EXPIRED:
	case STORE_ORDER_WRONG_PERSON:
		break;
	}
	return "trouble";
}

static const char *what_follows(const struct decide *decide)
{
	if (decide->decision.state == STORE_HELD_ACCEPTED && decide->held->kind == STORE_HELD_UNPARSED)
		return "the daemon reads it and sends it; if it ends whoever reads it, it is held again under another number";
	if (decide->decision.state == STORE_HELD_ACCEPTED)
		return "the daemon sends it to the list";
	if (decide->author_told)
		return "the daemon tells its author";
	return decide->text ? "its author is not told, and the text goes to the moderators alone" : "its author is not told";
}

/* A sentence. The caller frees it. */
static char *explain(const struct decide *decide, enum store_order result, const GError *error)
{
	g_autofree char *at = held_text_time(decide->decision.at, FALSE);

	switch (result) {
	case STORE_ORDER_DECIDED:
		return g_strdup_printf("post %" G_GINT64_FORMAT " to %s is %s: %s", decide->number, decide->held->list,
			store_held_word(decide->decision.state), what_follows(decide));
	case STORE_ORDER_ALREADY:
		return g_strdup_printf("post %" G_GINT64_FORMAT " is already %s, by %s on %s", decide->number,
			store_held_word(decide->decision.state), held_text_by(&decide->decision), at);
	case STORE_ORDER_UNKNOWN:
		return g_strdup_printf("there is no held post %" G_GINT64_FORMAT, decide->number);
	case STORE_ORDER_MISSING:
		return g_strdup_printf("%s, so it cannot go out; it still waits: rollcall discard %" G_GINT64_FORMAT " ends that",
			error->message, decide->number);
	case STORE_ORDER_TROUBLE:
	case STORE_ORDER_GOOD:
	case STORE_ORDER_EXPIRED:
	case STORE_ORDER_WRONG_PERSON:
		break;
	}
	return g_strdup_printf("nothing is decided: %s", error->message);
}

static void print_json(const struct decide *decide, enum store_order result, const char *sentence)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean decided = decide->decision.state != 0 && decide->decision.state != STORE_HELD_WAITING;

	json_begin(out);
	json_object(out);
	json_number(out, "number", decide->number);
	json_text(out, "outcome", outcome_word(result));
	json_text(out, "list", decide->held ? decide->held->list : NULL);
	json_text(out, "state", decided ? store_held_word(decide->decision.state) : NULL);
	json_number(out, "decided_at", decided ? decide->decision.at : 0);
	json_text(out, "decided_by", decided ? held_text_by(&decide->decision) : NULL);
	json_boolean(out, "author_told", result == STORE_ORDER_DECIDED && decide->author_told);
	json_text(out, "text", sentence);
	json_end(out);
	fputs(out->str, stdout);
}

static int run(struct decide *decide)
{
	store_door_auto struct store_door door = {0};
	g_autoptr(GError) error = NULL;
	enum store_order result = STORE_ORDER_TROUBLE;

	if (store_door_open(&door, decide->invocation->config, &error))
		result = order(door.store, decide, &error);
	g_autofree char *sentence = explain(decide, result, error);
	if (decide->invocation->json)
		print_json(decide, result, sentence);
	else if (result == STORE_ORDER_DECIDED)
		puts(sentence);
	else
		fprintf(stderr, "rollcall %s: %s\n", decide->word, sentence);
	g_clear_pointer(&decide->held, store_held_free);
	return result == STORE_ORDER_DECIDED ? COMMAND_GOOD : COMMAND_BAD;
}

int command_decide(struct invocation *invocation)
{
	struct decide decide = {.invocation = invocation, .word = invocation->command->name};
	g_autofree char *given = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	/* A file name is not converted from the locale's character set, which would fail for all but ASCII. */
	const GOptionEntry own[] = {
		{"text", 0, 0, G_OPTION_ARG_FILENAME, &given, "What to write to the author; -: what comes on standard input", "TEXT|-"},
		{NULL},
	};

	int status = command_parse(invocation, state_of(decide.word) == STORE_HELD_REJECTED ? own : NULL, more);
	if (status != COMMAND_GO_ON)
		return status;
	if (!command_number(invocation, &decide.number))
		return COMMAND_USAGE;
	if (given && !reject_text_read(given, &text, &error)) {
		fprintf(stderr, "rollcall %s: nothing is decided: %s\n", decide.word, error->message);
		return COMMAND_BAD;
	}
	decide.text = text;
	return run(&decide);
}
