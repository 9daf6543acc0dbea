/*
 * The way from the console into the store of the running daemon: as the daemon's user where we are root, so that no file in the state
 * directory ever belongs to root and shuts the daemon out. For all others the directory is closed.
 * Nothing is made: where no daemon has ever run there is no store, and to look for one leaves none behind.
 */
#ifndef ROLLCALL_CLI_STORE_DOOR_H
#define ROLLCALL_CLI_STORE_DOOR_H

#include <glib.h>

#include "cli/identity.h"
#include "lib/base/settings.h"
#include "lib/store/store.h"

struct store_door {
	struct settings *settings;
	struct identity identity; /**< whom we are between opening and closing */
	struct store *store;
};

/**
 * Reads the configuration, becomes the daemon's user and opens the store. FALSE with `error`, which says what to do; close it in
 * both cases.
 */
gboolean store_door_open(struct store_door *door, const char *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Closes the store and becomes who we were. A zeroed door is fine, and so is a second time. */
void store_door_close(struct store_door *door);
#define store_door_auto __attribute__((cleanup(store_door_close)))

#endif
