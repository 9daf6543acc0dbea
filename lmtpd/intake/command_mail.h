/*
 * The arguments of MAIL and RCPT: a path and its parameters. Part of command.c, in a file of its own for size only.
 */
#ifndef ROLLCALL_INTAKE_COMMAND_MAIL_H
#define ROLLCALL_INTAKE_COMMAND_MAIL_H

#include "lmtpd/intake/command.h"

/**
 * Reads what stands behind "MAIL " or "RCPT " (command->verb says which) into address and the parameters' fields.
 * The bytes hold no control character. `utf8` as for command_parse().
 */
enum command_fault command_mail_parse(const char *text, size_t length, gboolean utf8, struct command *command)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
