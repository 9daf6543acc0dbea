/*
 * Addresses of a host by the machine's own resolver (/etc/hosts, resolv.conf), with less patience: the C library waits 10 seconds for each name server
 * that is silent, and nothing can interrupt it.
 */
#ifndef ROLLCALL_DNS_DNS_ADDRESSES_H
#define ROLLCALL_DNS_DNS_ADDRESSES_H

#include <glib.h>
#include <netdb.h>

/**
 * Stream addresses of `host`, a name, with `port`, a number. NULL when there is none, or none within two seconds for each name server of
 * resolv.conf; else freeaddrinfo() it.
 */
struct addrinfo *dns_addresses(const char *host, const char *port) G_GNUC_WARN_UNUSED_RESULT;

#endif
