/*
 * Which file systems the store may live on: the part of store_directory_check() that a test cannot mount.
 */
#ifndef ROLLCALL_STORE_STORE_DIRECTORY_H
#define ROLLCALL_STORE_STORE_DIRECTORY_H

#include <glib.h>

/** Name of the file system (statfs(2) f_type) when the store must not live on it, else NULL. Static. */
const char *store_directory_remote(guint32 magic);

#endif
