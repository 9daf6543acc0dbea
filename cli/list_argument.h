/*
 * The list that a command's argument names. By its name alone one sees only whether it can be ours; whether there is such a list, the CRM knows.
 *
 * It is asked where nothing is found of the list: "nothing waits" is the right answer to a name that was typed wrong, and misleads. What is found is
 * shown and moved without the CRM, which may be down, and of a list that the CRM has no more.
 */
#ifndef ROLLCALL_CLI_LIST_ARGUMENT_H
#define ROLLCALL_CLI_LIST_ARGUMENT_H

#include "cli/command.h"

/** Its address in normal form, which the caller frees; NULL after telling the user that it can be no list of ours. */
char *list_argument_read(const struct invocation *invocation, const struct settings *settings, const char *text) G_GNUC_WARN_UNUSED_RESULT;

enum list_argument { LIST_ARGUMENT_THERE, LIST_ARGUMENT_MISSING, LIST_ARGUMENT_UNKNOWN };

/**
 * Asks the CRM, as whoever we are now: the daemon's user, behind store_door_open(). MISSING, and UNKNOWN when the CRM does not answer: after
 * telling the user.
 */
enum list_argument list_argument_ask(const struct invocation *invocation, const struct settings *settings, const char *list) G_GNUC_WARN_UNUSED_RESULT;

#endif
