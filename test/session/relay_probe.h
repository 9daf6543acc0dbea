/* room: trusted. What the probes of lib/relay share: recipients from a file, and the word to go on. */
#ifndef ROLLCALL_TEST_SESSION_RELAY_PROBE_H
#define ROLLCALL_TEST_SESSION_RELAY_PROBE_H

#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/recipients.h"

/* One address on each line. */
static inline struct recipients *read_recipients(const char *path)
{
	struct recipients *recipients = recipients_new();
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		log_fatal("no recipients");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		if (**line)
			recipients_add(recipients, *line);
	recipients_seal(recipients);
	return recipients;
}

/* Whether stdin says "commit". */
static inline gboolean go_on(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin) && strcmp(line, "commit\n") == 0;
}

#endif
