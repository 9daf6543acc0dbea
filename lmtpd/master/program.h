/*
 * One running program of a generation: a child of ours, or one behind a door (lib/base/door.h), which we know by the connection. The master asks
 * those that can answer, now and then, whether their loop still comes round; that is what the watchdog is told, and what ends a program
 * that is there and does nothing.
 */
#ifndef ROLLCALL_MASTER_PROGRAM_H
#define ROLLCALL_MASTER_PROGRAM_H

#include <glib.h>
#include <sys/types.h>

struct program {
	pid_t pid;           /**< 0: not running, or behind a door */
	int door;            /**< -1: not behind one */
	int status;          /**< our end of its status socket; -1: it does not answer questions */
	gint64 asked_at;     /**< since when an answer is due, monotonic microseconds; 0: none is */
	gint64 started_at;   /**< the same */
	gint64 restart_at;   /**< when to start it again, 0: not wanted */
	guint pause;         /**< seconds before the next restart */
};

void program_clear(struct program *program);

gboolean program_is_running(const struct program *program);

/** Sends it SIGHUP, SIGTERM or SIGKILL; nothing happens when it does not run. */
void program_signal(const struct program *program, int signal);

/** Notes that it has ended: closes what stood for it. */
void program_ended(struct program *program);

/**
 * Waits for its 'R', calling `meanwhile` (with `data`) at least each second, because others want to be looked after. FALSE when it ended or said nothing
 * within `seconds`.
 */
gboolean program_wait_ready(const struct program *program, guint seconds, void (*meanwhile)(void *), void *data) G_GNUC_WARN_UNUSED_RESULT;

/** Asks whether it is still there, if no answer is due. */
void program_ask(struct program *program);

/** Whether all that it was asked is answered; also for one that does not run, since that is seen to elsewhere. Never waits. */
gboolean program_has_answered(struct program *program) G_GNUC_WARN_UNUSED_RESULT;

#endif
