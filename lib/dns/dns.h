/*
 * The resolver: TXT records of one name, by libunbound inside of this process, so that its cache lives as long as a worker does and
 * keeps each record for its TTL, and DNSSEC can be checked here.
 *
 * libunbound is driven by libevent and not by its own ub_resolve(), which knows no deadline, nor by ub_resolve_async(), which starts
 * a thread or a process. The context is made at the first question: a worker that asks nothing pays nothing.
 * Knowingly not done: no other type of record, no search list, no /etc/hosts. RFC 1035, RFC 8020, RFC 4035.
 */
#ifndef ROLLCALL_DNS_DNS_H
#define ROLLCALL_DNS_DNS_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/settings.h"
#include "lib/base/txt_result.h"

#define DNS_ERROR (dns_error_quark())
GQuark dns_error_quark(void);
enum dns_error { DNS_ERROR_SETTINGS };

struct dns;

/** Opens nothing and asks nobody yet. Not to be taken through a fork once something was asked. The caller ends it with dns_free(). */
struct dns *dns_new(const struct settings *settings) G_GNUC_WARN_UNUSED_RESULT;
void dns_free(struct dns *dns);

/** Whether `resolver` and `dnssec_anchor` are usable as they stand, without asking anybody. FALSE with `error`: refuse to start. */
gboolean dns_check(const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Whether `name` may be asked for: at most 253 bytes, labels of 1 to 63 letters, digits, '-' and '_', no final dot. A name of
 * another form can stand in a signature but not in DNS as mail uses it.
 */
gboolean dns_name_is_askable(const char *name);

/**
 * Asks for `name` until `deadline` or for `dns_deadline`, whichever ends first. CNAMEs are followed. On TXT_FOUND appends each record
 * to `texts`, its strings joined, g_free()d by the array. TXT_NO_NAME also for a name that is not askable. On TXT_TROUBLE `*why`
 * (`why` may be NULL) is the reason, g_free()d by the caller, else NULL.
 */
enum txt_result dns_txt(struct dns *dns, const char *name, struct deadline deadline, GPtrArray *texts, char **why)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
