/*
 * Connecting to a server.
 */
#ifndef ROLLCALL_RELAY_RELAY_CONNECT_H
#define ROLLCALL_RELAY_RELAY_CONNECT_H

#include "lib/base/deadline.h"

/**
 * Connects to "unix:/PATH", "inet:ADDRESS:PORT" or "inet:[ADDRESS]:PORT". The descriptor (the caller
 * closes it) or -1 with errno: EINVAL for anything else, ETIMEDOUT when the deadline passed.
 */
int relay_connect(const char *endpoint, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

#endif
