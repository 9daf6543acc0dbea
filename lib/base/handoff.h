/*
 * How a TCP connection gets from the TLS front (lmtpd/master/tls_front.h) to the parser's room. The front's relay
 * keeps the real connection and, when it comes to that, the TLS key; it hands over the far ends of two socket pairs:
 *
 *   data     SOCK_STREAM: the session's bytes, never encrypted
 *   control  SOCK_SEQPACKET: one packet = one word of enum handoff_word and perhaps some text; not there when the
 *            front has no certificate, and so cannot do TLS
 *
 * STARTTLS takes four steps, so that not one byte sent in plain text is taken for one that came under TLS:
 *   parser  writes all earlier replies on data, then START with the 220 as its text on control
 *   relay   sends those replies, stops relaying, throws away what the client sent already, only then
 *           sends the 220, shakes hands, then UP with the protocol and cipher (or FAILED, and that is the end)
 *   parser  throws away what is still in data and in its own buffer, then GO
 *   relay   goes on, now under TLS
 * The 220 must not travel on data: a quick client's first TLS bytes could then overtake START and be relayed as plain text.
 */
#ifndef ROLLCALL_BASE_HANDOFF_H
#define ROLLCALL_BASE_HANDOFF_H

#include <glib.h>

#include "lib/base/deadline.h"

enum handoff_word {
	HANDOFF_START = 'S',
	HANDOFF_UP = 'K',
	HANDOFF_FAILED = 'F',
	HANDOFF_GO = 'G',
};

enum {
	HANDOFF_PEER_SIZE = 64, /* bytes of a peer's address text with its NUL */
	HANDOFF_TEXT_SIZE = 96, /* bytes of the text behind a word with its NUL */
};

struct handoff {
	int data;
	int control; /**< -1: no TLS */
	char peer[HANDOFF_PEER_SIZE]; /**< address of the TCP client, e.g. "192.0.2.1" or "2001:db8::1"; printable */
};

/**
 * Sends the descriptors (they stay the caller's) and the peer's address on `front`, a SOCK_SEQPACKET or SOCK_DGRAM
 * pair that many relays share. FALSE with errno when there was no room before the deadline (ETIMEDOUT) or nobody is there.
 */
gboolean handoff_send(int front, const struct handoff *handoff, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

enum handoff_result {
	HANDOFF_RECEIVED,
	HANDOFF_NONE,     /**< nothing there now: another process took it, or a packet that no honest front sends */
	HANDOFF_CLOSED,   /**< no front has the other end any more */
};

/**
 * Takes one connection from `front` without waiting (poll it first). On HANDOFF_RECEIVED the descriptors are the
 * caller's, close-on-exec.
 */
enum handoff_result handoff_receive(int front, struct handoff *handoff) G_GNUC_WARN_UNUSED_RESULT;

/** Says one word with its text ("" for none) on `control`. FALSE when the other side is gone or does not listen. */
gboolean handoff_say(int control, enum handoff_word word, const char *text, struct deadline deadline)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * Waits for one word. Its text, made printable, goes to `text` (HANDOFF_TEXT_SIZE bytes). Returns the word as it
 * came, which the caller compares with what it expects, or 0 when the deadline passed or the other side is gone.
 */
int handoff_hear(int control, char *text, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

#endif
