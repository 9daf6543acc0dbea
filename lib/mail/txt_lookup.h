/*
 * How whoever reads mail asks DNS: for the TXT records of one name, through a door that the caller opens. The room that parses mail has no
 * network, so the door is a question on the wire (lmtpd/intake/dns_door.h); in tests it is a table.
 */
#ifndef ROLLCALL_MAIL_TXT_LOOKUP_H
#define ROLLCALL_MAIL_TXT_LOOKUP_H

#include <glib.h>

#include "lib/base/txt_result.h"

struct txt_door {
	/**
	 * Asks for `name` (A-labels, no final dot). On TXT_FOUND appends each record to `texts`, its strings joined, g_free()d by the
	 * array; any bytes but NUL. Asking twice gives the same answer.
	 */
	enum txt_result (*ask)(gpointer context, const char *name, GPtrArray *texts);
	gpointer context;
};

#endif
