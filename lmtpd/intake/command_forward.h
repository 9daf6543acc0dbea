/*
 * The attributes of XFORWARD: who handed the message to Postfix, and under which queue id Postfix has it.
 * Postfix's XFORWARD_README.
 */
#ifndef ROLLCALL_INTAKE_COMMAND_FORWARD_H
#define ROLLCALL_INTAKE_COMMAND_FORWARD_H

#include "lmtpd/intake/command.h"

/** Reads what stands behind "XFORWARD " into command->forward. The bytes hold no control and no 8-bit character. */
enum command_fault command_forward_parse(const char *text, size_t length, struct command *command)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
