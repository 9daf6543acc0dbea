/*
 * How whoever reads mail asks DNS: for the TXT records of one name, through a door that the caller opens. The room that parses mail has no
 * network, so the door is a question on the wire; in tests it is a table. "There is none" and "nobody answered" are different
 * words, because the first is an answer and the second defers the post (DESIGN section 1).
 */
#ifndef ROLLCALL_MAIL_TXT_LOOKUP_H
#define ROLLCALL_MAIL_TXT_LOOKUP_H

#include <glib.h>

/** The numbers travel on the wire. */
enum txt_result {
	TXT_FOUND,
	TXT_NO_RECORD, /**< the name is there and has no TXT record */
	TXT_NO_NAME,   /**< the name is not there, nor anything below it (NXDOMAIN, RFC 8020) */
	TXT_TROUBLE,   /**< SERVFAIL, no answer in time, nonsense */
};

struct txt_door {
	/**
	 * Asks for `name` (A-labels, no final dot). On TXT_FOUND appends each record to `texts`, its strings joined, g_free()d by the
	 * array; any bytes but NUL. Asking twice gives the same answer.
	 */
	enum txt_result (*ask)(gpointer context, const char *name, GPtrArray *texts);
	gpointer context;
};

#endif
