/*
 * Sockets as settings and Postfix write them, so that two can be compared: "unix:/PATH", "inet:HOST:PORT". Nothing is
 * resolved but "localhost"; a host name that hides one of our addresses is not found out.
 */
#ifndef ROLLCALL_CLI_ENDPOINT_H
#define ROLLCALL_CLI_ENDPOINT_H

#include <glib.h>

enum endpoint_kind { ENDPOINT_UNIX, ENDPOINT_INET };

struct endpoint {
	enum endpoint_kind kind;
	char *place; /**< absolute path, or host without brackets; "" is every address of the machine */
	guint port;  /**< 0 for a unix socket */
};

/** Reads one; FALSE when it is none. The caller ends it with endpoint_clear(). */
gboolean endpoint_parse(const char *text, struct endpoint *endpoint) G_GNUC_WARN_UNUSED_RESULT;
void endpoint_clear(struct endpoint *endpoint);

/** Whether a client of the one may end up at the other. */
gboolean endpoint_same(const struct endpoint *a, const struct endpoint *b);

/** Whether only this machine can reach it. */
gboolean endpoint_is_local(const struct endpoint *endpoint);

#endif
