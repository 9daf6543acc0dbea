/*
 * The sockets that Postfix reaches us by. They belong to the master, so that a reload or a crash of the programs behind them
 * drops no connection: what nobody has accepted yet waits in the kernel.
 */
#ifndef ROLLCALL_MASTER_LISTENER_H
#define ROLLCALL_MASTER_LISTENER_H

#include <glib.h>

#include "lib/base/settings.h"

struct listener {
	char *endpoint; /**< "unix:/PATH" or "inet:ADDRESS:PORT" */
	int fd;
	gboolean tcp;
	gboolean passed; /**< not made by us, so not ours to unlink (passed.h) */
};

/**
 * Opens what the settings name. A socket that was passed to us, or a listener of `open` (may be NULL), with the same endpoint is taken over, not opened anew.
 * Elements are struct listener *. NULL with the reason in `error` when one cannot be opened; `open` is then untouched.
 */
GPtrArray *listener_open_all(const struct settings *settings, GPtrArray *open, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Closes those of `before` that are not in `after`, and unlinks their sockets. Frees `before`. */
void listener_retire(GPtrArray *before, GPtrArray *after);

#endif
