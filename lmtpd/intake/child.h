/*
 * What a session child does once its walls stand: speak LMTP, route addresses and run posts through their stages.
 */
#ifndef ROLLCALL_INTAKE_CHILD_H
#define ROLLCALL_INTAKE_CHILD_H

#include "lmtpd/intake/knowledge.h"

struct explain;

struct child_session {
	const struct knowledge *knowledge;
	int tickets;      /**< our end of the wire */
	int data;         /**< the connection */
	int control;      /**< to the TLS front, or -1 */
	struct poison *poison; /**< where the parent sees which message is read; NULL: nobody looks */
	const char *peer; /**< "unix" or the client's address, for the log */
	struct explain *explain; /**< the session is a question: `data` leads to explain->client. NULL: it is not */
};

/** Serves the session until it ends. Closes nothing: the process ends after it. */
void child_serve(const struct child_session *session);

#endif
