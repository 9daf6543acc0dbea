/*
 * Networks as settings write them: ADDRESS or ADDRESS/BITS, IPv4 or IPv6. An IPv4 client that comes in over an IPv6
 * socket (::ffff:192.0.2.1) is an IPv4 client. Knowingly not done: host names, ranges, exclusions.
 */
#ifndef ROLLCALL_BASE_NETWORKS_H
#define ROLLCALL_BASE_NETWORKS_H

#include <glib.h>
#include <sys/socket.h>

/**
 * Reads a NULL-terminated array of networks. NULL with `*bad` set to the first text that is none (also one with bits
 * set behind its mask, which is never what somebody meant). The caller ends it with g_array_unref().
 */
GArray *networks_parse(const char *const *texts, const char **bad) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the address (of family AF_INET or AF_INET6; any other is not) is in one of the networks. */
gboolean networks_contain(const GArray *networks, const struct sockaddr *address);

/**
 * The address without its port, e.g. "192.0.2.1" or "2001:db8::1"; "unknown" for another family. At most 46 bytes
 * with NUL.
 */
void networks_address_text(const struct sockaddr *address, char *text, size_t size);

#endif
