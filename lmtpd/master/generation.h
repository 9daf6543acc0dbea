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
#include "lmtpd/master/program.h"

enum generation_program { PROGRAM_DISPATCH, PROGRAM_INTAKE, PROGRAM_TLS_FRONT, PROGRAM_COUNT };

/** How generations are started: the same for all of a master's. */
struct generation_setup {
	const char *path;             /**< the configuration file */
	const char *doors;            /**< directory of the doors that intake and dispatch stand behind; NULL: they are children of ours */
	void (*meanwhile)(void *);    /**< called at least each second while a start is waited for */
	void *data;
};

struct generation {
	struct settings *settings;
	GPtrArray *listeners;
	int config;          /**< sealed memory file */
	int tickets[2];      /**< intake's end, dispatch's end */
	int jobs[2];         /**< the same */
	int handoff[2];      /**< TLS front's end, intake's end; -1 without TCP */
	struct program programs[PROGRAM_COUNT];
	const struct generation_setup *setup;
	gboolean retired;    /**< told to finish: nothing is started again */
};

/**
 * Reads the configuration, opens the sockets (taking over those of `before`, may be NULL), starts the programs in order and waits until each
 * is ready. NULL when anything fails; the reason is in the log, and nothing is left running. `setup` must live as long.
 */
struct generation *generation_start(const struct generation_setup *setup, struct generation *before) G_GNUC_WARN_UNUSED_RESULT;

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

/** Notes which programs behind doors have ended, as generation_ended() does for children. */
void generation_look_at_doors(struct generation *generation);

/** Adds a struct pollfd for each descriptor by which its programs tell something. */
void generation_add_poll(const struct generation *generation, GArray *polls);

/** Asks each program whether it is still there; an earlier question that is open stays so. */
void generation_ask(struct generation *generation);

/**
 * Whether all programs have answered. One that has not for a minute is stopped or stuck, and is killed; that it has ended is then seen as ever. One that
 * does not run is none: it is started again when due.
 */
gboolean generation_has_answered(struct generation *generation) G_GNUC_WARN_UNUSED_RESULT;

/** Whether any of its programs still runs. */
gboolean generation_is_running(const struct generation *generation);

/** Kills what still runs. */
void generation_kill(struct generation *generation);

/** Frees it; its sockets live on where `after` (may be NULL) has them too. */
void generation_free(struct generation *generation, struct generation *after);

#endif
