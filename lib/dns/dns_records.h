/*
 * What stands in an answer to a question for TXT records. The packet comes from libunbound, which has read and written it anew, but
 * what is in the records is the other side's, and they decide how many there are. RFC 1035 sections 3.3.14 and 4.1, RFC 7208 3.3.
 */
#ifndef ROLLCALL_DNS_DNS_RECORDS_H
#define ROLLCALL_DNS_DNS_RECORDS_H

#include <glib.h>

#include "lib/base/txt_result.h"

/**
 * Reads a whole answer packet. On TXT_FOUND appends each record to `texts`, its strings joined, g_free()d by the array; one with a
 * NUL inside is left out, since nothing that mail keeps in DNS has one. Nothing is appended otherwise. On TXT_TROUBLE `*why` is
 * the reason (static).
 */
enum txt_result dns_records_read(const guint8 *packet, size_t length, GPtrArray *texts, const char **why)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
