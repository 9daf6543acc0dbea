/*
 * What the parts of the check of Postfix share; check_postfix.c is the whole.
 */
#ifndef ROLLCALL_CLI_CHECK_POSTFIX_H
#define ROLLCALL_CLI_CHECK_POSTFIX_H

#include "cli/check.h"
#include "cli/postfix.h"

struct postfix_check {
	struct check *check;
	struct postfix *postfix;
};

/** The way from us into Postfix: the service behind qmqp_socket, and what it would do to a copy. */
void check_fanout(struct postfix_check *part);
/** Its SMTP clients: what they would change of a signed copy. */
void check_outgoing(struct postfix_check *part);
/** The way from Postfix to us: every domain's and list's mail reaches one of our sockets, and nothing rewrites it before. */
void check_routes(struct postfix_check *part);
/** The service that carries posts to us: `service` ("NAME/unix") with its next hop; `what` says whose posts. */
void check_transport(struct postfix_check *part, const char *service, const char *nexthop, const char *what);
/** What Postfix tells of authors: logins, and its name in Received fields. */
void check_border(struct postfix_check *part);

#endif
