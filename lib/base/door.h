/*
 * A room behind a door: a service manager listens on a unix socket and starts one of our programs for each connection, as a user and behind
 * walls that only somebody with privileges can give; the master, who has none, knocks there and hands the descriptors of lib/base/process.h
 * over. So no process of ours ever holds a capability (doc/design.md, "Privileges"). What stands behind the door first is a *porter*: it
 * takes the descriptors, forks the program, passes the master's signals on, and tells how the program ended.
 */
#ifndef ROLLCALL_BASE_DOOR_H
#define ROLLCALL_BASE_DOOR_H

#include <glib.h>

#include "lib/base/spawn.h"

/**
 * Has the program of `spawn` started behind the door `path` (a SOCK_SEQPACKET socket). Returns the connection, which stands for the program as a pid
 * would, or -1 with errno; `*status` is as with spawn_start(). The caller closes both.
 */
int door_knock(const char *path, const struct spawn *spawn, int *status) G_GNUC_WARN_UNUSED_RESULT;

/** Sends the program a signal: SIGHUP, SIGTERM or SIGKILL. */
void door_signal(int door, int signal);

/** Whether the program has ended, and then how (as waitpid(2) tells it). Never waits. */
gboolean door_ended(int door, int *status) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The program's side, first thing in main(). With the single argument "door" it takes the descriptors from the connection on standard input,
 * forks, and returns in the child with the arguments that the master gave; the parent stays as the porter until the child has ended, and gives
 * the child SIGTERM when the master is gone. Any other arguments are left alone. Returns whether it was a door. What cannot be done is fatal.
 */
gboolean door_enter(int *argc, char ***argv);

#endif
