/*
 * A generation is one reading of the configuration and the programs that run by it. A reload starts a new generation beside
 * the old one, and only when the new one is ready is the old one told to finish: no session is dropped, and
 * a broken configuration changes nothing.
 */
#ifndef ROLLCALL_MASTER_GENERATION_H
#define ROLLCALL_MASTER_GENERATION_H

#include <glib.h>
#include <sys/types.h>

#include "lib/base/settings.h"

enum generation_program { PROGRAM_DISPATCH, PROGRAM_INTAKE, PROGRAM_TLS_FRONT, PROGRAM_COUNT };

struct program {
	pid_t pid;           /**< 0 when not running */
	gint64 started_at;   /**< monotonic microseconds */
	gint64 restart_at;   /**< when to start it again, 0: not wanted */
	guint pause;         /**< seconds before the next restart */
};

struct generation {
	struct settings *settings;
	GPtrArray *listeners;
	int config;          /**< sealed memory file */
	int tickets[2];      /**< intake's end, dispatch's end */
	int jobs[2];         /**< the same */
	int handoff[2];      /**< TLS front's end, intake's end; -1 without TCP */
	struct program programs[PROGRAM_COUNT];
	gboolean retired;    /**< told to finish: nothing is started again */
};

/**
 * Reads the configuration, opens the sockets (taking over those of `before`, may be NULL), starts the programs in order and waits until each
 * is ready. NULL when anything fails; the reason is in the log, and nothing is left running.
 */
struct generation *generation_start(const char *path, struct generation *before) G_GNUC_WARN_UNUSED_RESULT;

enum generation_haste {
	GENERATION_LET_FINISH, /**< after a reload: every session may take its time */
	GENERATION_STOP,       /**< the service stops: sessions get some seconds, then Postfix keeps their posts */
};

/**
 * Tells the programs that take connections to finish. Dispatch goes on until intake has ended, and is told then, since sessions
 * in hand still need it. Nothing is waited for: generation_ended() sees them go.
 */
void generation_retire(struct generation *generation, enum generation_haste haste);

/** Notes that `pid` has ended with `status`. TRUE when it was one of this generation's; unless retired, it is started again when due. */
gboolean generation_ended(struct generation *generation, pid_t pid, int status);

/** Starts again what is due. Returns the milliseconds until the next is due, or -1 when none is. */
int generation_restart_due(struct generation *generation);

/** Whether any of its programs still runs. */
gboolean generation_is_running(const struct generation *generation);

/** Kills what still runs. */
void generation_kill(struct generation *generation);

/** Frees it; its sockets live on where `after` (may be NULL) has them too. */
void generation_free(struct generation *generation, struct generation *after);

#endif
