/* Logging in; see smtp_login.h. */
#include "lib/relay/smtp_login.h"

#include <string.h>

static gboolean fail(struct verdict *verdict, struct verdict what)
{
	*verdict = what;
	return FALSE;
}

/* Says `before` and the bytes in base64; leaves no copy of them. */
static gboolean say_secret(struct smtp_session *session, const char *before, GString *bytes, struct deadline deadline,
	struct verdict *verdict)
{
	g_autofree char *coded = g_base64_encode((const guchar *)bytes->str, bytes->len);
	g_autofree char *line = g_strconcat(before, coded, "\r\n", NULL);
	gboolean said = smtp_session_say(session, line, deadline, verdict);

	explicit_bzero(coded, strlen(coded));
	explicit_bzero(line, strlen(line));
	explicit_bzero(bytes->str, bytes->allocated_len);
	return said;
}

static gboolean hear_code(struct smtp_session *session, guint code, struct deadline deadline, struct verdict *verdict)
{
	struct smtp_reply reply;

	if (!smtp_session_hear(session, "AUTH", &reply, deadline, verdict))
		return FALSE;
	return reply.code == code || fail(verdict, smtp_session_refused("AUTH", &reply));
}

static gboolean log_in_plain(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	const char *user = settings_text(account->settings, SET_smtp_user, NULL);
	g_autoptr(GString) bytes = g_string_sized_new(strlen(user) + strlen(account->password) + 3);

	g_string_append_c(bytes, '\0');
	g_string_append(bytes, user);
	g_string_append_c(bytes, '\0');
	g_string_append(bytes, account->password);
	return say_secret(session, "AUTH PLAIN ", bytes, deadline, verdict) && hear_code(session, 235, deadline, verdict);
}

static gboolean log_in_login(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	g_autoptr(GString) user = g_string_new(settings_text(account->settings, SET_smtp_user, NULL));
	g_autoptr(GString) password = g_string_new(account->password);

	return smtp_session_say(session, "AUTH LOGIN\r\n", deadline, verdict) && hear_code(session, 334, deadline, verdict) &&
		say_secret(session, "", user, deadline, verdict) && hear_code(session, 334, deadline, verdict) &&
		say_secret(session, "", password, deadline, verdict) && hear_code(session, 235, deadline, verdict);
}

gboolean smtp_login(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	if (session->offers.auth_plain)
		return log_in_plain(session, account, deadline, verdict);
	if (session->offers.auth_login)
		return log_in_login(session, account, deadline, verdict);
	return fail(verdict, verdict_deferred("4.7.0", "mail server offers neither AUTH PLAIN nor AUTH LOGIN, and smtp_user is set"));
}
