/*
 * Running another program (postconf, postmap) and taking in what it says: no shell, a deadline, and a clean environment.
 */
#ifndef ROLLCALL_CLI_RUN_H
#define ROLLCALL_CLI_RUN_H

#include <glib.h>

struct run_result {
	int status;    /**< exit status; -1 when it did not end by itself */
	char *output;  /**< its stdout, NUL-terminated */
	char *errors;  /**< its stderr, printable, of a bounded length */
};
void run_result_clear(struct run_result *result);

/** The path of `program` in PATH or, as cron and sudo often have none of them in it, in the sbin directories. NULL: not here. */
char *run_find(const char *program) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Runs argv[0] (a path) with `input` on its stdin and waits at most `seconds`; later it is killed. FALSE with `error` when it
 * could not be started or had to be killed. The caller ends `result` with run_result_clear().
 */
gboolean run_program(const char *const *argv, const char *input, guint seconds, struct run_result *result, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
