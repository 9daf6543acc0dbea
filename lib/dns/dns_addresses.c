/* Addresses of a host; see dns_addresses.h. */
#include "lib/dns/dns_addresses.h"

#include <netinet/in.h>
#include <resolv.h>

enum {
	NAME_SERVER = 3, /* seconds for an answer of each of resolv.conf's; twice that in the second round, shared by all */
	ROUNDS = 2,      /* through all of them */
	HURRY_SERVER = 2,
	HURRY_ROUNDS = 1,
};

struct addrinfo *dns_addresses(const char *host, const char *port, gboolean hurry)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
	struct addrinfo *list = NULL;

	if (!(_res.options & RES_INIT) && res_init() != 0)
		return NULL;
	/* Only here: the CRM's host is worth the usual patience. */
	int seconds = _res.retrans, rounds = _res.retry;
	_res.retrans = hurry ? HURRY_SERVER : NAME_SERVER;
	_res.retry = hurry ? HURRY_ROUNDS : ROUNDS;
	if (getaddrinfo(host, port, &hints, &list) != 0)
		list = NULL;
	_res.retrans = seconds;
	_res.retry = rounds;
	return list;
}
