/*
 * Are our DKIM keys still in DNS as we sign with them? A post never waits for that: it would go out late for what only somebody at
 * the name server can mend. But the log says it, once an hour, by the clock's own process. HOSTILE S2.
 */
#ifndef ROLLCALL_DISPATCH_KEY_WATCH_H
#define ROLLCALL_DISPATCH_KEY_WATCH_H

#include "lib/dns/dns.h"
#include "lib/keys/keys.h"

/**
 * Asks for each key of each domain and warns of those that are missing, revoked or others. Ends at the first name that nobody answers for:
 * then nothing is known, and waiting for each would keep the caller. At most dns_deadline longer than DNS takes to answer.
 */
void key_watch_look(const struct settings *settings, const struct keys *keys);

#endif
