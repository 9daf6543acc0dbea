/*
 * AUTH PLAIN, or LOGIN where a server has nothing else (RFC 4954, RFC 4616). No other mechanism: either the connection is TLS to a server that has proved its name, or it does
 * not leave this machine.
 */
#ifndef ROLLCALL_RELAY_SMTP_LOGIN_H
#define ROLLCALL_RELAY_SMTP_LOGIN_H

#include "lib/relay/smtp_session.h"

/** Logs in as smtp_user. FALSE with `verdict` when that fails. */
gboolean smtp_login(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

#endif
