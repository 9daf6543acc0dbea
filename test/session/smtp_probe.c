/*
 * room: trusted. One SMTP transaction by hand, for test_smtp.py and test_smtp_postfix.py:
 *     smtp_probe CONFIG MESSAGE-FILE SENDER RECIPIENTS-FILE SECONDS [verp] [pause]
 * CONFIG is a rollcall.conf with relay = smtp. Prints "begun SKIPPED REASON", then "accepted ID SECONDS", "temporary REASON", "permanent REASON" or "unclear
 * REASON"; or "deferred CODE STATUS TEXT" when it does not get that far. With `pause` it waits for a line on stdin between the two: "commit", anything else
 * drops it. The last line is the largest batch that the way knows of, and the peak of our memory in kB.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/log.h"
#include "lib/relay/relay.h"
#include "test/session/relay_probe.h"

static void commit(struct relay *relay, guint seconds, gint64 start)
{
	static const char *const words[] = {"accepted", "temporary", "permanent", "unclear"};
	g_autoptr(GString) id = g_string_new(NULL);
	g_autoptr(GString) reason = g_string_new(NULL);
	enum relay_outcome outcome = relay_commit(relay, deadline_in(seconds), id, reason);

	if (outcome == RELAY_ACCEPTED)
		printf("accepted %s %.3f\n", id->str, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
	else
		printf("%s %s\n", words[outcome], reason->str);
}

static void transact(const struct relay_job *job, guint seconds, gboolean pause)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	gint64 start = g_get_monotonic_time();
	struct relay *relay = relay_begin(job, deadline_in(seconds), &verdict);

	if (!relay) {
		printf("%s %u %s %s\n", verdict_word(verdict.class), verdict.code, verdict.status, verdict.text);
		return;
	}
	printf("begun %u %s\n", relay_skipped(relay)->count, relay_skipped(relay)->reason);
	if (!pause || go_on())
		commit(relay, seconds, start);
	relay_free(relay);
}

static gboolean given(char **argv, const char *word)
{
	return g_strv_contains((const char *const *)argv, word);
}

int main(int argc, char **argv)
{
	g_autoptr(GMappedFile) file = argc > 5 ? g_mapped_file_new(argv[2], FALSE, NULL) : NULL;
	g_autoptr(GBytes) config = file ? settings_read_file(argv[1], NULL) : NULL;
	g_autoptr(GError) error = NULL;
	struct rusage usage;

	if (!config)
		log_fatal("usage: smtp_probe CONFIG MESSAGE-FILE SENDER RECIPIENTS-FILE SECONDS [verp] [pause]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open("smtp_probe", LOG_TARGET_STDERR);
	signal(SIGPIPE, SIG_IGN);
	settings_auto struct settings *settings = settings_parse(g_bytes_get_data(config, NULL), g_bytes_get_size(config), argv[1], &error);
	struct relay_way *way = settings ? relay_way_new(settings, &error) : NULL;
	if (!way) {
		printf("no way: %s\n", error->message);
		return 0;
	}
	recipients_auto struct recipients *recipients = read_recipients(argv[4]);
	struct relay_job job = {
		.way = way,
		.message = {g_mapped_file_get_contents(file), g_mapped_file_get_length(file)},
		.sender = argv[3],
		.verp = given(argv, "verp"),
		.recipients = recipients,
	};
	transact(&job, (guint)strtoul(argv[5], NULL, 10), given(argv, "pause"));
	getrusage(RUSAGE_SELF, &usage);
	printf("batch %u memory %ld\n", relay_batch(way), usage.ru_maxrss);
	relay_way_free(way);
	return 0;
}
