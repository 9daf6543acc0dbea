/*
 * The daemon's two rooms, started for a question: the same programs with the same walls as rollcall-lmtpd starts them, on the configuration as it is now,
 * whether the daemon runs or not. They say what a mail would meet, and nothing comes of it.
 */
#ifndef ROLLCALL_CLI_EXPLAIN_ROOMS_H
#define ROLLCALL_CLI_EXPLAIN_ROOMS_H

#include <glib.h>
#include <sys/types.h>

#include "lib/base/settings.h"

struct explain_rooms {
	struct settings *settings;
	pid_t dispatch, intake; /**< 0: not running */
	int letters;            /**< to intake */
	int log;                /**< memory file with what both would have logged */
	off_t logged;           /**< bytes of it that were told */
	char *directory;        /**< run_directory that we made, and remove again; NULL: it was there */
};

/** Starts both. FALSE with `error`, which has what they said; the caller ends the rooms in any case. */
gboolean explain_rooms_open(struct explain_rooms *rooms, const char *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void explain_rooms_close(struct explain_rooms *rooms);
#define explain_rooms_auto __attribute__((cleanup(explain_rooms_close)))

/**
 * Asks about one mail: `mail` is a sealed memory file with it, `question` an EXPLAIN_QUESTION (consumed if floating). Returns an EXPLAIN_ANSWER of which
 * only the type is sure, and "log" among its keys; or NULL with `error`, for a mail that kills its parser, too. The caller unrefs it.
 */
GVariant *explain_rooms_ask(struct explain_rooms *rooms, GVariant *question, int mail, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
