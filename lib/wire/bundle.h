/*
 * Several messages in one memory file, for a digest: each with a word about it. Written in dispatch from the store, read in intake. Numbers are
 * in the host's order, for both are one machine.
 */
#ifndef ROLLCALL_WIRE_BUNDLE_H
#define ROLLCALL_WIRE_BUNDLE_H

#include <glib.h>

#include "lib/base/io.h"

/** Begins the next message, of which exactly `length` bytes are written behind this by the caller. FALSE with errno. */
gboolean bundle_begin(int fd, const char *word, guint64 length) G_GNUC_WARN_UNUSED_RESULT;

struct bundle_message {
	const char *word; /**< NUL-terminated */
	const char *data;
	size_t length;
};

/** All messages, pointing into the mapping: struct bundle_message. NULL when it is no bundle. The caller unrefs. */
GArray *bundle_read(const struct io_mapping *mapping) G_GNUC_WARN_UNUSED_RESULT;

#endif
