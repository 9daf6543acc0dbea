/*
 * One post, one list, one LMTP conversation (RFC 2033), and its outcome in the words of pipe(8).
 */
#ifndef ROLLCALL_CLI_PIPE_LMTP_H
#define ROLLCALL_CLI_PIPE_LMTP_H

#include <stddef.h>

#include "cli/pipe_reply.h"

struct pipe_post {
	const char *socket;    /**< unix:/path or inet:host:port */
	const char *sender;    /**< envelope sender without brackets, "" for the null sender; no control characters */
	const char *recipient; /**< the list's address, as above but not empty */
	const char *sasl_user; /**< login of the author's client, NULL or "" when there was none */
	const char *client;    /**< IP address of the author's client; NULL or anything else: not known */
	const char *queue_id;  /**< Postfix's, NULL or "" when not known */
	const char *message;   /**< lines end in LF */
	size_t size;
	int timeout; /**< seconds for the final reply; half of it for everything before */
};

/**
 * Hands `post` over. `result` is EX_OK only if the server answered the final dot with a 2xx that came after we sent it;
 * EX_TEMPFAIL whenever it is not certain what became of the post, which then may be offered again.
 */
void pipe_lmtp_deliver(const struct pipe_post *post, struct pipe_result *result) __attribute__((nonnull));

#endif
