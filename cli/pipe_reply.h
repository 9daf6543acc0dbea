/*
 * A reply of the LMTP server, and what it means to Postfix's pipe(8): one of <sysexits.h> and one line of text.
 * pipe(8) believes an enhanced status code at the start of the text more than the exit status, so both always agree.
 */
#ifndef ROLLCALL_CLI_PIPE_REPLY_H
#define ROLLCALL_CLI_PIPE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/pipe_link.h"

enum {
	PIPE_REPLY_LINES = 16384, /* bytes of all lines of one reply, and so a bound on what a server may chatter */
	PIPE_RESULT_TEXT = 480,   /* bytes of the text that Postfix puts into its log and into a bounce */
};

struct pipe_reply {
	int code;                     /**< 200 to 599 */
	size_t used;                  /**< bytes in `lines` */
	char lines[PIPE_REPLY_LINES]; /**< the texts behind the code, each with a newline, ending in NUL */
};

struct pipe_result {
	int status; /**< of <sysexits.h> */
	char text[PIPE_RESULT_TEXT];
};

/** Which answer it is: a refusal of the service itself is no refusal of the post, and only one 2xx means delivered. */
enum pipe_reply_to {
	PIPE_REPLY_TO_US,   /**< the greeting, LHLO, XFORWARD: the post has not been looked at */
	PIPE_REPLY_TO_POST, /**< MAIL, RCPT, DATA */
	PIPE_REPLY_TO_END,  /**< the final dot */
};

/** Reads one reply of any number of lines. What is no reply in form is PIPE_LINK_GARBAGE. */
enum pipe_link_state pipe_reply_read(struct pipe_link *link, struct pipe_reply *reply)
	__attribute__((nonnull, warn_unused_result));

/** Is `word` in the space-separated line of an LHLO reply that begins with `keyword` (NULL: is there such a line)? */
bool pipe_reply_offers(const struct pipe_reply *reply, const char *keyword, const char *word)
	__attribute__((nonnull(1, 2)));

/**
 * The result for `reply`. EX_OK is a 2xx to PIPE_REPLY_TO_END and nothing else.
 * A 3xx, and whatever contradicts itself or might be a fault of ours, is EX_TEMPFAIL.
 */
void pipe_reply_judge(const struct pipe_reply *reply, enum pipe_reply_to to, struct pipe_result *result)
	__attribute__((nonnull));

/** Sets a result of our own; the text is made printable and cut to its place. `format` begins with the enhanced code. */
void pipe_result_set(struct pipe_result *result, int status, const char *format, ...)
	__attribute__((nonnull, format(printf, 3, 4)));

#endif
