/*
 * A mail out of a file, made into what Postfix would bring: line ends, envelope sender, and the list addresses that it is for.
 */
#ifndef ROLLCALL_INTAKE_EXPLAIN_MAIL_H
#define ROLLCALL_INTAKE_EXPLAIN_MAIL_H

#include "lib/base/io.h"
#include "lib/base/settings.h"
#include "lmtpd/intake/explain.h"

/**
 * Fills `explain` from the file's bytes and the question (EXPLAIN_QUESTION, which must outlive it). Lines may end in LF or CRLF. Where the question
 * has no recipients: the addresses of ours in To and Cc, at most EXPLAIN_RECIPIENTS, and none at all if there are none. Where it has no sender: the
 * Return-Path, else the author, else <>.
 */
void explain_mail_read(const struct settings *settings, const struct io_mapping *raw, GVariant *question, struct explain *explain);

#endif
