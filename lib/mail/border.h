/*
 * What our own mail servers wrote on top of a message, told from what its sender wrote there in their name. Everybody may write any field; what
 * nobody can do is write above the fields of a server that the message passes later.
 *
 * So the Received fields are followed from the top. The topmost is that of the Postfix which hands us the message: always genuine (and where
 * XFORWARD told the queue id, the id must stand in it). Where a genuine one says that its client, as the server itself looked it up, was a server of
 * ours, the next one down is genuine, too. The last genuine one is the *entry*: there the message came from outside, or from a client that logged in.
 * Above the entry all is ours. Below it begins what the sender wrote, and there an Authentication-Results with our id is a forgery, with one exception
 * that must be switched on: milters may put their field directly below the Received field of the server they work for. A sender can put his there
 * too, so that is sound only where the border removes fields with its own id from what comes in, as RFC 8601 section 5 demands; and of two fields that
 * tell of SPF the upper counts, which the milter wrote. A message that came in past the border has no field above an entry. RFC 8601 sections 5 and 7.1.
 */
#ifndef ROLLCALL_MAIL_BORDER_H
#define ROLLCALL_MAIL_BORDER_H

#include "lib/mail/authentication.h"
#include "lib/mail/header.h"

enum { BORDER_HOPS = 10 }; /* servers of our own behind each other */

struct border_setup {
	const char *const *hosts; /**< names of our servers, as they stand behind "by"; lower case, NULL-terminated */
	const char *const *ids;   /**< authserv-ids of those that check SPF; NULL-terminated */
	gboolean results_below;   /**< fields between the entry and the next Received count, too */
	const char *queue_id;     /**< of the Postfix that hands us the message; NULL: it did not say */
};

struct border {
	guint trusted; /**< Authentication-Results at fields with a lower index are our servers' */
	char *login;   /**< of the client that logged in at the entry; NULL */
};

/** Finds out. The caller ends it with border_clear(). */
void border_find(const struct border_setup *setup, const struct header *header, struct border *border);
void border_clear(struct border *border);

/** What our border says of SPF, into `spf` (which must be as authentication_init() leaves it). */
void border_read_spf(const struct border_setup *setup, const struct border *border, const struct header *header,
	struct authentication_spf *spf);

/**
 * Removes every Authentication-Results field that bears one of setup->ids and is not our border's, and wherever it stands any that bears `own`
 * (NULL: there is none): that name is ours to write. So also those whose id cannot be read: nobody can say whose they are not. `header` must have
 * the same fields as border_find() saw. Returns how many went.
 */
guint border_strip(const struct border_setup *setup, const struct border *border, const char *own, struct header *header);

#endif
