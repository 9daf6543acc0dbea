/*
 * STARTTLS, the parser's half: this room never holds the key, it asks the front to take the connection
 * under TLS and then knows nothing of what was said before (RFC 3207 section 4.2). The steps are in lib/base/handoff.h.
 */
#include "lmtpd/intake/session_state.h"

#include "lib/base/handoff.h"
#include "lib/base/log.h"

void session_starttls(struct session *session, const struct command *command)
{
	int control = session->config->tls_control;
	char text[HANDOFF_TEXT_SIZE];
	struct deadline deadline = deadline_earlier(deadline_in(session->config->command_deadline), session->end);

	session_flush(session);
	session->handlers->idle(session->handlers->context);
	if (session->over)
		return;
	/* The one reply that the front writes for us, see there. After a failed handshake nothing can be said any more. */
	if (!handoff_say(control, HANDOFF_START, "220 2.0.0 Ready to start TLS", deadline) ||
		handoff_hear(control, text, deadline) != HANDOFF_UP) {
		session->over = TRUE;
		return;
	}
	/* What the client sent before the handshake was sent by whoever sat on the line. */
	session_input_drop(session);
	session_reset(session);
	session->greeted = FALSE;
	session->tls = TRUE;
	if (!handoff_say(control, HANDOFF_GO, "", deadline))
		session->over = TRUE;
	log_debug("TLS: %s", text);
}
