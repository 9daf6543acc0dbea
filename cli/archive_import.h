/*
 * Posts of an mbox into a list's archive, by way of the store: what is taken there waits like a post that went out, and the daemon's archiver does the rest,
 * in order and once. A post has a K made from list and bytes, so that a second run, after a crash or by mistake, takes it only once (as long
 * as the store remembers it, ten days). Never more than some hundred wait, so that the store stays small.
 */
#ifndef ROLLCALL_CLI_ARCHIVE_IMPORT_H
#define ROLLCALL_CLI_ARCHIVE_IMPORT_H

#include <stdio.h>

#include "lib/store/store.h"

struct archive_import {
	struct store *store;
	const char *list;
	FILE *file;
	gsize most;        /**< bytes of a post */
	gint64 from;       /**< epoch seconds: older ones are passed over; 0: none */
	gboolean progress; /**< tell on stderr how far it is */
	guint taken, known, older, large; /**< out: posts taken, taken before, passed over by date and by size */
};

/** Takes all posts of the file. FALSE with `error`, the numbers say how far it came. */
gboolean archive_import_run(struct archive_import *import, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
