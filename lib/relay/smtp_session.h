/*
 * An SMTP session up to the point where mail can be handed over: connected, greeted, under TLS and logged in where that is asked (RFC 5321, 3207, 4954).
 * Each trouble is a verdict DEFERRED that says where it happened and what the server said, and never shows an address.
 */
#ifndef ROLLCALL_RELAY_SMTP_SESSION_H
#define ROLLCALL_RELAY_SMTP_SESSION_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/verdict.h"
#include "lib/relay/smtp_account.h"
#include "lib/relay/smtp_stream.h"

enum { SMTP_STEP_TIME = 120 }; /* seconds for one answer before the message's end */

struct smtp_session {
	struct smtp_stream *stream;
	struct smtp_offers offers; /**< as they are under TLS and after the login */
	gboolean tls;
	guint hello; /**< the code that EHLO was answered with */
};

/** FALSE with `verdict` when it does not come about. The caller ends it with smtp_session_end() in both cases. */
gboolean smtp_session_open(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;
/** Closes; says QUIT before, if it can without waiting. */
void smtp_session_end(struct smtp_session *session);

/** Sends `command`, a whole line. FALSE with `verdict`. */
gboolean smtp_session_say(struct smtp_session *session, const char *command, struct deadline deadline, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;
/** One reply; `step` names what was asked. FALSE with `verdict` when it does not come. */
gboolean smtp_session_hear(struct smtp_session *session, const char *step, struct smtp_reply *reply, struct deadline deadline,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;
/** What to say of a reply that is not what was hoped for. */
struct verdict smtp_session_refused(const char *step, const struct smtp_reply *reply);

#endif
