/*
 * rollcall-pipe's connection to the LMTP server: lines in, bytes out, one deadline on the monotonic clock for all waits.
 * Nothing but libc: this program runs with Postfix's pipe(8) and must not depend on what the daemon needs.
 */
#ifndef ROLLCALL_CLI_PIPE_LINK_H
#define ROLLCALL_CLI_PIPE_LINK_H

#include <stddef.h>
#include <stdint.h>

enum pipe_link_state {
	PIPE_LINK_OK,
	PIPE_LINK_LOST,    /**< refused, closed or broken; errno tells, 0 for a plain end */
	PIPE_LINK_LATE,    /**< the deadline passed */
	PIPE_LINK_GARBAGE, /**< a line that no server sends: NUL in it, or longer than PIPE_LINK_LINE */
	PIPE_LINK_SPOKE,   /**< while sending: the server speaks before its turn; read what it says */
};

enum {
	PIPE_LINK_LINE = 4096, /* bytes of one line with its end; RFC 5321 4.5.3.1.5 knows 512 */
};

struct pipe_link {
	int fd;              /**< -1 when not open */
	int64_t deadline_ms; /**< CLOCK_MONOTONIC */
	size_t start, end;   /**< what of `buffer` is received and not yet read */
	char buffer[PIPE_LINK_LINE];
};

/** All waits of `link` end `seconds` from now. */
void pipe_link_allow(struct pipe_link *link, int seconds) __attribute__((nonnull));

/**
 * Connects to `where`, "unix:/path" or "inet:host:port" ("inet:[::1]:24"). Set the deadline first.
 * PIPE_LINK_OK, LATE or LOST with errno (EINVAL: `where` is neither, or the host has no address).
 * Looking a host name up is the resolver's time, not the deadline's.
 */
enum pipe_link_state pipe_link_open(struct pipe_link *link, const char *where)
	__attribute__((nonnull, warn_unused_result));

/**
 * Closes; a link with fd -1 may be closed too. `farewell` (NULL: none) is sent if there is room for it at once:
 * nothing depends on it, so nobody waits for it.
 */
void pipe_link_close(struct pipe_link *link, const char *farewell) __attribute__((nonnull(1)));

/**
 * Sends all of (data, size) unless the server has spoken or left: it is not its turn, so that is the end of the
 * conversation, and waiting for it to read on might last for ever. PIPE_LINK_OK, SPOKE, LOST or LATE.
 */
enum pipe_link_state pipe_link_send(struct pipe_link *link, const char *data, size_t size)
	__attribute__((nonnull, warn_unused_result));

/**
 * The next line without its CRLF or LF, ending in NUL, valid until the next call. PIPE_LINK_OK, LOST, LATE or GARBAGE.
 */
enum pipe_link_state pipe_link_line(struct pipe_link *link, char **line) __attribute__((nonnull, warn_unused_result));

#endif
