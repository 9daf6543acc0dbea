/*
 * What asking DNS for the TXT records of a name may come to: said in the room that has the resolver (lib/dns), over the wire, and in the
 * room that reads mail (lib/mail/txt_lookup.h). "There is none" and "nobody answered" are different words, because the first is an
 * answer and the second defers the post (DESIGN section 1).
 */
#ifndef ROLLCALL_BASE_TXT_RESULT_H
#define ROLLCALL_BASE_TXT_RESULT_H

#include <glib.h>

/** The numbers travel on the wire. */
enum txt_result {
	TXT_FOUND,
	TXT_NO_RECORD, /**< the name is there and has no TXT record */
	TXT_NO_NAME,   /**< the name is not there, nor anything below it (NXDOMAIN, RFC 8020) */
	TXT_TROUBLE,   /**< SERVFAIL, no answer in time, a failed DNSSEC check, nonsense */
};

/** Most records of one name that are taken, and bytes of one and of all together: more is TXT_TROUBLE. */
enum { TXT_RECORDS = 20, TXT_RECORD_SIZE = 8192, TXT_SIZE = 32768 };

#endif
