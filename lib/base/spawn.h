/*
 * Starts a program of ours with the descriptors of lib/base/process.h and waits until it says that it is ready. The daemon starts its
 * rooms so, and `rollcall explain` starts the same rooms for a question.
 */
#ifndef ROLLCALL_BASE_SPAWN_H
#define ROLLCALL_BASE_SPAWN_H

#include <glib.h>
#include <sys/types.h>

enum { SPAWN_MOST_LISTENERS = 64 };

struct spawn {
	const char *program;  /**< file name, looked for beside our own and in libexec */
	const char *const *arguments; /**< argv, NULL-terminated, argv[0] included */
	int config, tickets, jobs; /**< become PROCESS_FD_CONFIG, PROCESS_FD_TICKETS and PROCESS_FD_JOBS */
	const int *listen;    /**< become PROCESS_FD_LISTEN and up */
	guint listen_count;
	int errors;           /**< becomes its stderr, and it has no input or output; 0: all three are ours */
};

/**
 * Starts it. Returns its pid, or -1 with errno; `*status` is our end of its status socket (PROCESS_FD_STATUS). The environment is cleaned
 * to the few variables that mean something to us.
 */
pid_t spawn_start(const struct spawn *spawn, int *status) G_GNUC_WARN_UNUSED_RESULT;

/** Waits for its 'R' and closes `status`. FALSE when it ended or said nothing within `seconds`. */
gboolean spawn_wait_ready(int status, guint seconds) G_GNUC_WARN_UNUSED_RESULT;

#endif
