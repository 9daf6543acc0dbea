/*
 * Reading and writing with deadlines, and message bytes in sealed memory files.
 * A message travels between processes as a memfd: no copy, no disk, and once sealed nobody can
 * change it under the reader's eyes.
 */
#ifndef ROLLCALL_BASE_IO_H
#define ROLLCALL_BASE_IO_H

#include <glib.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/deadline.h"

enum io_result {
	IO_OK,
	IO_EOF,     /**< the peer closed */
	IO_TIMEOUT, /**< the deadline passed */
	IO_ERROR,   /**< errno tells */
};

/** Reads at least one byte, at most `size`; `*got` is the number. */
enum io_result io_read(int fd, void *data, size_t size, struct deadline deadline, size_t *got)
	G_GNUC_WARN_UNUSED_RESULT;

/** Writes all of it or says why not. SIGPIPE never happens. Works for sockets, pipes and files. */
enum io_result io_write_all(int fd, const void *data, size_t length, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;

/** "ok", "connection closed", "timed out" or strerror(errno). Static until the next call. */
const char *io_word(enum io_result result);

/** Closes and forgets a descriptor; -1 is fine. errno is kept. */
void io_close(int *fd);

static inline void io_close_fd(int *fd)
{
	io_close(fd);
}
/** `io_autofd int fd = open(…);` closes at the end of the scope; io_steal_fd() hands it out. */
#define io_autofd __attribute__((cleanup(io_close_fd)))

static inline int io_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/** A new empty memory file, close-on-exec and sealable, or -1 with errno. */
int io_memory_file(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** A sealed memory file with these bytes (no write, grow, shrink or new seals), or -1 with errno. */
int io_memory_file_with(const char *name, const void *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;

/** Seals it against every change. FALSE with errno on failure. */
gboolean io_memory_seal(int fd) G_GNUC_WARN_UNUSED_RESULT;

/** Bytes mapped read-only. */
struct io_mapping {
	const char *data; /**< NULL when length is 0 */
	size_t length;
};

/**
 * Maps a memory file for reading. With `must_be_sealed` it refuses (EPERM) what is not sealed against
 * writing and shrinking, since a mapping that shrinks kills the reader by SIGBUS.
 * The caller ends it with io_unmap(). FALSE with errno on failure.
 */
gboolean io_map(int fd, gboolean must_be_sealed, struct io_mapping *mapping) G_GNUC_WARN_UNUSED_RESULT;
void io_unmap(struct io_mapping *mapping);

/** Opens /dev/null on each of 0, 1, 2 that is closed, so that no socket of ours ever gets such a number. */
void io_fill_standard_descriptors(void);

#endif
