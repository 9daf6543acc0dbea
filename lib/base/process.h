/*
 * What the long-running programs share: start-up from the master's descriptors, signals as descriptors,
 * children with a pause between restarts.
 */
#ifndef ROLLCALL_BASE_PROCESS_H
#define ROLLCALL_BASE_PROCESS_H

#include <glib.h>
#include <sys/types.h>

#include "lib/base/settings.h"

/** Descriptors that the master hands to intake and dispatch, always the same numbers. */
enum {
	PROCESS_FD_CONFIG = 3,  /**< sealed memory file with the configuration's bytes */
	PROCESS_FD_STATUS = 4,  /**< socket: 'R' once the program is ready (closed without: a failed start); then a '!' for each '?' */
	PROCESS_FD_TICKETS = 5, /**< this room's end of the wire's ticket pair */
	PROCESS_FD_JOBS = 6,    /**< numbers of jobs, from dispatch to intake; back come the tickets of the children that do them */
	PROCESS_FD_LISTEN = 7,  /**< intake: the TLS front's hand-off socket, then the listening sockets */
	PROCESS_FD_LOG = 100,   /**< above all of these: the master's socket to syslog, if it has one */
};

/** Reads the configuration from PROCESS_FD_CONFIG; `name` is for messages. Anything wrong is fatal. The caller frees. */
struct settings *process_settings(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** Opens the log as the settings say. */
void process_log(const char *program, const struct settings *settings);

/** Tells the master that we are ready. */
void process_ready(void);
/**
 * Answers the master's questions whether we are still there, which come by `*pulse` (PROCESS_FD_STATUS): to be called from the loop that does the work
 * when it is readable. Becomes -1 when nobody asks any more. Children close their copy, or a program that is gone would seem to be there.
 */
void process_answer(int *pulse);

/**
 * Blocks SIGTERM, SIGINT, SIGHUP and SIGCHLD and returns a signalfd for them; ignores SIGPIPE. Fatal on failure.
 */
int process_signals(void);
/** Back to default signal handling, for a child that has its own loop. */
void process_signals_default(void);
/** The next signal waiting in the signalfd, 0 when there is none. */
int process_next_signal(int signals);

/** How a child ended, in words for the log ("exit 75", "signal 9"). Static until the next call. */
const char *process_ending(int status);

/**
 * Ends soon when the parent dies, whatever killed it: no orphan goes on with an old configuration. `parent` is the parent's pid as
 * known before the fork.
 */
void process_die_with_parent(pid_t parent);

/** Our host name from the settings, else the system's. Static until the settings are freed. */
const char *process_hostname(const struct settings *settings);

#endif
