/*
 * Warming up the mail room before children are forked and locked in: GMime's types, and the C library's character set modules,
 * which are files that a child cannot open any more.
 */
#ifndef ROLLCALL_MAIL_MAIL_H
#define ROLLCALL_MAIL_MAIL_H

#include <glib.h>

/**
 * To be called once, in the parent. Returns the names of usual character sets that this machine cannot convert, one blank between
 * them, or NULL when all are there; text in those is shown as it stands, and nothing else depends on it. The caller frees it.
 * Modules stay open, so that every child has them.
 */
char *mail_warm_up(void) G_GNUC_WARN_UNUSED_RESULT;

#endif
