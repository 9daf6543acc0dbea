/*
 * room: trusted. One QMQP transaction by hand, for test_qmqp_postfix.py:
 *     qmqp_probe ENDPOINT MESSAGE-FILE SENDER RECIPIENTS-FILE SECONDS [pause]
 * Prints "begun", then "accepted ID SECONDS", "temporary REASON", "permanent REASON" or "unclear REASON"; or "deferred CODE STATUS TEXT"
 * when it does not get that far. With `pause` it waits for a line on stdin between the two: "commit", anything else drops it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/relay/qmqp.h"
#include "test/session/relay_probe.h"

static void commit(struct qmqp *qmqp, guint seconds, gint64 start)
{
	g_autoptr(GString) id = g_string_new(NULL);
	g_autoptr(GString) reason = g_string_new(NULL);

	switch (qmqp_commit(qmqp, deadline_in(seconds), id, reason)) {
	case RELAY_ACCEPTED:
		printf("accepted %s %.3f\n", id->str, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
		break;
	case RELAY_TEMPORARY:
		printf("temporary %s\n", reason->str);
		break;
	case RELAY_PERMANENT:
		printf("permanent %s\n", reason->str);
		break;
	case RELAY_UNCLEAR:
		printf("unclear %s\n", reason->str);
		break;
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GMappedFile) file = argc > 5 ? g_mapped_file_new(argv[2], FALSE, NULL) : NULL;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (!file)
		log_fatal("usage: qmqp_probe ENDPOINT MESSAGE-FILE SENDER RECIPIENTS-FILE SECONDS [pause]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	guint seconds = (guint)strtoul(argv[5], NULL, 10);
	recipients_auto struct recipients *recipients = read_recipients(argv[4]);
	struct qmqp_job job = {
		.endpoint = argv[1],
		.message = {g_mapped_file_get_contents(file), g_mapped_file_get_length(file)},
		.sender = argv[3],
		.recipients = recipients,
	};
	gint64 start = g_get_monotonic_time();
	struct qmqp *qmqp = qmqp_begin(&job, deadline_in(seconds), &verdict);
	if (!qmqp) {
		printf("%s %u %s %s\n", verdict_word(verdict.class), verdict.code, verdict.status, verdict.text);
		return 0;
	}
	puts("begun");
	if (argc < 7 || go_on())
		commit(qmqp, seconds, start);
	qmqp_free(qmqp);
	return 0;
}
