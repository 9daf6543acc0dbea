/*
 * One question to an OCSP responder, by HTTP. Where to is said by a certificate that a stranger sent, through a parser that may be owned: so only
 * host names, only port 80 or from 1024 on, only addresses that are public and not this machine's or that the admin allows, a small request, a bounded
 * answer, and no redirects.
 * What is in request and answer is intake's. Knowingly not done: https, proxies, chunked answers (HTTP 1.0 is spoken). RFC 6960 appendix A.
 */
#ifndef ROLLCALL_DISPATCH_OCSP_ASK_H
#define ROLLCALL_DISPATCH_OCSP_ASK_H

#include <glib.h>

#include "lib/base/deadline.h"

/**
 * Posts `request` to `url` ("http://HOST[:PORT][/PATH]") and returns the answer's body, at most LIMIT_OCSP_RESPONSE bytes. `allowed` are networks
 * (lib/base/networks.h) that may be asked beside public ones. NULL with `*reason` (static) when there is none before the
 * deadline (whole seconds, at least one); looking up the name takes as long as two seconds for each name server of resolv.conf.
 */
GBytes *ocsp_ask(const char *url, GBytes *request, const GArray *allowed, struct deadline deadline, const char **reason)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
