/*
 * The log. Lines go to syslog's socket or to stderr and never block mail: a dead or full logger
 * loses lines (the number lost is told when it works again), it does not stop a post.
 *
 * Few words, each with one meaning: info (a fact), warning (an admin should look), fatal (the
 * world is broken: a second's pause, then exit 75), panic (we are broken: abort).
 * Foreign bytes in arguments must have passed text_printable(); members' addresses never get here.
 */
#ifndef ROLLCALL_BASE_LOG_H
#define ROLLCALL_BASE_LOG_H

#include <glib.h>

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/** Opens the log as `program` (a static string). May be called again, e.g. after a fork or a reload: the socket stays the same one. */
void log_open(const char *program, enum log_target target);

/** Takes the socket to syslog that whoever started us has, if `fd` is one, before log_open(): to connect it again helps all that share it. */
void log_adopt(int fd);
/** Connects to a logger that has made /dev/log anew, where we see /dev. To be called each second or so by somebody who does; costs one look. */
void log_refresh(void);

/** Also write log_debug() lines. Off by default. */
void log_set_debug(gboolean on);

/** The descriptor that log lines go to, for sandboxes and descriptor cleaning. */
int log_descriptor(void);

void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** The world is broken (configuration, permissions, a missing file): says so, waits a second, exits 75. */
void log_fatal(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/** We are broken: says so and aborts. Postfix still owns the post. */
void log_panic(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

#endif
