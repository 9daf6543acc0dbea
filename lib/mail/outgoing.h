/*
 * The bytes that go to Postfix: cooked header and body in one memory file, lines ending in LF as QMQP
 * wants them. One pass from CRLF to LF, and a linter that knows what Postfix would change behind our
 * signature's back: it adds a missing Message-Id, Date or From, replaces a bare CR, and breaks lines
 * over 998 bytes [M]. Every post passes the linter before it is signed away.
 */
#ifndef ROLLCALL_MAIL_OUTGOING_H
#define ROLLCALL_MAIL_OUTGOING_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/header.h"

/**
 * A sealed memory file (close-on-exec) with header, an empty line and the body (CRLF line ends; a
 * missing last one is added). Every CRLF becomes LF, all other bytes stay. -1 with errno. The caller
 * closes it.
 */
int outgoing_write(const struct header *header, const char *body, size_t length) G_GNUC_WARN_UNUSED_RESULT;

/** The same bytes back with CRLF line ends, a missing last one added. The caller frees. */
GString *outgoing_read(const char *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * What Postfix would change or refuse in a message with LF line ends, or NULL when nothing. Static text
 * that names no one, fit for a reply.
 */
const char *outgoing_lint(const char *data, size_t length) G_GNUC_WARN_UNUSED_RESULT;

#endif
