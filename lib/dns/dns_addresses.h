/*
 * Addresses of a host by the machine's own resolver (/etc/hosts, resolv.conf), with less patience: the C library waits 10 seconds for each name server
 * that is silent, and nothing can interrupt it.
 */
#ifndef ROLLCALL_DNS_DNS_ADDRESSES_H
#define ROLLCALL_DNS_DNS_ADDRESSES_H

#include <glib.h>
#include <netdb.h>

/**
 * Stream addresses of `host`, a name, with `port`, a number. NULL when there is none, or none in time; else freeaddrinfo() it. `hurry`: two seconds for each
 * name server of resolv.conf, for a name that a stranger chose. Otherwise a name that is looked up for the first time may take nine of one server, also when a
 * datagram is lost, or fifteen of three: less, and a server whose record lives shorter than Postfix waits between two attempts would never be found.
 */
struct addrinfo *dns_addresses(const char *host, const char *port, gboolean hurry) G_GNUC_WARN_UNUSED_RESULT;

#endif
