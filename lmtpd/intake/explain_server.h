/*
 * The parser's room for a question: no listener, no session from outside, but the same walls, the same process for each mail and the same session in
 * it. `rollcall explain` hands over two memory files for each mail: the mail, and a letter (lib/base/explain_letter.h).
 */
#ifndef ROLLCALL_INTAKE_EXPLAIN_SERVER_H
#define ROLLCALL_INTAKE_EXPLAIN_SERVER_H

#include "lmtpd/intake/knowledge.h"

struct explain_server {
	const struct knowledge *knowledge;
	int tickets; /**< our end of the wire */
	int letters; /**< to `rollcall explain`: packets of handoff.h come, and the wait status of the child goes back for each */
};

/** Serves until the other end is closed. One mail at a time. */
void explain_server_run(const struct explain_server *server);

#endif
